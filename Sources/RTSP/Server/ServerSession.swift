public import Flow

/// What the owner of a connection must do after an event of its `ServerSession`, in order.
public enum ServerAction: Hashable, Sendable {
    /// Write this response.
    case respond(RTSPResponse)
    /// Send the stream of `path` on these channels from now on.
    case start(path: String, channels: TransportHeader.Channels)
    /// Send no more of the stream.
    case stop
    /// Close the connection once everything is written.
    case close
}

/// The server side of one RTSP connection as a pure state machine: requests and time in, actions out.
///
/// It knows no socket and no clock. A connection carries at most one session of one live video track, over interleaved
/// TCP; the session ends with its connection. Standard: RFC 2326.
public struct ServerSession: Sendable {
    /// What is the same for all connections of a server.
    public struct Options: Hashable, Sendable {
        /// Seconds without a request or report after which a session is ended.
        public var sessionTimeout = 60
        /// Seconds a connection may stay without a session.
        public var idleTimeout = 30
        /// Refusals in a row after which the connection is closed, so that guessing passwords is slow.
        public var maximumRefusals = 5
        /// Value of the `Server` header.
        public var serverName = "Gridwatch"

        /// Makes the default options.
        public init() {}
    }

    struct Setup: Hashable, Sendable {
        var path: String
        var channels: TransportHeader.Channels
    }

    enum State: Hashable, Sendable {
        case idle
        case ready(Setup)
        case playing(Setup)
    }

    let options: Options
    let authenticator: Authenticator?
    let id: String
    var state = State.idle
    private var lastSign: MediaTime
    private var refusals = 0

    /// Makes the session of a new connection.
    ///
    /// - Parameters:
    ///   - options: Limits.
    ///   - authenticator: Who may watch; nil for everybody.
    ///   - id: Name of the session, unguessable: letters and digits.
    ///   - now: Time of the connection, on any clock that only grows.
    public init(options: Options, authenticator: Authenticator?, id: String, now: MediaTime) {
        self.options = options
        self.authenticator = authenticator
        self.id = id
        self.lastSign = now
    }

    /// True while the stream is to be sent.
    public var isPlaying: Bool {
        if case .playing = state { true } else { false }
    }

    /// A request has arrived.
    public mutating func receive(
        _ request: RTSPRequest,
        at now: MediaTime,
        from catalogue: some ServerCatalogue
    ) -> [ServerAction] {
        lastSign = max(lastSign, now)
        var actions = answer(request, now, catalogue).map { action in
            guard case .respond(var response) = action else { return action }
            response.headers["CSeq"] = request.headers["CSeq"]
            response.headers["Server"] = options.serverName
            return .respond(response)
        }
        if request.headers["Connection"]?.lowercased() == "close", !actions.contains(.close) {
            actions += end()
        }
        return actions
    }

    /// An interleaved frame has arrived: receivers report now and then, which shows that they live.
    public mutating func receiveFrame(at now: MediaTime) {
        lastSign = max(lastSign, now)
    }

    /// Bytes have arrived that are not RTSP: what follows them cannot be read either.
    public mutating func receiveGarbage() -> [ServerAction] {
        var response = RTSPResponse(.badRequest)
        response.headers["Server"] = options.serverName
        return [.respond(response)] + end()
    }

    /// Time has passed; call it about once a second.
    public mutating func timePassed(to now: MediaTime) -> [ServerAction] {
        let limit = state == .idle ? options.idleTimeout : options.sessionTimeout
        return now.seconds(since: lastSign) > Double(limit) ? end() : []
    }

    private mutating func answer(
        _ request: RTSPRequest,
        _ now: MediaTime,
        _ catalogue: some ServerCatalogue
    ) -> [ServerAction] {
        if let refusal = refusal(of: request) { return refusal }
        switch request.method {
        case "OPTIONS": return [.respond(options(request))]
        case "DESCRIBE": return [.respond(describe(request, catalogue))]
        case "SETUP": return [.respond(setUp(request, now, catalogue))]
        case "PLAY": return play(request, now, catalogue)
        case "PAUSE": return pause(request)
        case "TEARDOWN": return tearDown(request)
        case "GET_PARAMETER": return [.respond(parameter(request))]
        case "SET_PARAMETER", "ANNOUNCE", "RECORD", "REDIRECT":
            return [.respond(RTSPResponse(.methodNotAllowed, headers: ["Allow": Self.methods]))]
        default: return [.respond(RTSPResponse(.notImplemented, headers: ["Public": Self.methods]))]
        }
    }

    /// What is wrong with the request before its method is looked at; nil when nothing is.
    private mutating func refusal(of request: RTSPRequest) -> [ServerAction]? {
        guard request.version == "RTSP/1.0" else {
            return [.respond(RTSPResponse(.versionNotSupported))] + end()
        }
        guard request.sequence != nil else { return [.respond(RTSPResponse(.badRequest, reason: "CSeq is missing"))] }
        let required = request.headers.all("Require")
        guard required.isEmpty else {
            let headers: RTSPHeaders = ["Unsupported": required.joined(separator: ", ")]
            return [.respond(RTSPResponse(.optionNotSupported, headers: headers))]
        }
        // Players ask OPTIONS first and without credentials; it gives nothing away.
        guard let authenticator, request.method != "OPTIONS" else { return nil }
        let verdict = authenticator.check(request)
        guard verdict != .accepted else {
            refusals = 0
            return nil
        }
        var response = RTSPResponse(.unauthorized)
        for challenge in authenticator.challenges(isStale: verdict == .stale) {
            response.headers.add("WWW-Authenticate", challenge)
        }
        refusals += 1
        return [.respond(response)] + (refusals >= options.maximumRefusals ? end() : [])
    }

    /// Stops what runs and closes the connection.
    private mutating func end() -> [ServerAction] {
        defer { state = .idle }
        return isPlaying ? [.stop, .close] : [.close]
    }
}
