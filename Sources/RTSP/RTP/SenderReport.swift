public import Flow
public import NIOCore

/// What a sender says about its stream every few seconds: which wall-clock time an RTP time was, and how much it sent.
public struct SenderReport: Hashable, Sendable {
    /// Source of the packets.
    public var ssrc: UInt32
    /// When the report was made: microseconds since the Unix epoch.
    public var time: MediaTime
    /// The same instant in RTP time.
    public var timestamp: UInt32
    /// Packets sent so far; wraps.
    public var packets: UInt32
    /// Payload bytes sent so far; wraps.
    public var bytes: UInt32

    /// Makes a report.
    public init(ssrc: UInt32, time: MediaTime, timestamp: UInt32, packets: UInt32, bytes: UInt32) {
        self.ssrc = ssrc
        self.time = time
        self.timestamp = timestamp
        self.packets = packets
        self.bytes = bytes
    }

    /// The compound RTCP packet that carries it: the report and the source's canonical name (RFC 3550, 6.1).
    ///
    /// - Parameter name: Canonical name, at most 255 bytes of it are sent.
    /// - Returns: The bytes for the RTCP channel.
    public func packet(name: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(UInt8(0x80), UInt8(200), UInt16(6), ssrc)
        // Seconds since 1900 and their fraction in 2^-32 (RFC 3550, 4).
        let (seconds, microseconds) = max(0, time.microseconds).quotientAndRemainder(dividingBy: 1_000_000)
        let ntpSeconds = UInt32(truncatingIfNeeded: seconds + 2_208_988_800)
        let ntpFraction = UInt32(microseconds << 32 / 1_000_000)
        buffer.writeMultipleIntegers(ntpSeconds, ntpFraction, timestamp, packets, bytes)
        let text = name.utf8.prefix(255)
        // One chunk: source, item 1 (CNAME), its length, the text, then zeros up to a whole word, at least one.
        let words = (4 + 2 + text.count) / 4 + 1
        buffer.writeMultipleIntegers(UInt8(0x81), UInt8(202), UInt16(words), ssrc, UInt8(1), UInt8(text.count))
        buffer.writeBytes(text)
        buffer.writeRepeatingByte(0, count: words * 4 - 6 - text.count)
        return buffer
    }
}
