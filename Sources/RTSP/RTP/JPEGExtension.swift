/// The RTP header extension in which ONVIF cameras send the JPEG segments that RFC 2435 has no room for.
enum JPEGExtension {
    /// Identifier of the extension: the start of an image.
    private static let profile: UInt16 = 0xffd8

    /// The size in the frame header of the extension; nil without such an extension or frame header.
    static func size(in packet: UnsafeRawBufferPointer) -> PictureSize? {
        guard packet.count >= RTPHeader.length, packet[0] & 0x10 != 0 else { return nil }
        let start = RTPHeader.length + Int(packet[0] & 0x0f) * 4
        guard start + 4 <= packet.count, packet.bigEndian(at: start) as UInt16 == profile else { return nil }
        let words: UInt16 = packet.bigEndian(at: start + 2)
        var position = start + 4
        let end = min(packet.count, position + Int(words) * 4)
        while position + 4 <= end, packet[position] == 0xff {
            // Padding is made of the byte that markers begin with.
            guard packet[position + 1] != 0xff else {
                position += 1
                continue
            }
            let length = Int(packet.bigEndian(at: position + 2) as UInt16)
            // Baseline and extended sequential frames: precision, lines, samples a line.
            if (0xc0...0xc2).contains(packet[position + 1]), length >= 8, position + 9 <= end {
                return PictureSize(
                    width: Int(packet.bigEndian(at: position + 7) as UInt16),
                    height: Int(packet.bigEndian(at: position + 5) as UInt16)
                )
            }
            position += 2 + max(2, length)
        }
        return nil
    }
}
