public import Flow

/// What is done to an evidence picture before people see it; nothing else is.
public struct Overlay: Hashable, Sendable {
    /// Outlines of the rules' regions, closed, drawn in yellow; two points make a line.
    public var polygons: [[NormalizedPoint]]
    /// Where something was seen; drawn in red, over the polygons.
    public var boxes: [NormalizedRect]
    /// True to show a dark picture brighter, at most 8 times, which a sun with the factor in the corner below left says.
    public var brightensDark: Bool

    /// Makes an overlay; the default draws nothing.
    public init(
        polygons: [[NormalizedPoint]] = [],
        boxes: [NormalizedRect] = [],
        brightensDark: Bool = false
    ) {
        self.polygons = polygons
        self.boxes = boxes
        self.brightensDark = brightensDark
    }
}
