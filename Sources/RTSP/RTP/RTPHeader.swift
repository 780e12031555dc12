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
    /// - Throws: `malformed` when the packet is not RTP version 2 or is shorter than it says; `packet` is then as
    ///   it was.
    public init(reading packet: inout ByteBuffer) throws(RTSPError) {
        var payload = 0..<0
        let header = packet.withUnsafeReadableBytes { RTPHeader($0, payload: &payload) }
        guard let header,
            let slice = packet.getSlice(at: packet.readerIndex + payload.lowerBound, length: payload.count)
        else {
            throw RTSPError(.malformed, "a packet on the RTP channel is not RTP version 2 or is cut off")
        }
        self = header
        packet = slice
    }

    /// Reads the header at the front of `packet`, and where the payload is between header and padding.
    ///
    /// - Returns: Nil when the packet is not RTP version 2 or is shorter than it says.
    @inline(__always)
    init?(_ packet: UnsafeRawBufferPointer, payload: inout Range<Int>) {
        guard packet.count >= Self.length, packet[0] >> 6 == 2 else { return nil }
        let first = packet[0]
        let second = packet[1]
        payloadType = second & 0x7f
        marker = second & 0x80 != 0
        sequence = packet.bigEndian(at: 2)
        timestamp = packet.bigEndian(at: 4)
        ssrc = packet.bigEndian(at: 8)
        var start = Self.length
        var end = packet.count
        if first & 0x3f != 0 {
            start += Int(first & 0x0f) * 4
            if first & 0x10 != 0 {
                guard start + 4 <= end else { return nil }
                let words: UInt16 = packet.bigEndian(at: start + 2)
                start += 4 + Int(words) * 4
            }
            guard start <= end else { return nil }
            // A count that cannot be is none: some cameras set the bit and pad nothing.
            if first & 0x20 != 0, end > start, Int(packet[end - 1]) <= end - start { end -= Int(packet[end - 1]) }
        }
        payload = start..<end
    }
}

extension UnsafeRawBufferPointer {
    /// The integer in network byte order at `offset`; the caller has checked that it is there.
    @inline(__always)
    func bigEndian<Value: FixedWidthInteger & BitwiseCopyable>(at offset: Int) -> Value {
        Value(bigEndian: loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
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
