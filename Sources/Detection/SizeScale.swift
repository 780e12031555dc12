import Flow

/// How tall a person is at each height of a region.
struct SizeScale: Sendable, Hashable {
    /// What is taller than this many persons, or less tall than one by this factor, is not what the rule asks for.
    ///
    /// Wide enough for children, for who crouches or is seen in two parts, and for vehicles.
    private static let tolerance = 2.5
    /// Share of the picture's height within which a box touches its upper or lower edge and may go on beyond it.
    private static let edge = 0.02

    private let size: Rule.Size
    private let top: Double
    private let bottom: Double

    /// Makes a scale for a region whose upper and lower edge are at these shares of the picture's height.
    init(_ size: Rule.Size, top: Double, bottom: Double) {
        self.size = size
        self.top = top
        self.bottom = max(bottom, top)
    }

    /// Whether an object with this box may be what the rule asks for, by where it stands and how tall it is.
    func admits(_ box: NormalizedRect) -> Bool {
        let foot = box.y + box.height
        let depth = bottom > top ? min(1, max(0, (foot - top) / (bottom - top))) : 1
        let person = size.far + (size.near - size.far) * depth
        let isCut = box.y <= Self.edge || foot >= 1 - Self.edge
        return box.height <= person * Self.tolerance && (isCut || box.height * Self.tolerance >= person)
    }
}
