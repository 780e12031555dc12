internal import Flow
internal import Foundation

/// Small pictures inside a page: an uncompressed bitmap of 256 colours as a `data:` address, which every browser shows.
enum BitmapURI {
    /// A grey picture.
    static func grey(_ plane: LumaPlane) -> String {
        make(plane.pixels, plane.width, plane.height) { (UInt8($0), UInt8($0), UInt8($0)) }
    }

    /// Counts from black over red and yellow to white; the greatest is white.
    static func heat(_ counts: [UInt32], width: Int, height: Int) -> String {
        let most = Double(max(1, counts.max() ?? 1))
        // The root shows where little happened, too.
        let levels = counts.map { UInt8((Double($0) / most).squareRoot() * 255) }
        return make(levels, width, height) { level in
            (UInt8(min(255, level * 3)), UInt8(min(255, max(0, level - 85) * 3)), UInt8(max(0, level - 170) * 3))
        }
    }

    private static func make(
        _ pixels: [UInt8],
        _ width: Int,
        _ height: Int,
        colour: (Int) -> (red: UInt8, green: UInt8, blue: UInt8)
    ) -> String {
        let stride = (width + 3) / 4 * 4
        let offset = 14 + 40 + 1024
        var bytes: [UInt8] = [0x42, 0x4d]
        func add(_ value: Int, _ count: Int) {
            for shift in 0..<count { bytes.append(UInt8(truncatingIfNeeded: value >> (8 * shift))) }
        }
        for value in [offset + stride * height, 0, offset, 40, width, height] { add(value, 4) }
        add(1, 2)
        add(8, 2)
        for value in [0, stride * height, 2835, 2835, 256, 0] { add(value, 4) }
        for level in 0..<256 {
            let (red, green, blue) = colour(level)
            bytes += [blue, green, red, 0]
        }
        // Rows lie from the bottom up.
        for row in (0..<height).reversed() {
            bytes += pixels[row * width..<(row + 1) * width]
            bytes += [UInt8](repeating: 0, count: stride - width)
        }
        return "data:image/bmp;base64," + Data(bytes).base64EncodedString()
    }
}
