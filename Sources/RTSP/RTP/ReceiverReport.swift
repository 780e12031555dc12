public import NIOCore

/// What a receiver says about a stream: some servers close a session that never gets one.
///
/// Over TCP nothing can be done about loss and jitter, so they are not told but for the packets that the camera itself
/// left out.
public struct ReceiverReport: Hashable, Sendable {
    /// Source of the report: the receiver.
    public var ssrc: UInt32
    /// The source that is reported about.
    public var source: UInt32
    /// Packets that are missing since the stream began.
    public var lost: Int
    /// Sequence number of the last packet, and above its 16 bits the times that it has wrapped.
    public var highestSequence: UInt32

    /// Makes a report.
    public init(ssrc: UInt32, source: UInt32, lost: Int, highestSequence: UInt32) {
        self.ssrc = ssrc
        self.source = source
        self.lost = lost
        self.highestSequence = highestSequence
    }

    /// The compound RTCP packet that carries it: the report and the receiver's canonical name (RFC 3550, 6.4.2).
    ///
    /// - Parameter name: Canonical name, at most 255 bytes of it are sent.
    /// - Returns: The bytes for the RTCP channel.
    public func packet(name: String) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeMultipleIntegers(UInt8(0x81), ControlPacket.receiverReport, UInt16(7), ssrc, source)
        // The fraction lost of the last interval in 8 bits, then the sum in 24 bits with sign.
        let lost = UInt32(max(0, min(lost, 0x7f_ffff)))
        // Jitter, and time and delay of the last sender report: 0 says that there is nothing to tell.
        buffer.writeMultipleIntegers(lost, highestSequence, UInt32(0), UInt32(0), UInt32(0))
        buffer.writeSourceDescription(ssrc: ssrc, name: name)
        return buffer
    }
}
