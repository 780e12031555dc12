/// A point on a picture, both coordinates as a share (0…1) of its width and height, origin top left.
public struct NormalizedPoint: Hashable, Sendable, Codable {
    /// Share of the width, 0 at the left edge.
    public var x: Double
    /// Share of the height, 0 at the top edge.
    public var y: Double

    /// Makes a point; values outside 0…1 are kept, the reader decides what they mean.
    public init(x: Double, y: Double) {
        self.x = x
        self.y = y
    }

    /// Reads the two-number form `[x, y]` of label and rule files.
    public init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        self.x = try values.decode(Double.self)
        self.y = try values.decode(Double.self)
    }

    /// Writes the two-number form `[x, y]`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(x)
        try values.encode(y)
    }
}

/// An upright rectangle on a picture, as shares (0…1) of its width and height, origin top left.
public struct NormalizedRect: Hashable, Sendable, Codable {
    /// Left edge.
    public var x: Double
    /// Top edge.
    public var y: Double
    /// Share of the picture's width.
    public var width: Double
    /// Share of the picture's height.
    public var height: Double

    /// The whole picture.
    public static let full = NormalizedRect(x: 0, y: 0, width: 1, height: 1)

    /// Makes a rectangle from its top-left corner and size.
    public init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// Reads the four-number form `[x, y, w, h]`.
    public init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        self.x = try values.decode(Double.self)
        self.y = try values.decode(Double.self)
        self.width = try values.decode(Double.self)
        self.height = try values.decode(Double.self)
    }

    /// Writes the four-number form `[x, y, w, h]`.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(x)
        try values.encode(y)
        try values.encode(width)
        try values.encode(height)
    }

    /// The smallest rectangle that holds both.
    public func union(_ other: NormalizedRect) -> NormalizedRect {
        let left = min(x, other.x)
        let top = min(y, other.y)
        let right = max(x + width, other.x + other.width)
        let bottom = max(y + height, other.y + other.height)
        return NormalizedRect(x: left, y: top, width: right - left, height: bottom - top)
    }
}
