import Flow
import NIOCore
import RTSP

/// The bytes that one connection is sent at a time, put together once for one call of the system.
///
/// A copy of the packets of a picture with the receiver's numbers stored in it is cheaper than handing the kernel a list of
/// pieces: at 1,400 bytes a packet the pieces are too small.
struct SendBatch {
    /// What the headers of a picture's packets say.
    struct Stamp {
        /// The RTP channel of the session.
        var channel: UInt8
        /// Number of the first packet.
        var sequence: UInt16
        /// RTP time of the picture.
        var timestamp: UInt32
        /// The RTP synchronisation source that sends them.
        var ssrc: UInt32
    }

    /// What has been put together.
    private(set) var bytes: [UInt8] = []

    /// Bytes that have been put together and not sent.
    var count: Int { bytes.count }

    /// Makes an empty batch with room for `capacity` bytes.
    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    /// Forgets the bytes and keeps the room.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    /// Appends bytes that need no numbers.
    mutating func append(_ buffer: ByteBuffer) {
        bytes.append(contentsOf: buffer.readableBytesView)
    }

    /// Appends a picture of a clip.
    mutating func append(_ unit: Clip.Unit, of clip: Clip, _ stamp: Stamp) {
        let begin = bytes.count
        bytes.append(contentsOf: clip.bytes[unit.bytes])
        bytes.withUnsafeMutableBytes { raw in
            var sequence = stamp.sequence
            for packet in unit.packets {
                Self.store(stamp, sequence, at: begin + clip.packetStarts[packet] - unit.bytes.lowerBound, in: raw)
                sequence &+= 1
            }
        }
    }

    /// Appends a picture whose packets faults may drop, damage or lead by stray bytes; returns how many were dropped.
    mutating func append(_ unit: Clip.Unit, of clip: Clip, _ stamp: Stamp, spoiledBy spoiler: PacketSpoiler) -> Int {
        var dropped = 0
        var sequence = stamp.sequence
        for packet in unit.packets {
            let verdict = spoiler.verdict(sequence)
            if case .strayBytes(let bits) = verdict { appendStray(bits) }
            if verdict == .drop {
                dropped += 1
            } else {
                let begin = bytes.count
                bytes.append(contentsOf: clip.bytes[clip.packetStarts[packet]..<clip.packetStarts[packet + 1]])
                bytes.withUnsafeMutableBytes { Self.store(stamp, sequence, at: begin, in: $0) }
                if case .damage(let bits) = verdict { damage(from: begin + Self.headerLength, bits) }
            }
            sequence &+= 1
        }
        return dropped
    }

    /// Framing and RTP header of a packet.
    private static let headerLength = 16

    private static func store(
        _ stamp: Stamp,
        _ sequence: UInt16,
        at start: Int,
        in raw: UnsafeMutableRawBufferPointer
    ) {
        raw[start + 1] = stamp.channel
        raw.storeBytes(of: sequence.bigEndian, toByteOffset: start + 6, as: UInt16.self)
        raw.storeBytes(of: stamp.timestamp.bigEndian, toByteOffset: start + 8, as: UInt32.self)
        raw.storeBytes(of: stamp.ssrc.bigEndian, toByteOffset: start + 12, as: UInt32.self)
    }

    /// Changes up to eight bytes from `start` on.
    private mutating func damage(from start: Int, _ bits: UInt64) {
        var state = SplitMix64.mix(bits)
        let length = bytes.count - start
        for _ in 0..<min(8, length) {
            bytes[start + Int(state >> 8) % length] ^= UInt8(truncatingIfNeeded: state) | 1
            state = SplitMix64.mix(state)
        }
    }

    /// Appends 1…64 bytes that are no packet.
    private mutating func appendStray(_ bits: UInt64) {
        var state = SplitMix64.mix(bits)
        for _ in 0..<(1 + bits % 64) {
            // Not the sign of a packet, or the reader would wait for up to 64 KB.
            let byte = UInt8(truncatingIfNeeded: state)
            bytes.append(byte == UInt8(ascii: "$") ? 0 : byte)
            state = SplitMix64.mix(state)
        }
    }
}
