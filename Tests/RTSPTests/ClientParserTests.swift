import NIOCore
import RTSP
import Testing

@Suite struct ClientParserTests {
    private func kinds(
        _ buffer: ByteBuffer,
        step: Int = .max,
        channels: TransportHeader.Channels? = nil
    ) throws
        -> (kinds: [String], skipped: Int)
    {
        var parser = RTSPParser(limits: .camera)
        parser.expectedChannels = channels
        var rest = buffer
        var pending = ByteBuffer()
        var found: [String] = []
        while rest.readableBytes > 0, let part = rest.readSlice(length: min(step, rest.readableBytes)) {
            pending.writeImmutableBuffer(part)
            while let message = try parser.next(&pending) {
                switch message {
                case .request(let request): found.append(request.method)
                case .response(let response): found.append("\(response.status.code)")
                case .interleaved(let frame): found.append("\(frame.channel):\(frame.payload.readableBytes)")
                }
            }
        }
        return (found, parser.skippedBytes)
    }

    /// An RTP packet in its frame.
    private func frame(_ channel: UInt8, bytes: Int) -> [UInt8] {
        [0x24, channel, UInt8(bytes >> 8), UInt8(bytes & 0xff), 0x80, 0x60] + Array(repeating: 7, count: bytes - 2)
    }

    @Test("a status line in lower case is a response, for servers too")
    func lowerCase() throws {
        var parser = RTSPParser()
        var buffer = ByteBuffer(string: "rtsp/1.0 200 ok\r\ncseq: 1\r\n\r\n")
        guard case .response(let response) = try #require(try parser.next(&buffer)) else {
            throw RTSPError(.malformed, "no response")
        }
        #expect(response.status == .ok)
        #expect(response.sequence == 1)
    }

    @Test(
        "garbage between messages is skipped and counted, however the network splits it",
        arguments: [1, 3, 17, 4096]
    )
    func garbage(step: Int) throws {
        var buffer = ByteBuffer(bytes: frame(0, bytes: 40))
        buffer.writeBytes([0x51, 0xf3, 0x1c, 0xe1, 0x24, 0x2c, 0x00, 0x01, 0x02, 0x52, 0x54, 0x00])
        buffer.writeBytes(frame(1, bytes: 28))
        buffer.writeBytes([0x00, 0x01, 0x02, 0x52, 0x54, 0x53, 0x50])
        buffer.writeString("RTSP/1.0 200 OK\r\nCSeq: 4\r\n\r\n")
        buffer.writeBytes(frame(0, bytes: 9))
        let (kinds, skipped) = try kinds(buffer, step: step)
        #expect(kinds == ["0:40", "1:28", "200", "0:9"])
        #expect(skipped == 19)
    }

    @Test("while searching, a frame of a channel that is not played is not believed")
    func channels() throws {
        var buffer = ByteBuffer(bytes: [0x01, 0x24, 0x09, 0x00, 0x20, 0x80, 0x60])
        buffer.writeBytes(frame(2, bytes: 12))
        let (kinds, skipped) = try kinds(buffer, channels: .init(rtp: 2, rtcp: 3))
        #expect(kinds == ["2:12"])
        #expect(skipped == 7)
    }

    @Test("a body that is longer than its Content-Length does not cost the next answer")
    func miscountedBody() throws {
        let text = """
            RTSP/1.0 200 OK
            CSeq: 2
            Content-Length: 4

            v=0
            s=x
            a=control:trackID=1
            RTSP/1.0 200 OK
            CSeq: 3


            """
        let (kinds, skipped) = try kinds(ByteBuffer(string: text))
        #expect(kinds == ["200", "200"])
        #expect(skipped > 0)
    }

    private let openHead = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type: application/sdp\r\n\r\n"

    @Test("a description whose length is not told ends where something else begins", arguments: [1, 7, 4096])
    func openBody(step: Int) throws {
        var buffer = ByteBuffer(string: openHead + "v=0\r\ns=x\r\n\r\nm=video 0 RTP/AVP 96\r\n")
        buffer.writeString("RTSP/1.0 404 No\r\nCSeq: 3\r\n\r\n" + openHead + "v=0\n")
        buffer.writeBytes(frame(0, bytes: 40))
        let (kinds, skipped) = try kinds(buffer, step: step)
        #expect(kinds == ["200", "404", "200", "0:40"])
        #expect(skipped == 0)
    }

    @Test("a description whose length is not told is ended by who waits, with its unfinished last line")
    func quietBody() throws {
        var parser = RTSPParser(limits: .camera)
        var buffer = ByteBuffer(string: openHead + "v=0\r\na=control:t")
        #expect(try parser.next(&buffer) == nil)
        #expect(parser.unendedBody?.bytes == 5)
        guard case .response(let response)? = parser.endBody(with: &buffer) else {
            throw RTSPError(.malformed, "no response")
        }
        #expect(String(buffer: response.body) == "v=0\r\na=control:t")
        #expect(parser.isBetweenMessages && parser.unendedBody == nil && buffer.readableBytes == 0)
        #expect(parser.endBody(with: &buffer) == nil)
        var server = RTSPParser()
        buffer = ByteBuffer(string: openHead)
        #expect(try server.next(&buffer) != nil, "a server does not wait for what is not announced")
    }

    private let body = "v=0\r\na=control:t\r\nb=1\r\n"

    private func counted(_ length: Int) -> String {
        "RTSP/1.0 200 OK\r\nContent-Type: application/sdp\r\nContent-Length: \(length)\r\n\r\n" + body
    }

    @Test("a description that is counted too short is read on", arguments: [4, 5, 13, 14, 15, 20])
    func countedTooShort(length: Int) throws {
        var parser = RTSPParser(limits: .camera)
        var buffer = ByteBuffer(string: counted(length) + "RTSP/1.0 404 No\r\n\r\n")
        guard case .response(let response)? = try parser.next(&buffer) else {
            throw RTSPError(.malformed, "no response")
        }
        #expect(String(buffer: response.body) == body)
        #expect(try parser.next(&buffer) != nil)
        #expect(parser.skippedBytes == 0)
    }

    @Test("a description that is counted too short or too long is ended by who waits", arguments: [4, 13, 40])
    func miscounted(length: Int) throws {
        var parser = RTSPParser(limits: .camera)
        var buffer = ByteBuffer(string: counted(length))
        #expect(try parser.next(&buffer) == nil)
        #expect(parser.unendedBody?.isCounted == (length == 40))
        guard case .response(let response)? = parser.endBody(with: &buffer) else {
            throw RTSPError(.malformed, "no response")
        }
        #expect(String(buffer: response.body) == body)
    }

    @Test(
        "a description that is counted rightly is whole at once, whatever follows",
        arguments: ["", "\r\n", "RTSP/1.0 2", "$"]
    )
    func countedRightly(next: String) throws {
        var parser = RTSPParser(limits: .camera)
        var buffer = ByteBuffer(string: counted(23) + next)
        #expect(try parser.next(&buffer) != nil)
    }

    @Test("what answers in HTTP is told to be the wrong port, as long as nothing else was understood")
    func webServer() throws {
        var parser = RTSPParser(limits: .camera)
        let page = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        var buffer = ByteBuffer(string: page)
        let error = try #require(throws: RTSPError.self) { try parser.next(&buffer) }
        #expect(error.message.contains("HTTP") && error.message.contains("port"))
        parser = RTSPParser(limits: .camera)
        buffer = ByteBuffer(string: "RTSP/1.0 200 OK\r\n\r\n" + page)
        #expect(try parser.next(&buffer) != nil)
        #expect(try parser.next(&buffer) == nil)
    }

    @Test("a header line without a colon and a length that is no number are overlooked")
    func sloppyHeaders() throws {
        let text = "RTSP/1.0 200 OK\r\nCSeq: 2\r\nnonsense\r\nContent-Length: none\r\n\r\nOPTIONS * RTSP/1.0\r\n\r\n"
        #expect(try kinds(ByteBuffer(string: text)).kinds == ["200", "OPTIONS"])
    }

    @Test("a message that breaks off in binary is given up, and the next one found")
    func brokenHead() throws {
        var buffer = ByteBuffer(string: "RTSP/1.0 200 OK\r\nCSeq: ")
        buffer.writeBytes([0x00, 0x01, 0x02])
        buffer.writeBytes(frame(0, bytes: 20))
        #expect(try kinds(buffer).kinds == ["0:20"])
    }

    @Test("garbage without end is refused after its limit; a server refuses it at once")
    func limit() throws {
        var parser = RTSPParser(limits: .camera)
        var buffer = ByteBuffer(repeating: 1, count: RTSPParser.Limits.camera.skipped)
        #expect(try parser.next(&buffer) == nil)
        #expect(buffer.readableBytes == 0, "what is skipped is not held")
        buffer.writeInteger(UInt8(1))
        #expect(throws: RTSPError.self) { try parser.next(&buffer) }
        var strict = RTSPParser()
        var noise = ByteBuffer(string: "\u{1}\u{2}\n")
        #expect(throws: RTSPError.self) { try strict.next(&noise) }
        #expect(strict.skippedBytes == 0)
    }

    @Test("noise in front of a stream is never fatal and its frames are found again")
    func noise() throws {
        var generator = SplitMix(seed: 11)
        for _ in 0..<200 {
            var buffer = ByteBuffer(bytes: (0..<300).map { _ in UInt8.random(in: 0...255, using: &generator) })
            for _ in 0..<4 { buffer.writeBytes(frame(0, bytes: 60_000)) }
            let found = try kinds(buffer, channels: .init(rtp: 0, rtcp: 1)).kinds
            #expect(found.contains("0:60000"))
        }
    }
}
