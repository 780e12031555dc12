/// Width and height of a picture in pixels, as a camera tells them: 1…65,535 each.
public struct PictureSize: Hashable, Sendable {
    /// Pixels beside each other.
    public var width: Int
    /// Pixels above each other.
    public var height: Int

    /// Makes a size; nil unless both numbers can be those of a picture.
    public init?(width: Int, height: Int) {
        guard (1...65_535).contains(width), (1...65_535).contains(height) else { return nil }
        self.width = width
        self.height = height
    }

    /// Reads two numbers with one of `separators` between them.
    init?(_ text: some StringProtocol, separators: String) {
        let numbers = text.split { separators.contains($0) }.map { Int($0.trimmed) }
        guard numbers.count == 2, let width = numbers[0], let height = numbers[1] else { return nil }
        self.init(width: width, height: height)
    }
}
