public import Flow

/// What is drawn into an evidence picture.
public struct Overlay: Hashable, Sendable {
    /// Outlines of the rules' regions, closed, drawn in yellow; two points make a line.
    public var polygons: [[NormalizedPoint]]
    /// Where something was seen; drawn in red, over the polygons.
    public var boxes: [NormalizedRect]

    /// Makes an overlay; the default draws nothing.
    public init(polygons: [[NormalizedPoint]] = [], boxes: [NormalizedRect] = []) {
        self.polygons = polygons
        self.boxes = boxes
    }
}
