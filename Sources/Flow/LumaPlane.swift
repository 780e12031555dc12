/// The small grey picture that detection works on: `height` rows of `width` bytes, no padding.
///
/// 0 is black, 255 is white. Downscaled from the decoded picture by area averaging, about 14,400 pixels (160×90 for 16:9).
public struct LumaPlane: Sendable, Hashable {
    /// Pixels in a row.
    public let width: Int
    /// Rows.
    public let height: Int
    /// `width * height` bytes, row by row from the top left.
    public var pixels: [UInt8]
    /// Mean distance of the picture's colours from grey, 0…127; 0 for a grey or infrared picture.
    public var saturation: Double

    /// Makes a plane.
    ///
    /// - Precondition: `pixels.count == width * height`, both at least 1.
    public init(width: Int, height: Int, pixels: [UInt8], saturation: Double = 0) {
        precondition(width > 0 && height > 0, "a plane has at least one pixel")
        precondition(pixels.count == width * height, "a plane holds exactly width * height pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.saturation = saturation
    }
}
