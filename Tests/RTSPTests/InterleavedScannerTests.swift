import RTSP
import Testing

@Suite struct InterleavedScannerTests {
    private struct Frame: Equatable {
        var channel: UInt8
        var payload: [UInt8]
    }

    /// What a connection's owner does: keeps what was not consumed, and puts the next read behind it.
    private struct Connection {
        var scanner = InterleavedScanner(highestChannel: 3)
        var rest: [UInt8] = []
        var frames: [Frame] = []

        @discardableResult
        mutating func read(_ bytes: [UInt8]) -> InterleavedScanner.Stop {
            rest += bytes
            let result = rest.withUnsafeBytes { buffer in
                scanner.scan(buffer) { frames.append(Frame(channel: $0, payload: Array($1))) }
            }
            rest.removeFirst(result.consumed)
            return result.stop
        }
    }

    private static func packet(_ length: Int = 16, _ seed: Int = 0) -> [UInt8] {
        [0x80, 0x60] + (2..<length).map { UInt8(truncatingIfNeeded: $0 &+ seed) }
    }

    private static func frame(_ channel: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x24, channel, UInt8(payload.count >> 8), UInt8(payload.count & 0xff)] + payload
    }

    private let response = Array("RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n".utf8)

    @Test("frames come out whole, however the network has split them", arguments: [1, 2, 3, 7, 50, 4000])
    func split(size: Int) {
        let frames = (0..<40).map { Frame(channel: UInt8($0 % 4), payload: Self.packet(12 + $0 * 3, $0)) }
        let stream = frames.flatMap { Self.frame($0.channel, $0.payload) }
        var connection = Connection()
        for start in stride(from: 0, to: stream.count, by: size) {
            #expect(connection.read(Array(stream[start..<min(start + size, stream.count)])) == .needsMore)
        }
        #expect(connection.frames == frames)
        #expect(connection.rest.isEmpty)
        #expect(connection.scanner.counters.frames == 40)
        #expect(connection.scanner.counters.resynchronisations == 0)
    }

    @Test("a message in small letters stops the scan too")
    func smallLetters() {
        var connection = Connection()
        let answer = Array("rtsp/1.0 200 ok\r\ncseq: 4\r\n\r\n".utf8)
        #expect(connection.read(Self.frame(0, Self.packet()) + answer) == .message)
        #expect(connection.rest == answer)
        #expect(connection.scanner.counters.strayBytes == 0)
    }

    @Test("the scan stops at a message and goes on behind it")
    func message() {
        var connection = Connection()
        let stop = connection.read(Self.frame(0, Self.packet()) + response + Self.frame(1, Self.packet()))
        #expect(stop == .message)
        #expect(connection.frames.count == 1)
        #expect(connection.rest.starts(with: response))
        connection.rest.removeFirst(response.count)
        #expect(connection.read([]) == .needsMore)
        #expect(connection.frames.count == 2)
        #expect(connection.scanner.counters.strayBytes == 0)
    }

    @Test("the first bytes of a message are waited for", arguments: ["R", "RTS", "GET_PARA", "PLAY"])
    func messageBegins(text: String) {
        var connection = Connection()
        #expect(connection.read(Array(text.utf8)) == .needsMore)
        #expect(connection.rest == Array(text.utf8))
        #expect(connection.scanner.counters.strayBytes == 0)
    }

    @Test("blank lines between messages and frames are no disorder")
    func blankLines() {
        var connection = Connection()
        #expect(
            connection.read(Array("\r\n\r\n".utf8) + Self.frame(0, Self.packet()) + [13, 10] + response) == .message
        )
        #expect(connection.frames.count == 1)
        #expect(connection.rest == response)
        #expect(connection.scanner.counters == counters(frames: 1))
    }

    @Test("stray bytes between frames are skipped up to the next frame or message")
    func strayBytes() {
        let first = Self.frame(0, Self.packet(20))
        // A dollar sign of no known channel, one without version 2, one of absurd length, one that leads nowhere.
        let stray: [UInt8] = [
            0x17, 0x24, 0x09, 0x00, 0x0c, 0x80, 0x24, 0x00, 0x00, 0x10, 0x11, 0x24, 0x00, 0xff, 0xff, 0x80,
            0x24, 0x01, 0x00, 0x08, 0x80, 0x41, 0x50, 0x52,
        ]
        let second = Self.frame(2, Self.packet(30))
        var connection = Connection()
        #expect(connection.read(first + stray + second + [0x24]) == .needsMore)
        #expect(
            connection.frames == [
                Frame(channel: 0, payload: Self.packet(20)), Frame(channel: 2, payload: Self.packet(30)),
            ]
        )
        #expect(connection.scanner.counters.resynchronisations == 1)
        #expect(connection.scanner.counters.strayBytes == stray.count)
        connection.rest = []
        #expect(connection.read(stray + response) == .message)
        #expect(connection.rest == response)
    }

    @Test("after stray bytes a frame is taken once what follows confirms it")
    func confirmation() {
        var connection = Connection()
        connection.read([0x17] + Self.frame(0, Self.packet()))
        #expect(connection.frames.isEmpty)
        connection.read([0x24])
        #expect(connection.frames.count == 1)
    }

    @Test("disorder without end is given up")
    func lost() {
        var connection = Connection()
        var stop = InterleavedScanner.Stop.needsMore
        var reads = 0
        while stop == .needsMore, reads < 100 {
            stop = connection.read([UInt8](repeating: 0xaa, count: 1000))
            reads += 1
        }
        #expect(stop == .lost)
        #expect(reads == 66)
    }

    @Test("frames of channels that nobody asked for are passed over")
    func otherChannel() {
        var connection = Connection()
        connection.read(Self.frame(200, [1, 2, 3]) + Self.frame(0, Self.packet()) + Self.frame(1, []))
        #expect(connection.frames == [Frame(channel: 0, payload: Self.packet()), Frame(channel: 1, payload: [])])
        #expect(connection.scanner.counters.otherChannels == 1)
        #expect(connection.scanner.counters.resynchronisations == 0)
    }

    private func counters(frames: Int) -> InterleavedScanner.Counters {
        var counters = InterleavedScanner.Counters()
        counters.frames = frames
        return counters
    }
}
