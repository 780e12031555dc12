import Flow
import RTSP
import Testing

/// Each test is a camera that does something its own way.
///
/// What needs a login is in ClientAuthenticationTests, what is
/// about addresses in ClientControlTests, what is about bytes in ClientParserTests.
@Suite struct ClientQuirkTests {
    @Test("Content-Base with a private address: asked on our host, then as it is written, until one is taken")
    func wrongContentBase() throws {
        var client = try ClientDialogue("rtsp://203.0.113.9/live")
        let first = try client.describe(ClientDialogue.video + "\na=control:t1", ["Content-Base: rtsp://10.0.0.2/s/"])
        #expect(first.request?.uri == "rtsp://203.0.113.9/s/t1")
        #expect(try client.answer("404 Not Found").request?.uri == "rtsp://10.0.0.2/s/t1")
        let play = try client.answer("200 OK", ["Session: 1"])
        #expect(play.request?.uri == "rtsp://10.0.0.2/s/")
        #expect(client.methods == ["DESCRIBE", "SETUP", "SETUP", "PLAY"])
    }

    @Test("every candidate refused: the last refusal is the failure")
    func allCandidatesRefused() throws {
        var client = try ClientDialogue("rtsp://203.0.113.9/live")
        _ = try client.describe(ClientDialogue.video + "\na=control:t1", ["Content-Base: rtsp://10.0.0.2/s/"])
        _ = try client.answer("404 Not Found")
        _ = try client.answer("404 Not Found")
        #expect(try client.answer("404 Not Found").failure?.code == .notFound)
    }

    @Test("absolute control URL of another host, with the account in it")
    func absoluteControl() throws {
        var client = try ClientDialogue("rtsp://u:p@203.0.113.9/live")
        let actions = try client.describe(ClientDialogue.video + "\na=control:rtsp://u:p@10.0.0.2:554/live/t=v")
        #expect(actions.request?.uri == "rtsp://203.0.113.9/live/t=v")
    }

    @Test("CSeq missing, or that of the request before: with one request on its way it is the answer")
    func missingCSeq() throws {
        var client = try ClientDialogue()
        _ = client.connect()
        let body = "v=0\n" + ClientDialogue.video
        let setUp = try client.camera("RTSP/1.0 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n" + body)
        #expect(setUp.request?.method == "SETUP")
        #expect(try client.camera("RTSP/1.0 200 OK\nCSeq: 1\nSession: 1\n\n").request?.method == "PLAY")
        #expect(try client.camera("RTSP/1.0 200 OK\nCSeq: seven\n\n") == [.started(nil)])
        #expect(try client.camera("RTSP/1.0 454 Session Not Found\n\n") == [], "nothing was asked")
    }

    @Test("an answer that comes after its request was given up is not taken for another one")
    func lateAnswer() throws {
        var client = try ClientDialogue()
        try client.play()
        _ = client.pass(27)
        #expect(client.stop().request?.method == "TEARDOWN")
        #expect(try client.camera("RTSP/1.0 200 OK\nCSeq: 4\n\n") == [])
        #expect(try client.answer("200 OK") == [.close(nil)])
    }

    @Test(
        "a Session header with blanks and a time-out in an odd form",
        arguments: [
            ("  4711 ; timeout = 20 ", 20), ("4711;Timeout=20s", 20), ("4711;timeout=\"20.5\";x=y", 20),
            ("4711;timeout=1", 3), ("4711;timeout=4", 4), ("4711;timeout=99999999", 120), ("4711;timeout=60000", 120),
            ("4711", 60), ("4711;timeout=0", 60),
            ("4711;timeout=", 60), ("4711;timeout=-5", 60), ("4711;timeout=99999999999999999999", 60),
        ]
    )
    func sessionHeader(value: String, timeout: Double) throws {
        var client = try ClientDialogue()
        try client.play(value)
        #expect(client.pass(timeout * 0.45 - 0.1) == [])
        #expect(client.pass(0.2).request?.headers["Session"] == "4711")
    }

    @Test("the session that SETUP makes counts, whatever an answer before it has called one")
    func sessionOfSetUp() throws {
        var client = try ClientDialogue()
        _ = try client.describe(ClientDialogue.video, ["Session: 99"])
        #expect(try client.answer("200 OK", ["Session: 4711"]).request?.headers["Session"] == "4711")
        _ = try client.answer("200 OK", ["Session: 12"])
        #expect(client.pass(27).request?.headers["Session"] == "4711")
    }

    @Test(
        "a refused SETUP is tried at each address, then with the next video track",
        arguments: [403, 404, 451, 459, 500]
    )
    func otherWays(status: Int) throws {
        var client = try ClientDialogue()
        let track = ClientDialogue.video + "\na=control:"
        let first = try client.describe(track + "a\nm=audio 0 RTP/AVP 8\n" + track + "b", ["Content-Base: rtsp://x/y/"])
        var asked = [first.request?.uri]
        while let request = try client.answer("\(status) No").request { asked.append(request.uri) }
        #expect(
            asked == [
                "rtsp://camera/y/a", "rtsp://x/y/a", "rtsp://camera/live/a", "rtsp://camera/y/b", "rtsp://x/y/b",
                "rtsp://camera/live/b",
            ]
        )
        #expect(client.session.hasEnded)
    }

    @Test("a camera without a free session is asked once", arguments: [453, 503])
    func noFreeSession(status: Int) throws {
        var client = try ClientDialogue()
        _ = try client.describe(ClientDialogue.video + "\na=control:a", ["Content-Base: rtsp://x/y/"])
        #expect(try client.answer("\(status) No").failure?.status == status)
    }

    @Test("encrypted video is told as such, unless there is another track, or no key for it")
    func encrypted() throws {
        let secret = ClientDialogue.video.replacing("RTP/AVP", with: "RTP/SAVP") + "\na=control:s\n"
        for described in [secret + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\n", "a=key-mgmt:mikey x\n" + secret] {
            var client = try ClientDialogue()
            let failure = try #require(try client.describe(described).failure)
            #expect(failure.message.contains("SRTP") && failure.code == .unsupported)
            client = try ClientDialogue()
            let both = described + ClientDialogue.video + "\na=control:p"
            #expect(try client.describe(both).request?.uri == "rtsp://camera/live/p")
        }
        var client = try ClientDialogue()
        #expect(try client.describe(secret).request?.uri == "rtsp://camera/live/s")
    }

    @Test("no Session header at all")
    func noSession() throws {
        var client = try ClientDialogue()
        #expect(try client.setUp([]).request?.headers["Session"] == nil)
        #expect(try client.answer("200 OK") == [.started(nil)])
    }

    @Test(
        "the server's channels differ from those asked for, or are not told",
        arguments: [
            ("RTP/AVP/TCP;unicast;interleaved=4-5", UInt8(4), UInt8(5)),
            ("RTP/AVP/TCP;interleaved=2", 2, 3),
            ("RTP/AVP;unicast;interleaved=6-7", 6, 7),
            ("RTP/AVP/TCP;unicast", 0, 1),
            ("RTP/AVP/TCP;interleaved=255-256", 0, 1),
            ("nonsense", 0, 1),
        ]
    )
    func channels(transport: String, rtp: UInt8, rtcp: UInt8) throws {
        var client = try ClientDialogue()
        let actions = try client.setUp(["Session: 1", "Transport: " + transport])
        #expect(actions.track?.channels == .init(rtp: rtp, rtcp: rtcp))
    }

    @Test("a source as 0x number")
    func source() throws {
        var client = try ClientDialogue()
        #expect(try client.setUp(["Transport: RTP/AVP/TCP;interleaved=0-1;ssrc=0xD5"]).track?.ssrc == 0xd5)
    }

    @Test("UDP is answered although TCP was asked for")
    func udp() throws {
        var client = try ClientDialogue()
        let failure = try #require(try client.setUp(["Transport: RTP/AVP;unicast;client_port=5000-5001"]).failure)
        #expect(failure.code == .otherTransport)
        #expect(!failure.isRetriable)
    }

    @Test("audio first, and an ONVIF metadata track with a line that is no RTP")
    func audioFirst() throws {
        var client = try ClientDialogue()
        let media = """
            m=audio 0 RTP/AVP 0
            a=rtpmap:0 PCMU/8000
            a=control:a
            m=application 0 TCP vnd.onvif.metadata
            a=control:m
            m=video 0 RTP/AVP 96
            a=rtpmap:96 H265/90000
            a=control:v
            """
        #expect(try client.describe(media).request?.uri == "rtsp://camera/live/v")
        let track = try #require(try client.answer("200 OK", ["Session: 1"]).track)
        #expect(track.media.codec == .h265)
        #expect(track.parameterSets == nil)
    }

    @Test("two video tracks: the first whose coding can be decoded")
    func twoVideoTracks() throws {
        var client = try ClientDialogue()
        let media = """
            m=video 0 RTP/AVP 97
            a=rtpmap:97 VP8/90000
            a=control:one
            m=video 0 RTP/AVP 26
            a=control:two
            \(ClientDialogue.video)
            a=control:three
            """
        #expect(try client.describe(media).request?.uri == "rtsp://camera/live/two")
        #expect(try client.answer("200 OK").track?.media.codec == .mjpeg)
    }

    @Test("no a=control: the stream itself is set up")
    func noControl() throws {
        var client = try ClientDialogue()
        #expect(try client.describe().request?.uri == "rtsp://camera/live")
    }

    @Test(
        "parameter sets in the description only: without padding, with start codes, in one piece, beside broken text",
        arguments: ["Z0LAHtk=,aM4=", "Z0LAHtk,aM4", "AAAAAWdCwB7Z,AAAAAWjO", "AAAAAWdCwB7ZAAAAAWjO", "Z0LAHtk=,!,aM4="]
    )
    func setsInDescription(text: String) throws {
        var client = try ClientDialogue()
        _ = try client.describe("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=" + text)
        let sets = try client.answer("200 OK").track?.parameterSets
        #expect(sets?.sequence == [[0x67, 0x42, 0xc0, 0x1e, 0xd9]])
        #expect(sets?.picture == [[0x68, 0xce]])
    }

    @Test("a sequence parameter set without a picture parameter set is not enough")
    func halfSets() throws {
        var client = try ClientDialogue()
        _ = try client.describe("m=video 0 RTP/AVP 96\na=rtpmap:96 H264/90000\na=fmtp:96 sprop-parameter-sets=Z0LAHtk=")
        #expect(try client.answer("200 OK").track?.parameterSets == nil)
    }

    @Test("redirect 302: followed with the account to the same host and port, without it elsewhere, three times")
    func redirect() throws {
        var client = try ClientDialogue("rtsp://u:p@camera/live")
        for hop in ["rtsp://camera:554/a", "rtsps://camera/b", "rtsps://other/c"] {
            _ = client.connect()
            guard case .redirect(let url) = try #require(try client.answer("302 Found", ["Location: \(hop)"]).first)
            else { throw RTSPError(.malformed, "no redirect") }
            #expect(url.requestURI == hop)
            #expect(url.user == (hop.contains(":554") ? "u" : nil))
            #expect(client.session.disconnected() == [], "the owner closes the old connection")
        }
        #expect(client.connect().request?.uri == "rtsps://other/c")
        let failure = try client.answer("302 Found", ["Location: rtsps://other/d"]).failure
        #expect(failure?.code == .redirectLoop)
        #expect(failure?.retry == .slowly)
    }

    @Test(
        "a server behind a redirect that asks for a password is named, and gets none",
        arguments: ["other", "camera:8554"]
    )
    func redirectThatAsks(host: String) throws {
        var client = try ClientDialogue("rtsp://u:hunter2@camera/live")
        _ = client.connect()
        _ = try client.answer("302 Found", ["Location: rtsp://\(host)/a"])
        let request = try #require(client.connect().request)
        #expect(request.headers["Authorization"] == nil)
        let failure = try #require(try client.answer("401 No", ["WWW-Authenticate: Basic realm=x"]).failure)
        #expect(failure.code == .unauthorized)
        #expect(failure.message.contains(host) && !failure.message.contains("hunter2"))
    }

    @Test(
        "a camera elsewhere sends nobody to the machine that asks or to its wire",
        arguments: ["127.0.0.1", "2130706433", "[::1]", "localhost", "169.254.169.254", "[fe80::1]"]
    )
    func redirectHome(host: String) throws {
        var client = try ClientDialogue("rtsp://camera/live")
        _ = client.connect()
        let failure = try client.answer("302 Found", ["Location: rtsp://\(host):22/a"]).failure
        #expect(failure?.code == .unsupported)
        var near = try ClientDialogue("rtsp://127.0.0.2/live")
        _ = near.connect()
        let isLoopback = HostPlace(ofLiteral: host) == .thisMachine
        #expect((try near.answer("302 Found", ["Location: rtsp://\(host)/a"]).failure == nil) == isLoopback)
    }

    @Test(
        "a redirect to another scheme, to plain text or to nowhere is not followed",
        arguments: ["http://camera/", "rtsp://camera/", "file:///etc/passwd", "camera"]
    )
    func badRedirect(location: String) throws {
        var client = try ClientDialogue("rtsps://u:hunter2@camera/live")
        _ = client.connect()
        let failure = try #require(try client.answer("301 Moved", ["Location: \(location)"]).failure)
        #expect(!failure.message.contains("hunter2"))
        var other = try ClientDialogue()
        _ = other.connect()
        #expect(try other.answer("302 Found").failure?.code == .refused)
    }

    @Test("the server asks in the middle of everything and gets its answers")
    func serverRequests() throws {
        var client = try ClientDialogue()
        _ = try client.describe()
        let options = try client.camera("OPTIONS * RTSP/1.0\nCSeq: 90\n\n")
        #expect(options.response?.status == .ok)
        #expect(options.response?.headers["CSeq"] == "90")
        #expect(options.response?.headers["Public"]?.contains("REDIRECT") == true)
        #expect(options.request == nil)
        #expect(try client.answer("200 OK", ["Session: 1"]).request?.method == "PLAY")
        let announce = "ANNOUNCE rtsp://camera/live RTSP/1.0\nCSeq: 91\nSession: 1\nContent-Length: 4\n\nv=0\n"
        #expect(try client.camera(announce).response?.status == .ok)
        #expect(try client.camera("GET_PARAMETER * RTSP/1.0\nCSeq: 92\n\n").response?.status == .ok)
        #expect(try client.camera("RECORD * RTSP/1.0\nCSeq: 93\n\n").response?.status == .notImplemented)
        #expect(try client.answer("200 OK") == [.started(nil)])
        let moved = try client.camera("REDIRECT * RTSP/1.0\nCSeq: 94\nLocation: rtsp://camera/b\n\n")
        #expect(moved.response?.status == .ok)
        #expect(moved.last == .redirect(try RTSPURL("rtsp://camera/b")))
    }

    @Test("the server takes leave itself")
    func serverTearDown() throws {
        var client = try ClientDialogue()
        try client.play()
        let actions = try client.camera("TEARDOWN rtsp://camera/live RTSP/1.0\nCSeq: 1\n\n")
        #expect(actions.response?.status == .ok)
        #expect(actions.failure?.retry == .soon)
    }

    @Test("GET_PARAMETER refused: OPTIONS from then on", arguments: [400, 405, 451, 454, 501, 551])
    func refusedSign(status: Int) throws {
        var client = try ClientDialogue()
        try client.play()
        client.session.receiveFrame(at: MediaTime(seconds: 26))
        #expect(client.pass(27).request?.method == "GET_PARAMETER")
        let sign = try client.answer("\(status) No")
        #expect(sign.request?.method == "OPTIONS")
        #expect(sign.request?.headers["Session"] == "4711")
        #expect(try client.answer("405 No") == [], "any answer is a sign of life")
        #expect(client.pass(27).request?.method == "OPTIONS")
    }

    @Test("GET_PARAMETER refused under the number of the request before")
    func refusedSignWithOldNumber() throws {
        var client = try ClientDialogue()
        try client.play("4711;timeout=15")
        #expect(client.pass(6.75).request?.headers["CSeq"] == "4")
        #expect(try client.camera("RTSP/1.0 400 Bad Request\nCSeq: 3\n\n").request?.method == "OPTIONS")
        #expect(try client.answer("200 OK") == [])
    }

    @Test("GET_PARAMETER not offered: OPTIONS at once")
    func signNotOffered() throws {
        var client = try ClientDialogue()
        _ = try client.setUp(["Session: 1", "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN"])
        _ = try client.answer("200 OK")
        #expect(client.pass(27).request?.method == "OPTIONS")
    }

    @Test("signs of life never answered while pictures come: the session goes on")
    func signNeverAnswered() throws {
        var client = try ClientDialogue()
        try client.play()
        #expect(client.pass(27).request?.method == "GET_PARAMETER")
        client.session.receiveFrame(at: MediaTime(seconds: 36))
        #expect(client.pass(10).request?.method == "OPTIONS")
        client.session.receiveFrame(at: MediaTime(seconds: 46))
        #expect(client.pass(10) == [])
        #expect(client.pass(27).request?.method == "OPTIONS")
    }

    @Test("454 on a sign of life while no picture comes: the session is gone, and a new one may be had soon")
    func sessionGone() throws {
        var client = try ClientDialogue()
        try client.play()
        _ = client.pass(27)
        let failure = try #require(try client.answer("454 Session Not Found").failure)
        #expect(failure.status == 454)
        #expect(failure.retry == .soon)
    }

    @Test("frames before the answer to PLAY: the track is known by then")
    func framesBeforePlay() throws {
        var client = try ClientDialogue()
        let actions = try client.setUp()
        #expect(actions.track != nil)
        let frame = "$\u{0}\u{0}\u{c}\u{1}23456789abc"
        #expect(try client.camera(frame + "RTSP/1.0 200 OK\r\nCSeq: ?\r\n\r\n" + frame) == [.started(nil)])
    }

    @Test("OPTIONS wanted first: asked when DESCRIBE is refused, once", arguments: [400, 405, 455, 501])
    func optionsFirst(status: Int) throws {
        var client = try ClientDialogue()
        _ = client.connect()
        #expect(try client.answer("\(status) No").request?.method == "OPTIONS")
        #expect(try client.answer("200 OK", ["Public: DESCRIBE"]).request?.method == "DESCRIBE")
        #expect(try client.answer("\(status) No").failure?.status == status)
    }

    @Test("the range of PLAY is not understood: once more without")
    func range() throws {
        var client = try ClientDialogue()
        #expect(try client.setUp().request?.headers["Range"] == "npt=0.000-")
        let again = try client.answer("457 Invalid Range")
        #expect(again.request?.method == "PLAY")
        #expect(again.request?.headers["Range"] == nil)
        #expect(try client.answer("457 Invalid Range").failure != nil)
    }

    @Test("PLAY of the whole stream is refused: once more for the track")
    func aggregate() throws {
        var client = try ClientDialogue()
        _ = try client.describe(ClientDialogue.video + "\na=control:t1")
        #expect(try client.answer("200 OK", ["Session: 1"]).request?.uri == "rtsp://camera/live")
        #expect(try client.answer("459 Aggregate").request?.uri == "rtsp://camera/live/t1")
        #expect(try client.answer("459 Aggregate").failure?.status == 459)
    }

    @Test(
        "RTP-Info in odd forms",
        arguments: [
            ("url=rtsp://camera/live/t1;seq=1;rtptime=2", 1, 2),
            ("url=rtsp://camera/live/a;seq=8;rtptime=9, url=rtsp://camera/live/t1; seq=1; rtptime=2", 1, 2),
            ("url=t1;rtptime=-2;seq=70000", nil, nil),
            ("url=rtsp://camera/a,b;c/t1;seq=1", 1, nil),
            ("seq=1;rtptime=2", 1, 2),
        ] as [(String, UInt16?, UInt32?)]
    )
    func rtpInfo(value: String, sequence: UInt16?, timestamp: UInt32?) throws {
        var client = try ClientDialogue()
        _ = try client.describe(ClientDialogue.video + "\na=control:t1")
        _ = try client.answer("200 OK", ["Session: 1"])
        guard case .started(let info) = try #require(try client.answer("200 OK", ["RTP-Info: " + value]).first) else {
            throw RTSPError(.malformed, "not started")
        }
        #expect(info?.sequence == sequence)
        #expect(info?.timestamp == timestamp)
    }

    @Test("TEARDOWN never answered: closed a second later, also by a camera that wants another proof first")
    func silentTearDown() throws {
        var client = try ClientDialogue()
        try client.play()
        _ = client.stop()
        #expect(client.pass(0.9) == [])
        #expect(client.pass(0.1) == [.close(nil)])
        client = try ClientDialogue("rtsp://u:p@camera/live")
        try client.play()
        _ = client.stop()
        client.now = MediaTime(seconds: 0.9)
        let challenge = ["WWW-Authenticate: Digest realm=\"r\", nonce=\"n\""]
        #expect(try client.answer("401 Unauthorized", challenge).request?.method == "TEARDOWN")
        #expect(client.pass(0.2) == [.close(nil)])
    }

    @Test("the server closes: a failure before and while playing, the orderly end after TEARDOWN")
    func serverCloses() throws {
        var client = try ClientDialogue()
        _ = client.connect()
        let early = try #require(client.session.disconnected().failure)
        #expect(early.code == .disconnected)
        #expect(early.message.contains("DESCRIBE"))
        #expect(client.session.disconnected() == [])
        client = try ClientDialogue()
        try client.play()
        #expect(client.session.disconnected().failure?.retry == .soon)
        client = try ClientDialogue()
        try client.play()
        _ = client.stop()
        #expect(client.session.disconnected() == [.close(nil)])
    }
}
