import Flow
import NIOCore
import RTSP
import Testing

/// A catalogue of one camera, with the parts of a path that need escapes.
private struct RiverCamera: ServerCatalogue {
    func description(ofPath path: String) -> SessionDescription? {
        guard path == "cam/河 bank" else { return nil }
        let sets = ParameterSets(codec: .h264, sequence: [[0x67, 0x42, 0xc0, 0x1e]], picture: [[0x68, 0xce]])
        return SessionDescription(name: "river", media: [MediaDescription(video: sets, control: "trackID=0")])
    }

    func position(ofPath path: String, at now: MediaTime) -> RTPPosition? {
        path == "cam/河 bank" ? RTPPosition(sequence: 77, timestamp: 90_000, ssrc: 0xabcd) : nil
    }
}

/// Our client and our server, every message through writer and parser.
private struct Conversation {
    var client: ClientSession
    var server: ServerSession
    var now = MediaTime.zero
    var events: [String] = []
    private var clientParser = RTSPParser(limits: .camera)
    private var serverParser = RTSPParser()
    private var toServer = ByteBuffer()
    private var toClient = ByteBuffer()

    init(_ url: String, account: Authenticator.Account?) throws {
        client = ClientSession(url: try RTSPURL(url), options: .init(), clientNonce: "c10e", now: .zero)
        let authenticator = account.map { Authenticator(account: $0, nonce: "n0nce") }
        server = ServerSession(options: .init(), authenticator: authenticator, id: "5e551017", now: .zero)
    }

    /// Performs what the client wants, and all that follows from it.
    mutating func run(_ actions: [ClientAction]) throws {
        perform(actions)
        while toServer.readableBytes > 0 || toClient.readableBytes > 0 {
            while let message = try serverParser.next(&toServer) {
                guard case .request(let request) = message else { continue }
                perform(server.receive(request, at: now, from: RiverCamera()))
            }
            while let message = try clientParser.next(&toClient) {
                guard case .response(let response) = message else { continue }
                perform(client.receive(response, at: now))
            }
        }
    }

    private mutating func perform(_ actions: [ClientAction]) {
        for action in actions {
            switch action {
            case .send(let request):
                events.append(request.method)
                toServer.writeRTSP(request)
            case .respond(let response): toServer.writeRTSP(response)
            case .play(let track): events.append("play \(track.channels.rtp) \(track.ssrc ?? 0)")
            case .started(let info): events.append("started \(info?.sequence ?? 0)")
            case .report: events.append("report")
            case .redirect: events.append("redirect")
            case .close(let failure): events.append("close \(failure?.code.rawValue ?? "-")")
            }
        }
    }

    private mutating func perform(_ actions: [ServerAction]) {
        for action in actions {
            switch action {
            case .respond(let response): toClient.writeRTSP(response)
            case .start: events.append("start")
            case .stop: events.append("stop")
            case .close: events.append("server closes")
            }
        }
    }
}

@Suite struct ClientConversationTests {
    private let uri = "rtsp://u%40:p%3A%22s%2F%E5%AF%86@[::1]:8554/cam/%E6%B2%B3%20bank?x=1"

    @Test("client and server play a stream to the end, without and with every kind of login", arguments: 0..<5)
    func whole(kind: Int) throws {
        var account: Authenticator.Account?
        if kind > 0 {
            account = .init(
                user: "u@",
                password: "p:\"s/密",
                algorithms: [[.md5], [.sha256], [.sha256, .md5], []][kind - 1]
            )
            account?.takesBasic = kind == 4
        }
        var talk = try Conversation(uri, account: account)
        try talk.run(talk.client.connected(at: .zero))
        let login = kind == 0 ? [] : ["DESCRIBE"]
        #expect(
            talk.events == login + ["DESCRIBE", "SETUP", "play 0 43981", "PLAY", "start", "started 77"]
        )
        #expect(talk.server.isPlaying)
        talk.events = []
        for second in 1...150 {
            talk.now = MediaTime(seconds: Double(second))
            try talk.run(talk.client.timePassed(to: talk.now))
            #expect(talk.server.timePassed(to: talk.now) == [])
        }
        #expect(talk.events == Array(repeating: "GET_PARAMETER", count: 5))
        talk.events = []
        try talk.run(talk.client.stop(at: talk.now))
        #expect(talk.events == ["TEARDOWN", "stop", "close -"])
    }

    @Test("a wrong password ends in a failure after one try of each way to log in")
    func wrongPassword() throws {
        var talk = try Conversation(uri, account: .init(user: "u@", password: "other"))
        try talk.run(talk.client.connected(at: .zero))
        #expect(talk.events == ["DESCRIBE", "DESCRIBE", "DESCRIBE", "close unauthorized"])
    }

    @Test("a stream that is not there ends in a failure")
    func notFound() throws {
        var talk = try Conversation("rtsp://[::1]/cam/other", account: nil)
        try talk.run(talk.client.connected(at: .zero))
        #expect(talk.events == ["DESCRIBE", "close notFound"])
    }
}
