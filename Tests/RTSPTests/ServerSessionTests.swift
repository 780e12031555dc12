import Flow
import NIOCore
import RTSP
import Testing

/// One camera at `cam/1`.
private struct OneCamera: ServerCatalogue {
    func description(ofPath path: String) -> SessionDescription? {
        guard path == "cam/1" else { return nil }
        let sets = ParameterSets(codec: .h264, sequence: [[0x67, 0x42, 0xc0, 0x1e]], picture: [[0x68, 0xce]])
        return SessionDescription(name: "cam/1", media: [MediaDescription(video: sets, control: "trackID=0")])
    }

    func position(ofPath path: String, at now: MediaTime) -> RTPPosition? {
        guard path == "cam/1" else { return nil }
        return RTPPosition(sequence: 77, timestamp: UInt32(now.seconds * 90_000), ssrc: 0xabcd)
    }
}

/// A connection whose client is typed in.
private struct Dialogue {
    var session: ServerSession
    var now = MediaTime.zero
    private var sequence = 0

    init(account: Authenticator.Account? = nil) {
        let authenticator = account.map { Authenticator(account: $0, nonce: "abc") }
        session = ServerSession(options: .init(), authenticator: authenticator, id: "5e551017", now: .zero)
    }

    mutating func ask(
        _ method: String,
        _ uri: String = "rtsp://host/cam/1",
        _ headers: RTSPHeaders = [:],
        body: String = ""
    ) -> [ServerAction] {
        sequence += 1
        var headers = headers
        headers["CSeq"] = headers["CSeq"] ?? String(sequence)
        let request = RTSPRequest(method: method, uri: uri, headers: headers, body: ByteBuffer(string: body))
        return session.receive(request, at: now, from: OneCamera())
    }

    mutating func setUp(_ transport: String = "RTP/AVP/TCP;unicast;interleaved=4-5") -> [ServerAction] {
        ask("SETUP", "rtsp://host/cam/1/trackID=0", ["Transport": transport])
    }

    mutating func play() -> [ServerAction] {
        ask("PLAY", "rtsp://host/cam/1/", ["Session": "5e551017", "Range": "npt=0.000-"])
    }
}

extension [ServerAction] {
    /// The response among the actions.
    fileprivate var response: RTSPResponse? {
        compactMap { if case .respond(let response) = $0 { response } else { nil } }.first
    }

    fileprivate var code: Int? { response?.status.code }
}

@Suite struct ServerSessionTests {
    private let channels = TransportHeader.Channels(rtp: 4, rtcp: 5)

    @Test("a player's usual way: OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, PLAY, TEARDOWN")
    func usual() throws {
        var client = Dialogue()
        let options = client.ask("OPTIONS", "*")
        #expect(options.code == 200)
        #expect(options.response?.headers["Public"]?.contains("GET_PARAMETER") == true)

        let description = try #require(
            client.ask("DESCRIBE", "rtsp://host/cam/1", ["Accept": "application/sdp"]).response
        )
        #expect(description.headers["CSeq"] == "2")
        #expect(description.headers["Content-Type"] == "application/sdp")
        #expect(description.headers["Content-Base"] == "rtsp://host/cam/1/")
        #expect(try SessionDescription(reading: String(buffer: description.body)).media.count == 1)

        let setUp = try #require(client.setUp().response)
        #expect(setUp.headers["Session"] == "5e551017;timeout=60")
        #expect(setUp.headers["Transport"] == "RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=0000ABCD;mode=\"PLAY\"")
        #expect(!client.session.isPlaying)

        client.now = MediaTime(seconds: 2)
        let play = client.play()
        #expect(play.response?.headers["RTP-Info"] == "url=rtsp://host/cam/1/trackID=0;seq=77;rtptime=180000")
        #expect(play.response?.headers["Range"] == "npt=now-")
        #expect(play.last == .start(path: "cam/1", channels: channels))
        #expect(client.session.isPlaying)

        let pause = client.ask("PAUSE", "rtsp://host/cam/1", ["Session": "5e551017"])
        #expect(pause.first == .stop)
        #expect(pause.code == 200)
        #expect(client.play().last == .start(path: "cam/1", channels: channels))
        let end = client.ask("TEARDOWN", "rtsp://host/cam/1", ["Session": "5e551017"])
        #expect(end.first == .stop)
        #expect(end.code == 200)
        #expect(!client.session.isPlaying)
        #expect(client.setUp().code == 200, "the connection can be used again")
    }

    @Test("a stream that does not exist is not found", arguments: ["rtsp://host/cam/2", "rtsp://host/", "*", "cam/1"])
    func notFound(uri: String) {
        var client = Dialogue()
        #expect(client.ask("DESCRIBE", uri).code == 404)
        #expect(client.ask("SETUP", uri, ["Transport": "RTP/AVP/TCP"]).code == 404)
        #expect(client.ask("SETUP", "rtsp://host/cam/1/trackID=9", ["Transport": "RTP/AVP/TCP"]).code == 404)
    }

    @Test("a description in another form than SDP cannot be given")
    func notAcceptable() {
        var client = Dialogue()
        #expect(client.ask("DESCRIBE", "rtsp://host/cam/1", ["Accept": "application/rtsl"]).code == 406)
        #expect(client.ask("DESCRIBE", "rtsp://host/cam/1", ["Accept": "text/html, application/SDP"]).code == 200)
    }

    @Test(
        "only interleaved TCP is set up; it is found among the alternatives",
        arguments: [
            ("RTP/AVP;unicast;client_port=5000-5001", 461),
            ("RTP/AVP;multicast", 461),
            ("RTP/AVP/TCP;interleaved=0-1;mode=record", 461),
            ("RTP/AVP/TCP;multicast;interleaved=0-1", 461),
            ("", 461),
            ("RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=0-1", 200),
            ("RTP/AVP/TCP", 200),
        ]
    )
    func transports(value: String, code: Int) {
        var client = Dialogue()
        #expect(client.setUp(value).code == code)
    }

    @Test("a client that names no channels gets 0 and 1, and the stream's own URL may be set up")
    func defaults() {
        var client = Dialogue()
        let actions = client.ask("SETUP", "rtsp://host/cam/1", ["Transport": "RTP/AVP/TCP;unicast"])
        #expect(actions.response?.headers["Transport"]?.contains("interleaved=0-1") == true)
    }

    @Test("a second SETUP changes the channels before PLAY and is refused after it or without the session")
    func secondSetUp() {
        var client = Dialogue()
        _ = client.setUp()
        #expect(client.setUp().code == 454)
        let again = client.ask(
            "SETUP",
            "rtsp://host/cam/1/trackID=0",
            ["Transport": "RTP/AVP/TCP;interleaved=8-9", "Session": "5e551017"]
        )
        #expect(again.code == 200)
        #expect(client.play().last == .start(path: "cam/1", channels: .init(rtp: 8, rtcp: 9)))
        #expect(client.setUp().code == 455)
        #expect(client.session.isPlaying)
    }

    @Test("methods that need a session are refused before SETUP", arguments: ["PLAY", "PAUSE"])
    func beforeSetUp(method: String) {
        var client = Dialogue()
        #expect(client.ask(method).code == 455)
        #expect(client.ask(method, "rtsp://host/cam/1", ["Session": "5e551017"]).code == 454)
    }

    @Test("another session's name is refused", arguments: ["PLAY", "PAUSE", "TEARDOWN", "GET_PARAMETER", "SETUP"])
    func wrongSession(method: String) {
        var client = Dialogue()
        _ = client.setUp()
        #expect(client.ask(method, "rtsp://host/cam/1", ["Session": "other", "Transport": "RTP/AVP/TCP"]).code == 454)
        #expect(client.play().code == 200)
    }

    @Test("a second PLAY is answered and starts nothing anew")
    func playTwice() {
        var client = Dialogue()
        _ = client.setUp()
        _ = client.play()
        let again = client.play()
        #expect(again.count == 1)
        #expect(again.code == 200)
    }

    @Test("a range that cannot be read is refused")
    func range() {
        var client = Dialogue()
        _ = client.setUp()
        let actions = client.ask("PLAY", "rtsp://host/cam/1", ["Session": "5e551017", "Range": "smpte=0:1-"])
        #expect(actions.code == 457)
        #expect(!client.session.isPlaying)
    }

    @Test("GET_PARAMETER without a body is a sign of life; parameters are unknown")
    func parameters() {
        var client = Dialogue()
        #expect(client.ask("GET_PARAMETER").code == 200)
        _ = client.setUp()
        let headers: RTSPHeaders = ["Session": "5e551017;timeout=60"]
        #expect(client.ask("GET_PARAMETER", "rtsp://host/cam/1", headers).code == 200)
        #expect(client.ask("GET_PARAMETER", "rtsp://host/cam/1", headers, body: "jitter\r\n").code == 451)
    }

    @Test("what is not offered is refused by its own code")
    func notOffered() {
        var client = Dialogue()
        #expect(client.ask("RECORD").code == 405)
        #expect(client.ask("ANNOUNCE").response?.headers["Allow"]?.contains("PLAY") == true)
        #expect(client.ask("BREW").code == 501)
        let required = client.ask("OPTIONS", "*", ["Require": "implicit-play"])
        #expect(required.code == 551)
        #expect(required.response?.headers["Unsupported"] == "implicit-play")
        #expect(client.ask("OPTIONS", "*", ["CSeq": "one"]).code == 400)
    }

    @Test("another version of the protocol is refused and the connection closed")
    func version() {
        var client = Dialogue()
        let request = RTSPRequest(method: "GET", uri: "/", version: "HTTP/1.1")
        let actions = client.session.receive(request, at: .zero, from: OneCamera())
        #expect(actions.code == 505)
        #expect(actions.last == .close)
    }

    @Test("garbage ends the session and the connection")
    func garbage() {
        var client = Dialogue()
        _ = client.setUp()
        _ = client.play()
        let actions = client.session.receiveGarbage()
        #expect(actions.code == 400)
        #expect(actions.suffix(2) == [.stop, .close])
    }

    @Test("a client that wants the connection closed gets its answer first")
    func connectionClose() {
        var client = Dialogue()
        let actions = client.ask("OPTIONS", "*", ["Connection": "close"])
        #expect(actions.code == 200)
        #expect(actions.last == .close)
    }

    @Test("a session without a sign of life ends after its timeout; requests and reports are signs")
    func timeout() {
        var client = Dialogue()
        _ = client.setUp()
        _ = client.play()
        client.now = MediaTime(seconds: 50)
        #expect(client.ask("OPTIONS", "*").code == 200)
        #expect(client.session.timePassed(to: MediaTime(seconds: 109)) == [])
        client.session.receiveFrame(at: MediaTime(seconds: 109))
        #expect(client.session.timePassed(to: MediaTime(seconds: 169)) == [])
        #expect(client.session.timePassed(to: MediaTime(seconds: 169.1)) == [.stop, .close])
        #expect(!client.session.isPlaying)
    }

    @Test("a connection without a session is closed sooner")
    func idle() {
        var client = Dialogue()
        #expect(client.session.timePassed(to: MediaTime(seconds: 30)) == [])
        #expect(client.session.timePassed(to: MediaTime(seconds: 31)) == [.close])
    }

    @Test("with an account, everything but OPTIONS needs a proof")
    func authentication() throws {
        var client = Dialogue(account: .init(user: "wg", password: "secret"))
        #expect(client.ask("OPTIONS", "*").code == 200)
        let refusal = try #require(client.ask("DESCRIBE").response)
        #expect(refusal.status == .unauthorized)
        let challenges = refusal.headers.all("WWW-Authenticate").compactMap { DigestChallenge($0) }
        #expect(challenges.map(\.algorithm) == [.sha256, .md5])
        #expect(client.setUp().code == 401)
        let proof = try #require(challenges.first).answer(
            user: "wg",
            password: "secret",
            method: "DESCRIBE",
            uri: "rtsp://host/cam/1",
            count: 1,
            clientNonce: "c"
        )
        #expect(client.ask("DESCRIBE", "rtsp://host/cam/1", ["Authorization": proof.headerValue]).code == 200)
    }

    @Test("guessing passwords ends the connection")
    func guessing() {
        var client = Dialogue(account: .init(user: "wg", password: "secret"))
        for _ in 0..<4 { #expect(client.ask("DESCRIBE").last != .close) }
        #expect(client.ask("DESCRIBE").last == .close)
    }
}
