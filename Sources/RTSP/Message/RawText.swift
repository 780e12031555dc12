import NIOCore

/// Text of a header line whose bytes are not UTF-8, kept so that the same bytes go back to the camera.
///
/// Cameras write names in GB18030. Each byte of a character that is not ASCII becomes a character of the private use
/// area from U+F700 on; hashes and requests turn these into the bytes again.
enum RawText {
    /// Where byte 0 would be.
    private static let base: UInt32 = 0xf700
    /// Bytes of characters of more than one byte in GB18030: none of them is a control character or a quotation mark.
    private static let kept: ClosedRange<UInt32> = base + 0x30...base + 0xff

    /// The text of a line: UTF-8, else with its other bytes kept.
    static func decode(_ bytes: some BidirectionalCollection<UInt8>) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var rest = Array(bytes)[...]
        while let first = rest.popFirst() {
            guard first >= 0x80 else {
                text.append(Unicode.Scalar(first))
                continue
            }
            text.append(scalar(first))
            // The second of two bytes may be ASCII, as `\` is; of four, the second and fourth are digits.
            guard let second = rest.first, first > 0x80, first < 0xff else { continue }
            if (0x40...0x7e).contains(second) || (0x80...0xfe).contains(second) {
                text.append(scalar(second))
                rest = rest.dropFirst()
            } else if (0x30...0x39).contains(second), rest.count >= 3, rest[rest.startIndex + 1] > 0x80,
                (0x30...0x39).contains(rest[rest.startIndex + 2])
            {
                for byte in rest.prefix(3) { text.append(scalar(byte)) }
                rest = rest.dropFirst(3)
            }
        }
        return String(text)
    }

    /// The bytes that a text stands for.
    static func bytes(_ text: String) -> [UInt8] {
        guard text.utf8.contains(0xef) else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        for scalar in text.unicodeScalars {
            if kept.contains(scalar.value) {
                bytes.append(UInt8(scalar.value - base))
            } else {
                bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        return bytes
    }

    /// The text for a person, with `?` for what is not UTF-8.
    static func shown(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { kept.contains($0.value) ? "?" : $0 }))
    }

    private static func scalar(_ byte: UInt8) -> Unicode.Scalar {
        Unicode.Scalar(UInt16(base) + UInt16(byte)) ?? "?"
    }
}

extension ByteBuffer {
    /// Appends a text with the bytes that it stands for.
    mutating func writeRaw(_ text: String) {
        writeBytes(RawText.bytes(text))
    }
}
