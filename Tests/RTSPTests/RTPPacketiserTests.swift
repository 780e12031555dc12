import Flow
import NIOCore
import RTSP
import Testing

@Suite struct RTPPacketiserTests {
    /// The RTP packets in the interleaved frames of `buffer`.
    private func packets(_ buffer: ByteBuffer) throws -> [(channel: UInt8, header: RTPHeader, payload: [UInt8])] {
        var parser = RTSPParser()
        var buffer = buffer
        var found: [(UInt8, RTPHeader, [UInt8])] = []
        while let message = try parser.next(&buffer) {
            guard case .interleaved(var frame) = message else { throw RTSPError(.malformed, "not a frame") }
            let header = try RTPHeader(reading: &frame.payload)
            found.append((frame.channel, header, Array(buffer: frame.payload)))
        }
        try #require(buffer.readableBytes == 0)
        return found
    }

    private func accessUnit(_ units: [[UInt8]]) -> [UInt8] {
        units.flatMap { [0, 0, 0, 1] + $0 }
    }

    private func unit(header: [UInt8], length: Int) -> [UInt8] {
        header + (header.count..<length).map { UInt8($0 % 251 + 1) }
    }

    @Test("a small H.264 picture becomes one packet a unit, the marker on the last")
    func single() throws {
        let unit = try RTPPacketiser(codec: .h264).packetise([0, 0, 0, 1, 0x67, 0x42, 0, 0, 1, 0x65, 0x88])
        let frames = unit.stamped(channel: 2, sequence: 0xfffe, timestamp: 0x0102_0304, ssrc: 0xa1b2_c3d4)
        // $ ch length | V=2 | PT 96 (with marker e0) | sequence | timestamp | ssrc | payload
        let expected: [UInt8] = [
            0x24, 0x02, 0x00, 0x0e, 0x80, 0x60, 0xff, 0xfe, 1, 2, 3, 4, 0xa1, 0xb2, 0xc3, 0xd4, 0x67, 0x42,
            0x24, 0x02, 0x00, 0x0e, 0x80, 0xe0, 0xff, 0xff, 1, 2, 3, 4, 0xa1, 0xb2, 0xc3, 0xd4, 0x65, 0x88,
        ]
        #expect(Array(buffer: frames) == expected)
        #expect(unit.packets == 2)
        #expect(unit.payloadBytes == 4)
        #expect(unit.wireBytes == expected.count)
    }

    @Test("a large H.264 unit becomes FU-A fragments that keep its importance and type")
    func fragmentsH264() throws {
        let large = unit(header: [0x65], length: 64 * 2)  // 127 bytes behind the header, 62 a fragment
        let unit = try RTPPacketiser(codec: .h264, maximumPayload: 64).packetise(accessUnit([large]))
        let found = try packets(unit.stamped(channel: 0, sequence: 1, timestamp: 0, ssrc: 0))
        #expect(found.map { Array($0.payload.prefix(2)) } == [[0x7c, 0x85], [0x7c, 0x05], [0x7c, 0x45]])
        #expect(found.map(\.payload.count) == [64, 64, 5])
        #expect(found.map(\.header.marker) == [false, false, true])
        #expect(found.map(\.header.sequence) == [1, 2, 3])
    }

    @Test("a large H.265 unit becomes FU fragments that keep its layer and temporal id")
    func fragmentsH265() throws {
        let large = unit(header: [0x26, 0x0b], length: 65)  // type 19, layer 1, temporal id 3
        let unit = try RTPPacketiser(codec: .h265, maximumPayload: 64).packetise(accessUnit([large]))
        let found = try packets(unit.stamped(channel: 0, sequence: 1, timestamp: 0, ssrc: 0))
        #expect(found.map { Array($0.payload.prefix(3)) } == [[0x62, 0x0b, 0x93], [0x62, 0x0b, 0x53]])
        #expect(found.map(\.payload.count) == [64, 5])
    }

    @Test(
        "what a receiver puts together is what went in, byte for byte",
        arguments: [StreamFormat.Codec.h264, .h265],
        [64, 100, 1400]
    )
    func roundTrip(codec: StreamFormat.Codec, maximum: Int) throws {
        let packetiser = try RTPPacketiser(codec: codec, maximumPayload: maximum)
        var generator = SplitMix(seed: UInt64(maximum))
        var sequence: UInt16 = 65_500
        for _ in 0..<60 {
            let header: [UInt8] = codec == .h264 ? [0x41] : [0x02, 0x01]
            let units = (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                let near =
                    maximum * Int.random(in: 0...4, using: &generator) + Int.random(in: -4...4, using: &generator)
                return unit(header: header, length: max(3, near))
            }
            let whole = packetiser.packetise(accessUnit(units))
            let found = try packets(whole.stamped(channel: 7, sequence: sequence, timestamp: 9000, ssrc: 5))
            var depacketiser = Depacketiser(codec: codec)
            for (index, packet) in found.enumerated() {
                #expect(packet.channel == 7)
                #expect(packet.header.sequence == sequence &+ UInt16(index))
                #expect(packet.header.timestamp == 9000)
                #expect(packet.header.ssrc == 5)
                #expect(packet.header.payloadType == 96)
                #expect(packet.header.marker == (index == found.count - 1))
                #expect(packet.payload.count <= maximum)
                try depacketiser.take(packet.payload)
            }
            #expect(depacketiser.units == units)
            #expect(whole.payloadBytes == found.reduce(0) { $0 + $1.payload.count })
            sequence &+= UInt16(found.count)
        }
    }

    @Test("stamping leaves the unit as it was for the next receiver")
    func stampingCopies() throws {
        let unit = try RTPPacketiser(codec: .h264).packetise([0, 0, 1, 0x65, 0x88])
        let first = unit.stamped(channel: 0, sequence: 1, timestamp: 2, ssrc: 3)
        _ = unit.stamped(channel: 9, sequence: 9, timestamp: 9, ssrc: 9)
        #expect(first == unit.stamped(channel: 0, sequence: 1, timestamp: 2, ssrc: 3))
    }

    @Test("bytes without units make no packet, other codings no packetiser")
    func nothing() throws {
        #expect(try RTPPacketiser(codec: .h264).packetise([1, 2, 3]).packets == 0)
        #expect(try RTPPacketiser(codec: .h265).packetise([0, 0, 1, 0x40]).packets == 0)
        #expect(throws: RTSPError.self) { try RTPPacketiser(codec: .mjpeg) }
    }
}
