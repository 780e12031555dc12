public import NIOCore

/// One access unit as RTP packets in interleaved frames, made once and stamped for each receiver.
///
/// Cutting a picture into packets costs far more than copying it and setting eleven bytes a packet, so a server keeps
/// these and stamps them.
public struct InterleavedUnit: Hashable, Sendable {
    private var frames: ByteBuffer
    private var starts: [Int] = []

    /// Bytes behind the RTP headers of all packets: what a sender report counts.
    public private(set) var payloadBytes = 0

    /// Packets of the unit; 0 when the access unit was empty.
    public var packets: Int { starts.count }

    /// Bytes on the wire, framing included.
    public var wireBytes: Int { frames.readableBytes }

    init(capacity: Int) {
        self.frames = ByteBuffer()
        frames.reserveCapacity(capacity)
    }

    /// Appends one packet with zero as channel, sequence, timestamp and source.
    mutating func append(payloadType: UInt8, marker: Bool, prefix: [UInt8], payload: ArraySlice<UInt8>) {
        starts.append(frames.writerIndex)
        let length = prefix.count + payload.count
        frames.writeMultipleIntegers(UInt8(ascii: "$"), UInt8(0), UInt16(RTPHeader.length + length))
        frames.writeRTP(RTPHeader(payloadType: payloadType, marker: marker, sequence: 0, timestamp: 0, ssrc: 0))
        frames.writeBytes(prefix)
        frames.writeBytes(payload)
        payloadBytes += length
    }

    /// The frames for one receiver, in sending order.
    ///
    /// - Parameters:
    ///   - channel: The RTP channel of the session.
    ///   - sequence: Sequence number of the first packet; the others count on and wrap.
    ///   - timestamp: RTP time of the picture.
    ///   - ssrc: Source of the packets.
    /// - Returns: A copy; the unit stays as it is.
    public func stamped(channel: UInt8, sequence: UInt16, timestamp: UInt32, ssrc: UInt32) -> ByteBuffer {
        var copy = frames
        var sequence = sequence
        for start in starts {
            copy.setInteger(channel, at: start + 1)
            copy.setInteger(sequence, at: start + 6)
            copy.setInteger(timestamp, at: start + 8)
            copy.setInteger(ssrc, at: start + 12)
            sequence &+= 1
        }
        return copy
    }
}
