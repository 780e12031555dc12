public import NIOCore

/// The fixed header of an RTP packet (RFC 3550, 5.1).
public struct RTPHeader: Hashable, Sendable {
    /// Bytes of a header without contributing sources and extension.
    public static let length = 12

    /// What the payload is: the number of the session description, 0…127.
    public var payloadType: UInt8
    /// True on the last packet of a picture.
    public var marker: Bool
    /// Grows by one per packet and wraps.
    public var sequence: UInt16
    /// Sampling instant in ticks of the track's clock; wraps.
    public var timestamp: UInt32
    /// The source that counts sequence and timestamp.
    public var ssrc: UInt32

    /// Makes a header.
    public init(payloadType: UInt8, marker: Bool, sequence: UInt16, timestamp: UInt32, ssrc: UInt32) {
        self.payloadType = payloadType
        self.marker = marker
        self.sequence = sequence
        self.timestamp = timestamp
        self.ssrc = ssrc
    }

    /// Takes the header off the front of a packet and the padding off its end: what is left is the payload.
    ///
    /// - Throws: `malformed` when the packet is not RTP version 2 or is shorter than it says; drop `packet` then.
    public init(reading packet: inout ByteBuffer) throws(RTSPError) {
        guard
            let (first, second, sequence, timestamp, ssrc) = packet.readMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt32, UInt32).self
            ), first >> 6 == 2
        else {
            throw RTSPError(.malformed, "a packet on the RTP channel is not RTP version 2")
        }
        self.init(
            payloadType: second & 0x7f,
            marker: second & 0x80 != 0,
            sequence: sequence,
            timestamp: timestamp,
            ssrc: ssrc
        )
        let sources = Int(first & 0x0f) * 4
        guard packet.readSlice(length: sources) != nil else { throw Self.short }
        if first & 0x10 != 0 {
            guard let (_, words) = packet.readMultipleIntegers(as: (UInt16, UInt16).self),
                packet.readSlice(length: Int(words) * 4) != nil
            else { throw Self.short }
        }
        if first & 0x20 != 0 {
            guard let padding = packet.readableBytesView.last, padding > 0, Int(padding) <= packet.readableBytes,
                let payload = packet.readSlice(length: packet.readableBytes - Int(padding))
            else { throw Self.short }
            packet = payload
        }
    }

    private static let short = RTSPError(.malformed, "an RTP packet is shorter than its header says")
}

extension ByteBuffer {
    /// Appends a header without contributing sources, extension and padding: 12 bytes.
    public mutating func writeRTP(_ header: RTPHeader) {
        writeMultipleIntegers(
            UInt8(0x80),
            (header.marker ? 0x80 : 0) | header.payloadType & 0x7f,
            header.sequence,
            header.timestamp,
            header.ssrc
        )
    }
}
