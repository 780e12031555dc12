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
