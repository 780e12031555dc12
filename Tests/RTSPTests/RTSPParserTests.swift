import NIOCore
import RTSP
import Testing

@Suite struct RTSPParserTests {
    private func messages(_ text: String) throws -> [RTSPMessage] {
        var parser = RTSPParser()
        var buffer = ByteBuffer(string: text)
        var found: [RTSPMessage] = []
        while let message = try parser.next(&buffer) { found.append(message) }
        return found
    }

    private func code(_ bytes: ByteBuffer, limits: RTSPParser.Limits = .init()) -> RTSPError.Code? {
        var parser = RTSPParser(limits: limits)
        var buffer = bytes
        do throws(RTSPError) {
            while try parser.next(&buffer) != nil {}
            return nil
        } catch {
            return error.code
        }
    }

    @Test("a request is read with its headers and body, whatever ends its lines", arguments: ["\r\n", "\n"])
    func request(end: String) throws {
        let lines = ["SET_PARAMETER rtsp://c/cam RTSP/1.0", "cseq:7", "Content-length :  4", "", "abcd"]
        let found = try messages(lines.joined(separator: end))
        guard case .request(let request) = try #require(found.first) else { throw RTSPError(.malformed, "no request") }
        #expect(found.count == 1)
        #expect(request.method == "SET_PARAMETER")
        #expect(request.uri == "rtsp://c/cam")
        #expect(request.version == "RTSP/1.0")
        #expect(request.sequence == 7)
        #expect(String(buffer: request.body) == "abcd")
    }

    @Test("a response is read with status, reason and repeated headers")
    func response() throws {
        let text = "RTSP/1.0 401 No Entry\r\nCSeq: 2\r\nWWW-Authenticate: A\r\nwww-authenticate: B\r\n\r\n"
        guard case .response(let response) = try #require(messages(text).first) else {
            throw RTSPError(.malformed, "no response")
        }
        #expect(response.status == .unauthorized)
        #expect(response.reason == "No Entry")
        #expect(response.headers.all("WWW-AUTHENTICATE") == ["A", "B"])
    }

    @Test("messages, blank lines and interleaved frames may follow each other in any order")
    func mixture() throws {
        var buffer = ByteBuffer(string: "\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        buffer.writeBytes([0x24, 0x01, 0x00, 0x03, 0x0a, 0x24, 0x0d])  // $, channel 1, 3 bytes: LF $ CR
        buffer.writeString("\nRTSP/1.0 200 OK\n\n")
        buffer.writeBytes([0x24, 0x00, 0x00, 0x00])  // an empty frame
        var parser = RTSPParser()
        var kinds: [String] = []
        while let message = try parser.next(&buffer) {
            switch message {
            case .request: kinds.append("request")
            case .response: kinds.append("response")
            case .interleaved(let frame): kinds.append("\(frame.channel):\(frame.payload.readableBytes)")
            }
        }
        #expect(kinds == ["request", "1:3", "response", "0:0"])
        #expect(buffer.readableBytes == 0)
    }

    @Test("the split of the network does not change what is read", arguments: [1, 2, 3, 5, 7, 64])
    func splits(step: Int) throws {
        var whole = ByteBuffer()
        let body = ByteBuffer(string: "v=0\r\n")
        whole.writeRTSP(RTSPRequest(method: "ANNOUNCE", uri: "rtsp://c/1", headers: ["CSeq": "1"], body: body))
        try whole.writeRTSP(InterleavedFrame(channel: 200, payload: ByteBuffer(repeating: 0x24, count: 300)))
        whole.writeRTSP(RTSPResponse(.ok, headers: ["CSeq": "1", "Session": "abc;timeout=60"], body: body))
        var expected: [RTSPMessage] = []
        var copy = whole
        var parser = RTSPParser()
        while let message = try parser.next(&copy) { expected.append(message) }
        #expect(expected.count == 3)

        var found: [RTSPMessage] = []
        var pending = ByteBuffer()
        parser = RTSPParser()
        while let part = whole.readSlice(length: min(step, whole.readableBytes)), part.readableBytes > 0 {
            pending.writeImmutableBuffer(part)
            while let message = try parser.next(&pending) { found.append(message) }
            pending.discardReadBytes()
        }
        #expect(found == expected)
    }

    @Test("a header line that starts with a blank continues the one before")
    func continuation() throws {
        let found = try messages("OPTIONS * RTSP/1.0\r\nX: a\r\n \tb\r\nCSeq: 1\r\n\r\n")
        guard case .request(let request) = try #require(found.first) else { throw RTSPError(.malformed, "none") }
        #expect(request.headers["x"] == "a b")
    }

    @Test(
        "what is not RTSP is refused",
        arguments: [
            "GET /\r\n\r\n",
            "\u{16}\u{3}\u{1}\u{2}\r\n",  // a TLS hello
            "options * RTSP/1.0\r\n\r\n",
            "RTSP/1.0 20x OK\r\n\r\n",
            "OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n",
            "OPTIONS * RTSP/1.0\r\n: no name\r\n\r\n",
            "OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n",
            "OPTIONS * RTSP/1.0\r\nContent-Length: many\r\n\r\n",
        ]
    )
    func garbage(text: String) {
        #expect(code(ByteBuffer(string: text)) == .malformed)
    }

    @Test("a line, header block or body over its limit is refused before it is held")
    func limits() {
        var limits = RTSPParser.Limits()
        limits.line = 40
        limits.headers = 3
        limits.body = 10
        let start = "OPTIONS * RTSP/1.0\r\n"
        #expect(code(ByteBuffer(string: String(repeating: "A", count: 41)), limits: limits) == .tooLarge)
        #expect(code(ByteBuffer(string: start + "a: 1\nb: 2\nc: 3\n\n"), limits: limits) == nil)
        #expect(code(ByteBuffer(string: start + "a: 1\nb: 2\nc: 3\nd: 4\n"), limits: limits) == .tooLarge)
        #expect(code(ByteBuffer(string: start + "a: 1\n b\n c\n d\n"), limits: limits) == .tooLarge)
        #expect(code(ByteBuffer(string: start + "Content-Length: 11\n\n"), limits: limits) == .tooLarge)
    }

    @Test("any bytes either become messages or an error, and nothing else happens")
    func noise() {
        var generator = SplitMix(seed: 7)
        var refused = 0
        for _ in 0..<400 {
            var bytes = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
            if Bool.random(using: &generator) { bytes = Array("SETUP rtsp://a/b RTSP/1.0\r\n".utf8) + bytes }
            if code(ByteBuffer(bytes: bytes)) != nil { refused += 1 }
        }
        #expect(refused > 200)
    }

    @Test("a value cannot smuggle in a header of its own")
    func injection() throws {
        var buffer = ByteBuffer()
        buffer.writeRTSP(RTSPResponse(.ok, headers: ["X": "a\r\nSession: stolen"]))
        #expect(String(buffer: buffer) == "RTSP/1.0 200 OK\r\nX: aSession: stolen\r\n\r\n")
    }

    @Test("a frame of more than 65535 bytes is refused and nothing of it is written")
    func longFrame() {
        var buffer = ByteBuffer()
        #expect(throws: RTSPError.self) {
            try buffer.writeRTSP(InterleavedFrame(channel: 0, payload: ByteBuffer(repeating: 0, count: 65_536)))
        }
        #expect(buffer.readableBytes == 0)
    }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}
