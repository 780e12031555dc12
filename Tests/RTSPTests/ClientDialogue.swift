import Flow
import NIOCore
import RTSP
import Testing

/// A client whose camera is typed in as it would stand on the wire.
struct ClientDialogue {
    var session: ClientSession
    var now = MediaTime.zero
    private var parser = RTSPParser(limits: .camera)
    /// The last request that the client has sent.
    private(set) var request: RTSPRequest?
    /// All requests so far.
    private(set) var methods: [String] = []

    /// An H.264 track with its parameter sets.
    static let video = """
        m=video 0 RTP/AVP 96
        a=rtpmap:96 H264/90000
        a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtk=,aM4=
        """

    init(
        _ url: String = "rtsp://camera/live",
        options: ClientSession.Options = .init(),
        lessons: CameraLessons = .init()
    ) throws {
        session = ClientSession(
            url: try RTSPURL(url),
            options: options,
            lessons: lessons,
            clientNonce: "c10e",
            now: .zero
        )
    }

    mutating func connect() -> [ClientAction] { noted(session.connected(at: now)) }

    mutating func pass(_ seconds: Double) -> [ClientAction] {
        now = now.advanced(bySeconds: seconds)
        return noted(session.timePassed(to: now))
    }

    mutating func stop() -> [ClientAction] { noted(session.stop(at: now)) }

    /// Bytes of the camera: messages as text; `CSeq: ?` becomes the number of the last request.
    mutating func camera(_ text: String) throws -> [ClientAction] {
        let number = request?.headers["CSeq"] ?? "0"
        var buffer = ByteBuffer(
            string: text.split(separator: "CSeq: ?", omittingEmptySubsequences: false)
                .joined(separator: "CSeq: \(number)")
        )
        var actions: [ClientAction] = []
        while let message = try parser.next(&buffer) {
            switch message {
            case .response(let response): actions += noted(session.receive(response, at: now))
            case .request(let request): actions += noted(session.receive(request, at: now))
            case .interleaved: session.receiveFrame(at: now)
            }
        }
        return actions
    }

    /// A response to the last request.
    mutating func answer(_ status: String, _ headers: [String] = [], body: String = "") throws -> [ClientAction] {
        var lines = ["RTSP/1.0 \(status)", "CSeq: ?"] + headers
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return try camera(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }

    /// Connects and describes the stream.
    mutating func describe(_ media: String = ClientDialogue.video, _ headers: [String] = []) throws -> [ClientAction] {
        _ = connect()
        return try answer("200 OK", headers, body: "v=0\ns=x\n" + media)
    }

    /// Goes on until the stream is set up; the actions hold PLAY.
    mutating func setUp(
        _ headers: [String] = ["Session: 4711", "Transport: RTP/AVP/TCP;interleaved=0-1"]
    ) throws
        -> [ClientAction]
    {
        _ = try describe()
        return try answer("200 OK", headers)
    }

    /// Goes on until the stream plays.
    mutating func play(_ session: String = "4711;timeout=60") throws {
        _ = try setUp(["Session: \(session)", "Transport: RTP/AVP/TCP;interleaved=0-1"])
        let actions = try answer("200 OK")
        try #require(actions == [.started(nil)])
    }

    private mutating func noted(_ actions: [ClientAction]) -> [ClientAction] {
        for case .send(let request) in actions {
            self.request = request
            methods.append(request.method)
        }
        return actions
    }
}

extension [ClientAction] {
    /// The request among the actions.
    var request: RTSPRequest? {
        for case .send(let request) in self { return request }
        return nil
    }

    /// The response among the actions.
    var response: RTSPResponse? {
        for case .respond(let response) in self { return response }
        return nil
    }

    /// The track that may flow.
    var track: PlayedTrack? {
        for case .play(let track) in self { return track }
        return nil
    }

    /// The failure with which the connection is closed.
    var failure: RTSPError? {
        for case .close(let failure) in self { return failure }
        return nil
    }
}
