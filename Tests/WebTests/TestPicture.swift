import Media

/// Pictures made here, byte by byte, as phones and attackers would send them.
enum TestPicture {
    /// A grey PNG whose pixels follow from `seed`; `pixels` false: its header promises them, its data does not.
    static func png(_ seed: Int, width: Int = 16, height: Int = 16, hasPixels: Bool = true) -> [UInt8] {
        var rows: [UInt8] = []
        if hasPixels {
            for y in 0..<height {
                rows += [0] + (0..<width).map { UInt8(truncatingIfNeeded: $0 * 13 + y * 7 + seed * 31) }
            }
        }
        // Deflate without compression: one stored block.
        let size = UInt16(truncatingIfNeeded: rows.count)
        var data: [UInt8] = [
            0x78, 0x01, 1, UInt8(size & 0xff), UInt8(size >> 8), ~UInt8(size & 0xff), ~UInt8(size >> 8),
        ]
        data += rows + big(adler(rows))
        let head = big(UInt32(width)) + big(UInt32(height)) + [8, 0, 0, 0, 0]
        return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", head) + chunk("IDAT", data)
            + chunk("IEND", [])
    }

    /// The picture with a text beside it, which a picture written anew does not have.
    static func png(_ seed: Int, hiding text: String) -> [UInt8] {
        let plain = png(seed)
        return Array(plain.dropLast(12)) + chunk("tEXt", Array("Comment\0\(text)".utf8)) + Array(plain.suffix(12))
    }

    /// A JPEG as a phone writes it: taken on 2026-11-23 at 09:30 by its own clock, at 26.71 N, 110.605 E.
    ///
    /// `orientation`: as in Exif; 6 lies on its side.
    static func jpegWithOrigin(_ seed: Int, orientation: UInt8 = 1) throws -> [UInt8] {
        let plain = try PhotoReencoder.reencode(png(seed, width: 48, height: 32)).jpeg
        func little(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        func entry(_ tag: Int, _ type: Int, _ count: Int, _ value: [UInt8]) -> [UInt8] {
            little(tag, 2) + little(type, 2) + little(count, 4) + value + [UInt8](repeating: 0, count: 4 - value.count)
        }
        func degrees(_ parts: [Int]) -> [UInt8] { parts.flatMap { little($0, 4) + little(1, 4) } }
        // Three directories at 8, 50 and 68; what does not fit into them from 122 on.
        let main =
            little(3, 2) + entry(0x0112, 3, 1, [orientation, 0]) + entry(0x8769, 4, 1, little(50, 4))
            + entry(0x8825, 4, 1, little(68, 4)) + little(0, 4)
        let time = little(1, 2) + entry(0x9003, 2, 20, little(122, 4)) + little(0, 4)
        let place =
            little(4, 2) + entry(1, 2, 2, Array("N\0".utf8)) + entry(2, 5, 3, little(142, 4))
            + entry(3, 2, 2, Array("E\0".utf8)) + entry(4, 5, 3, little(166, 4)) + little(0, 4)
        let block =
            Array("II*\0".utf8) + little(8, 4) + main + time + place + Array("2026:11:23 09:30:00\0".utf8)
            + degrees([26, 42, 36]) + degrees([110, 36, 18])
        let segment = Array("Exif\0\0".utf8) + block
        let head: [UInt8] = [0xff, 0xe1, UInt8((segment.count + 2) >> 8), UInt8((segment.count + 2) & 0xff)]
        return Array(plain.prefix(2)) + head + segment + plain.dropFirst(2)
    }

    private static func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
        let body = Array(kind.utf8) + data
        return big(UInt32(data.count)) + body + big(crc(body))
    }

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(value >> $0 & 0xff) }
    }

    private static func adler(_ bytes: [UInt8]) -> UInt32 {
        var (a, b) = (UInt32(1), UInt32(0))
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = UInt32.max
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xedb8_8320 : crc >> 1 }
        }
        return ~crc
    }
}
