import Flow
import NIOCore
import RTSP
import Testing

@Suite struct ControlPacketTests {
    private func read(_ bytes: [UInt8]) -> SenderReport? {
        bytes.withUnsafeBytes { SenderReport(reading: $0) }
    }

    @Test(
        "a sender report that was written is read back",
        arguments: [0, 1, 999_999, 1_790_000_123_456_789] as [Int64]
    )
    func roundTrip(microseconds: Int64) {
        let report = SenderReport(
            ssrc: 0x0a0b_0c0d,
            time: MediaTime(microseconds: microseconds),
            timestamp: .max,
            packets: 3,
            bytes: 4000
        )
        #expect(read(Array(buffer: report.packet(name: "cam"))) == report)
    }

    @Test("a report behind other parts of a compound is found; other packets have none")
    func compound() {
        let report = SenderReport(ssrc: 1, time: MediaTime(microseconds: 5), timestamp: 2, packets: 3, bytes: 4)
        let whole = Array(buffer: report.packet(name: "cam"))
        let receiver: [UInt8] = [0x80, 0xc9, 0, 1, 0, 0, 0, 9]
        #expect(read(receiver + whole) == report)
        #expect(read(receiver) == nil)
        #expect(read(Array(whole.prefix(27))) == nil)
        #expect(read([0x80, 0xc8, 0, 1, 0, 0, 0, 9]) == nil)
        #expect(read([]) == nil)
        #expect(read([0x40] + whole.dropFirst()) == nil)
    }

    @Test("times after the wrap of 2036 are read as such")
    func wrap() {
        var bytes: [UInt8] = [0x80, 0xc8, 0, 6] + [UInt8](repeating: 0, count: 24)
        bytes[11] = 1
        // 2^32 seconds after 1900, plus one.
        #expect(read(bytes)?.time == MediaTime(microseconds: 2_085_978_497_000_000))
    }

    @Test("a receiver report says what was received and lost")
    func receiverReport() {
        let report = ReceiverReport(ssrc: 0x0102_0304, source: 7, lost: 258, highestSequence: 0x0001_0203)
        let expected: [UInt8] = [
            0x81, 0xc9, 0, 7, 1, 2, 3, 4, 0, 0, 0, 7,  // one block, 8 words
            0, 0, 1, 2, 0, 1, 2, 3,  // nothing lost of late, 258 in all; sequence 515 after one wrap
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0x81, 0xca, 0, 2, 1, 2, 3, 4, 1, 1, 0x67, 0,  // CNAME "g"
        ]
        #expect(Array(buffer: report.packet(name: "g")) == expected)
        let much = ReceiverReport(ssrc: 1, source: 7, lost: .max, highestSequence: 0)
        #expect(Array(buffer: much.packet(name: "g"))[12..<16] == [0, 0x7f, 0xff, 0xff])
    }
}
