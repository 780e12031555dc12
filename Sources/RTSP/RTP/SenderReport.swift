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
        buffer.writeMultipleIntegers(UInt8(0x80), ControlPacket.senderReport, UInt16(6), ssrc)
        // Seconds since 1900 and their fraction in 2^-32 (RFC 3550, 4).
        let (seconds, microseconds) = max(0, time.microseconds).quotientAndRemainder(dividingBy: 1_000_000)
        let ntpSeconds = UInt32(truncatingIfNeeded: seconds + Self.epoch)
        let ntpFraction = UInt32(microseconds << 32 / 1_000_000)
        buffer.writeMultipleIntegers(ntpSeconds, ntpFraction, timestamp, packets, bytes)
        buffer.writeSourceDescription(ssrc: ssrc, name: name)
        return buffer
    }

    /// Reads the first sender report of an RTCP packet, which may hold several parts.
    ///
    /// - Returns: Nil when there is none, or when it is cut off.
    public init?(reading packet: UnsafeRawBufferPointer) {
        // Header, source, time in two words, RTP time, packets, bytes: 28 bytes; reception reports may follow.
        guard let report = ControlPacket.first(ControlPacket.senderReport, in: packet), report.count >= 28 else {
            return nil
        }
        ssrc = report.bigEndian(at: 4)
        let seconds: UInt32 = report.bigEndian(at: 8)
        let fraction: UInt32 = report.bigEndian(at: 12)
        timestamp = report.bigEndian(at: 16)
        packets = report.bigEndian(at: 20)
        bytes = report.bigEndian(at: 24)
        // The count of seconds wraps in 2036; the upper half is the time before (RFC 4330, 3).
        let era: Int64 = seconds & 0x8000_0000 == 0 ? 1 << 32 : 0
        let microseconds = (UInt64(fraction) * 1_000_000 + 1 << 31) >> 32
        time = MediaTime(
            microseconds: (Int64(seconds) + era - Self.epoch) * 1_000_000 + Int64(microseconds)
        )
    }

    /// Seconds from the origin of RTCP's clock, 1900, to that of Unix time.
    private static let epoch: Int64 = 2_208_988_800
}
