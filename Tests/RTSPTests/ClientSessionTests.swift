import Flow
import NIOCore
import RTSP
import Testing

@Suite struct ClientSessionTests {
    @Test("the usual way: DESCRIBE, SETUP, PLAY, signs of life, TEARDOWN")
    func usual() throws {
        var client = try ClientDialogue("rtsp://camera:8554/live")
        let describe = try #require(client.connect().request)
        #expect(describe.method == "DESCRIBE")
        #expect(describe.uri == "rtsp://camera:8554/live")
        #expect(describe.headers["Accept"] == "application/sdp")
        #expect(describe.headers["CSeq"] == "1")

        let body = "v=0\ns=x\na=control:*\n" + ClientDialogue.video + "\na=control:trackID=1"
        let setUp = try #require(
            try client.answer("200 OK", ["Content-Base: rtsp://camera:8554/live/"], body: body).request
        )
        #expect(setUp.method == "SETUP")
        #expect(setUp.uri == "rtsp://camera:8554/live/trackID=1")
        #expect(setUp.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=0-1")
        #expect(setUp.headers["Session"] == nil)

        let play = try client.answer(
            "200 OK",
            ["Session: 4711;timeout=30", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000BEEF"]
        )
        let track = try #require(play.track)
        #expect(track.media.codec == .h264)
        #expect(track.channels == .init(rtp: 0, rtcp: 1))
        #expect(track.ssrc == 0xbeef)
        #expect(track.parameterSets?.picture == [[0x68, 0xce]])
        guard case .play = try #require(play.first) else { throw RTSPError(.malformed, "PLAY goes out too early") }
        #expect(play.request?.method == "PLAY")
        #expect(play.request?.uri == "rtsp://camera:8554/live/")
        #expect(play.request?.headers["Session"] == "4711")
        #expect(!client.session.isPlaying)

        let info = "RTP-Info: url=rtsp://camera:8554/live/trackID=1;seq=65535;rtptime=4294967295"
        let started = try client.answer("200 OK", [info])
        #expect(
            started == [
                .started(
                    .init(url: "rtsp://camera:8554/live/trackID=1", sequence: 65535, timestamp: 4_294_967_295)
                )
            ]
        )
        #expect(client.session.isPlaying)

        #expect(client.pass(13) == [])
        let sign = try #require(client.pass(1).request)
        #expect(sign.method == "GET_PARAMETER")
        #expect(sign.uri == "rtsp://camera:8554/live/")
        #expect(sign.headers["Session"] == "4711")
        #expect(sign.body.readableBytes == 0)
        #expect(try client.answer("200 OK") == [])
        #expect(client.pass(13) == [])
        #expect(client.pass(1).request?.method == "GET_PARAMETER")
        _ = try client.answer("200 OK")

        #expect(client.stop().request?.method == "TEARDOWN")
        #expect(client.stop() == [])
        #expect(try client.answer("200 OK") == [.close(nil)])
        #expect(client.session.hasEnded)
        #expect(client.pass(100) == [])
    }

    @Test("before a session exists, stopping closes at once")
    func stopEarly() throws {
        var client = try ClientDialogue()
        #expect(client.stop() == [.close(nil)])
        client = try ClientDialogue()
        _ = try client.describe()
        #expect(client.stop() == [.close(nil)])
        #expect(try client.answer("200 OK", ["Session: 1"]) == [])
    }

    @Test("each request has its time; the failure names it and may be repeated soon")
    func timeouts() throws {
        var client = try ClientDialogue()
        #expect(client.pass(9.9) == [])
        #expect(client.pass(0.1).failure?.code == .timedOut)

        for (step, method) in ["DESCRIBE", "SETUP", "PLAY"].enumerated() {
            client = try ClientDialogue()
            _ = client.connect()
            if step > 0 { _ = try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video) }
            if step > 1 { _ = try client.answer("200 OK", ["Session: 1"]) }
            #expect(client.pass(9.9) == [])
            let failure = try #require(client.pass(0.1).failure)
            #expect(failure.code == .timedOut)
            #expect(failure.retry == .soon)
            #expect(failure.message.contains(method))
        }
    }

    @Test("a sign of life without an answer ends the session only when no picture comes either")
    func silentCamera() throws {
        var client = try ClientDialogue()
        try client.play()
        #expect(client.pass(27).request?.method == "GET_PARAMETER")
        #expect(client.pass(9.9) == [])
        #expect(client.pass(0.1).failure?.code == .timedOut)
    }

    @Test("a connection that cannot be opened, breaks or turns to noise is a failure to repeat soon")
    func connection() throws {
        var client = try ClientDialogue()
        let refused = try #require(client.session.connectFailed("connection refused").failure)
        #expect(refused.code == .disconnected)
        #expect(refused.message.contains("connection refused"))
        client = try ClientDialogue()
        _ = try client.describe()
        let noise = client.session.receiveGarbage(RTSPError(.malformed, "more than 1 bytes in a row are no RTSP"))
        #expect(noise.failure?.code == .malformed)
        #expect(noise.failure?.retry == .soon)
    }

    @Test(
        "what a camera refuses tells when to try again and what to do",
        arguments: [
            ("DESCRIBE", "404 Not Found", RTSPError.Code.notFound, RTSPError.Retry.slowly, "path"),
            ("DESCRIBE", "403 Forbidden", .refused, .slowly, "allow"),
            ("DESCRIBE", "503 Service Unavailable", .refused, .soon, "raise its limit"),
            ("SETUP", "461 Unsupported Transport", .otherTransport, .never, "udp"),
            ("SETUP", "453 Not Enough Bandwidth", .refused, .soon, "close others"),
            ("PLAY", "454 Session Not Found", .refused, .soon, "session"),
            ("PLAY", "500 Whatever", .refused, .soon, "500 Whatever"),
        ]
    )
    func refusals(method: String, status: String, code: RTSPError.Code, retry: RTSPError.Retry, advice: String) throws {
        var client = try ClientDialogue("rtsp://u:hunter2@camera/live")
        switch method {
        case "DESCRIBE": _ = client.connect()
        case "SETUP": _ = try client.describe()
        default: _ = try client.setUp()
        }
        let failure = try #require(try client.answer(status).failure)
        #expect(failure.code == code)
        #expect(failure.retry == retry)
        #expect(failure.isRetriable == (retry != .never))
        #expect(failure.status == Int(status.prefix(3)))
        #expect(failure.message.contains(advice))
        #expect(failure.message.contains("rtsp://camera/live"))
        #expect(failure.message.contains(method))
        #expect(!failure.message.contains("hunter2"))
    }

    @Test(
        "a description without video that can be watched is refused with what it holds",
        arguments: [
            ("m=audio 0 RTP/AVP 0\na=rtpmap:0 PCMU/8000", "audio PCMU"),
            ("m=video 0 RTP/AVP 96\na=rtpmap:96 MP4V-ES/90000", "video MP4V-ES"),
            ("t=0 0", "no track"),
        ]
    )
    func noVideo(media: String, found: String) throws {
        var client = try ClientDialogue()
        let failure = try #require(try client.describe(media).failure)
        #expect(failure.code == .noVideo)
        #expect(failure.message.contains(found))
    }

    @Test("a description that is none is refused")
    func noDescription() throws {
        var client = try ClientDialogue()
        _ = client.connect()
        let failure = try #require(try client.answer("200 OK", body: "<html>\u{1b}[31m").failure)
        #expect(failure.code == .malformed)
        #expect(failure.message.hasSuffix("<html>?[31m"))
    }

    @Test("a provisional answer is waited through")
    func provisional() throws {
        var client = try ClientDialogue()
        _ = client.connect()
        #expect(try client.answer("100 Continue") == [])
        #expect(try client.answer("200 OK", body: "v=0\n" + ClientDialogue.video).request?.method == "SETUP")
    }

    @Test("any answers in any order end or go on, and nothing else happens")
    func anyAnswers() throws {
        var generator = SplitMix(seed: 5)
        let statuses = [100, 200, 302, 400, 401, 404, 405, 451, 454, 455, 457, 459, 461, 500, 503]
        let headers = [
            "Session: 1;timeout=1", "Session: ", "Location: rtsp://b/c", "Location: ", "Transport: RTP/AVP",
            "Transport: RTP/AVP/TCP;interleaved=9-8", "Public: OPTIONS", "Content-Base: ://", "RTP-Info: ,;=url=,seq",
            "WWW-Authenticate: Digest nonce=\"\", realm=\"\"", "WWW-Authenticate: Basic, ,", "CSeq: -1",
        ]
        var ended = 0
        for _ in 0..<500 {
            var client = try ClientDialogue("rtsp://u:p@a/b")
            _ = client.connect()
            for _ in 0..<30 where !client.session.hasEnded {
                let chosen = headers.filter { _ in Int.random(in: 0..<4, using: &generator) == 0 }
                let status = statuses[Int.random(in: 0..<statuses.count, using: &generator)]
                let body = Bool.random(using: &generator) ? "v=0\n" + ClientDialogue.video : ""
                let actions = try client.answer("\(status) x", chosen, body: body)
                if actions.contains(where: { if case .redirect = $0 { true } else { false } }) { _ = client.connect() }
                _ = client.pass(3)
            }
            if client.session.hasEnded { ended += 1 }
        }
        #expect(ended > 400)
    }
}
