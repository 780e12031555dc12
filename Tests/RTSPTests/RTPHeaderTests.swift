import Flow
import NIOCore
import RTSP
import Testing

@Suite struct RTPHeaderTests {
    @Test("a written header is read back")
    func roundTrip() throws {
        let header = RTPHeader(payloadType: 96, marker: true, sequence: 65_535, timestamp: .max, ssrc: 1)
        var buffer = ByteBuffer()
        buffer.writeRTP(header)
        #expect(buffer.readableBytes == RTPHeader.length)
        #expect(try RTPHeader(reading: &buffer) == header)
        #expect(buffer.readableBytes == 0)
    }

    @Test("contributing sources, extension and padding are taken off the payload")
    func extras() throws {
        var packet = ByteBuffer(bytes: [
            0xb2, 0x60, 0x00, 0x07, 0, 0, 0, 1, 0, 0, 0, 2,  // version 2, padding, extension, 2 sources; type 96
            0, 0, 0, 3, 0, 0, 0, 4,  // the sources
            0xbe, 0xde, 0x00, 0x01, 9, 9, 9, 9,  // an extension of one word
            0x65, 0x88,  // payload
            0, 0, 3,  // three bytes of padding
        ])
        let header = try RTPHeader(reading: &packet)
        #expect(header.sequence == 7)
        #expect(!header.marker)
        #expect(Array(buffer: packet) == [0x65, 0x88])
    }

    @Test(
        "a packet that is shorter than it says is refused",
        arguments: [
            [0x80, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0],  // eleven bytes
            [0x40, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2],  // version 1
            [0x81, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2],  // a source is missing
            [0x90, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0],  // half an extension header
            [0x90, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1],  // extension without its word
        ] as [[UInt8]]
    )
    func short(bytes: [UInt8]) {
        var packet = ByteBuffer(bytes: bytes)
        #expect(throws: RTSPError.self) { try RTPHeader(reading: &packet) }
    }

    @Test(
        "padding that cannot be is none, and all of the payload may be padding",
        arguments: [[], [9], [0x65, 0], [0x65, 0x88, 200]] as [[UInt8]]
    )
    func padding(payload: [UInt8]) throws {
        let header: [UInt8] = [0xa0, 0x60, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2]
        var packet = ByteBuffer(bytes: header + payload)
        _ = try RTPHeader(reading: &packet)
        #expect(Array(buffer: packet) == payload)
        packet = ByteBuffer(bytes: header + payload + [0, UInt8(payload.count + 2)])
        _ = try RTPHeader(reading: &packet)
        #expect(Array(buffer: packet) == [])
    }

    @Test("a sender report ties RTP time to wall-clock time and names its source")
    func senderReport() {
        let report = SenderReport(
            ssrc: 0x0a0b_0c0d,
            time: MediaTime(microseconds: 1_500_000),
            timestamp: 90_000,
            packets: 3,
            bytes: 4000
        )
        let expected: [UInt8] = [
            0x80, 0xc8, 0x00, 0x06, 0x0a, 0x0b, 0x0c, 0x0d,  // version 2, type 200, 7 words
            0x83, 0xaa, 0x7e, 0x81,  // 1 s after 1970 = 2,208,988,801 s after 1900
            0x80, 0x00, 0x00, 0x00,  // half a second
            0x00, 0x01, 0x5f, 0x90, 0, 0, 0, 3, 0, 0, 0x0f, 0xa0,
            0x81, 0xca, 0x00, 0x03, 0x0a, 0x0b, 0x0c, 0x0d,  // one chunk, type 202, 4 words
            0x01, 0x03, 0x63, 0x61, 0x6d, 0, 0, 0,  // CNAME "cam", end, filled up
        ]
        #expect(Array(buffer: report.packet(name: "cam")) == expected)
    }

    @Test("every part of a report is whole words, whatever the name", arguments: [0, 1, 2, 5, 254, 255, 400])
    func reportLength(length: Int) {
        let report = SenderReport(ssrc: 1, time: .zero, timestamp: 0, packets: 0, bytes: 0)
        let bytes = Array(buffer: report.packet(name: String(repeating: "n", count: length)))
        let second = bytes[28...]
        let words = Int(second[30]) << 8 | Int(second[31])
        #expect(second.count == (words + 1) * 4)
        #expect(bytes.last == 0)
    }
}
