/// Picture files written byte by byte, for what no encoder writes.
enum PhotoBytes {
    /// A PNG with this header and these chunks, and an end.
    static func png(
        width: Int,
        height: Int,
        depth: UInt8 = 1,
        color: UInt8 = 0,
        _ chunks: [(String, [UInt8])]
    ) -> [UInt8] {
        let header = big(width, 4) + big(height, 4) + [depth, color, 0, 0, 0]
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", header)
            + chunks.flatMap { chunk($0.0, $0.1) } + chunk("IEND", [])
    }

    /// A chunk of a PNG with its checksum.
    static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
        big(body.count, 4) + Array(name.utf8) + body + big(checksum(Array(name.utf8) + body), 4)
    }

    private static func checksum(_ bytes: [UInt8]) -> Int {
        var sum: UInt32 = 0xffff_ffff
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
        }
        return Int(~sum)
    }

    /// A JPEG with a frame and an empty scan.
    static func jpegHead(width: Int, height: Int) -> [UInt8] {
        let frame = [8] + big(height, 2) + big(width, 2) + [1, 1, 0x11, 0]
        return [0xff, 0xd8, 0xff, 0xc0] + big(frame.count + 2, 2) + frame
            + [0xff, 0xda, 0, 8, 1, 1, 0, 0, 63, 0, 0x12, 0x34, 0xff, 0xd9]
    }

    /// A lossless WebP with this header and nothing valid behind.
    static func losslessWebP(width: Int, height: Int) -> [UInt8] {
        let word = (width - 1) | (height - 1) << 14
        let body = [0x2f] + big(word, 4).reversed() + Array(repeating: 0, count: 9)
        return Array("RIFF".utf8) + big(body.count + 12, 4).reversed() + Array("WEBPVP8L".utf8)
            + big(body.count, 4).reversed() + body
    }

    /// An Exif segment of a JPEG with an orientation.
    static func exifSegment(orientation: Int) -> [UInt8] {
        segment(exif(orientation: orientation, bigEndian: true))
    }

    /// An Exif segment of a JPEG around a block.
    static func segment(_ exif: [UInt8]) -> [UInt8] {
        [0xff, 0xe1] + big(exif.count + 8, 2) + Array("Exif\0\0".utf8) + exif
    }

    /// A block with orientation, 2026-02-28 23:59:07 +08:00, and a place at 26.746583 S, 106.5 E.
    static func exif(orientation: Int, bigEndian: Bool) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            bigEndian ? big(value, count) : big(value, count).reversed()
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            number(tag, 2) + number(type, 2) + number(count, 4) + value + Array(repeating: 0, count: 4 - value.count)
        }
        func fractions(_ values: [(Int, Int)]) -> [UInt8] { values.flatMap { number($0.0, 4) + number($0.1, 4) } }
        // Three directories of 3, 2 and 4 entries at 8, 50 and 80; their longer values from 134 on.
        let head = (bigEndian ? Array("MM".utf8) : Array("II".utf8)) + number(42, 2) + number(8, 4)
        let main =
            number(3, 2) + entry(0x0112, 3, 1, number(orientation, 2)) + entry(0x8769, 4, 1, number(50, 4))
            + entry(0x8825, 4, 1, number(80, 4)) + number(0, 4)
        let exif =
            number(2, 2) + entry(0x9003, 2, 20, number(134, 4)) + entry(0x9011, 2, 7, number(154, 4)) + number(0, 4)
        let gps =
            number(4, 2) + entry(1, 2, 2, Array("S\0".utf8)) + entry(2, 5, 3, number(162, 4))
            + entry(3, 2, 2, Array("E\0".utf8)) + entry(4, 5, 3, number(186, 4)) + number(0, 4)
        let texts = Array("2026:02:28 23:59:07\0+08:00\0\0".utf8)
        let place = fractions([(26, 1), (44, 1), (47_700, 1000)]) + fractions([(106, 1), (30, 1), (0, 0)])
        return head + main + exif + gps + texts + place
    }

    private static func big(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
