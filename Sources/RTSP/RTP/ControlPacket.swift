import NIOCore

/// RTCP packets (RFC 3550, 6): a datagram or frame holds several, each with its length.
enum ControlPacket {
    static let senderReport: UInt8 = 200
    static let receiverReport: UInt8 = 201
    static let sourceDescription: UInt8 = 202

    /// Bytes of the shortest packet: its header and one source.
    static let shortest = 8

    /// Whether a packet begins as RTCP does.
    static func isControl(_ packet: UnsafeRawBufferPointer) -> Bool {
        packet.count >= shortest && packet[0] >> 6 == 2 && (200...207).contains(packet[1])
    }

    /// The first packet of a type within a compound; from its header on, as long as it says.
    static func first(_ type: UInt8, in compound: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        var position = 0
        while position + 4 <= compound.count, compound[position] >> 6 == 2 {
            let length = (Int(compound.bigEndian(at: position + 2) as UInt16) + 1) * 4
            guard position + length <= compound.count else { return nil }
            if compound[position + 1] == type {
                return UnsafeRawBufferPointer(rebasing: compound[position..<position + length])
            }
            position += length
        }
        return nil
    }
}

extension ByteBuffer {
    /// Appends a source description with the canonical name, which every compound needs (RFC 3550, 6.1 and 6.5).
    mutating func writeSourceDescription(ssrc: UInt32, name: String) {
        let text = name.utf8.prefix(255)
        // One chunk: source, item 1 (CNAME), its length, the text, then zeros up to a whole word, at least one.
        let words = (4 + 2 + text.count) / 4 + 1
        writeMultipleIntegers(
            UInt8(0x81),
            ControlPacket.sourceDescription,
            UInt16(words),
            ssrc,
            UInt8(1),
            UInt8(text.count)
        )
        writeBytes(text)
        writeRepeatingByte(0, count: words * 4 - 6 - text.count)
    }
}
