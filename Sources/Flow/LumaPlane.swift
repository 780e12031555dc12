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
    /// Distance of the picture's mean colour from grey, 0 to `saturation`: large when everything has the same tint.
    public var tint: Double

    /// Makes a plane.
    ///
    /// - Precondition: `pixels.count == width * height`, both at least 1.
    public init(width: Int, height: Int, pixels: [UInt8], saturation: Double = 0, tint: Double = 0) {
        precondition(width > 0 && height > 0, "a plane has at least one pixel")
        precondition(pixels.count == width * height, "a plane holds exactly width * height pixels")
        self.width = width
        self.height = height
        self.pixels = pixels
        self.saturation = saturation
        self.tint = tint
    }

    /// A hash of the pixels, the same in every process: equal planes have equal digests, others hardly ever.
    ///
    /// Some microseconds; not for security.
    public var digest: UInt64 {
        pixels.withUnsafeBytes { bytes in
            // Four words at once: each multiplication would wait for the one before.
            let seed: UInt64 = 0x9e37_79b9_7f4a_7c15 ^ UInt64(bytes.count)
            var lanes = SIMD4<UInt64>(seed, seed &+ 1, seed &+ 2, seed &+ 3)
            var offset = 0
            while offset + 32 <= bytes.count {
                for lane in 0..<4 {
                    let word = bytes.loadUnaligned(fromByteOffset: offset + 8 * lane, as: UInt64.self)
                    let hash = (lanes[lane] ^ word) &* 0x9fb2_1c65_1e98_df25
                    lanes[lane] = hash ^ hash >> 32
                }
                offset += 32
            }
            var hash = seed
            for lane in 0..<4 { hash = (hash ^ lanes[lane]) &* 0x9fb2_1c65_1e98_df25 }
            while offset < bytes.count {
                hash = (hash ^ UInt64(bytes[offset])) &* 0x0000_0100_0000_01b3
                offset += 1
            }
            return hash ^ (hash >> 29)
        }
    }
}
