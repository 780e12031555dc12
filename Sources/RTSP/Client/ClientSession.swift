public import Flow

/// The client side of one RTSP connection as a pure state machine: responses and time in, actions out.
///
/// It knows no socket and no clock. It fetches one live video track over interleaved TCP: DESCRIBE, SETUP, PLAY, signs
/// of life, TEARDOWN; `OPTIONS` is only sent to cameras that want it first. One request is on its way at a time. A
/// value has a few hundred bytes plus its short texts, because a daemon holds tens of thousands of them: descriptions
/// and headers are dropped once they are used. Standard: RFC 2326.
public struct ClientSession: Sendable {
    /// What is the same for all cameras.
    public struct Options: Hashable, Sendable {
        /// Seconds to wait for a connection and for each response.
        public var responseTimeout = 10.0
        /// Seconds to wait for the answer to `TEARDOWN`.
        public var teardownTimeout = 1.0
        /// How often a camera may send us to another address.
        public var maximumRedirects = 3
        /// What a camera near this machine may send its clients on to; others may not send them near at all.
        public var localAddresses = LocalAddresses.loopback
        /// The channels that are asked for.
        public var channels = TransportHeader.Channels(rtp: 0, rtcp: 1)
        /// Value of the `User-Agent` header.
        public var userAgent = "Gridwatch"

        /// Makes the default options.
        public init() {}
    }

    enum Method: String, Hashable, Sendable {
        case options = "OPTIONS"
        case describe = "DESCRIBE"
        case setUp = "SETUP"
        case play = "PLAY"
        case getParameter = "GET_PARAMETER"
        case tearDown = "TEARDOWN"
    }

    /// What is needed between the answers to DESCRIBE and PLAY.
    struct Setup: Hashable, Sendable {
        /// One thing to try: a track by one of its addresses.
        struct Way: Hashable, Sendable {
            var media: MediaDescription
            var urls: ControlURLs
        }

        /// Tracks that are tried at most.
        static let mostVideos = 3

        var ways: [Way]
        var way: Int
        var tried = 1
        var playsTrack = false
        var omitsRange = false

        var media: MediaDescription { ways[way].media }
        var urls: ControlURLs { ways[way].urls }

        /// The next way; nil when each was tried.
        var next: Setup? {
            guard tried < ways.count else { return nil }
            var next = self
            next.way = (way + 1) % ways.count
            next.tried += 1
            return next
        }
    }

    enum State: Hashable, Sendable {
        case connecting
        case describing
        indirect case settingUp(Setup)
        indirect case starting(Setup)
        case playing
        case stopping
        case closed
    }

    /// The request whose response is awaited.
    struct Pending: Hashable, Sendable {
        var method: Method
        var sequence: Int
        var sentAt: MediaTime
        /// How often it was sent anew with another proof.
        var proofs = 0
    }

    /// Seconds that a session lives without a sign of life: what is taken from a camera, and what holds without a word.
    ///
    /// Not more than two minutes: some cameras tell milliseconds, or hours, and hang up after one all the same.
    static let timeoutRange = 3...120
    static let defaultTimeout = 60
    /// Share of the time-out after which a sign of life is sent: a lost one leaves time for a second.
    static let keepAliveShare = 0.45
    /// Bytes of the longest session name that is kept.
    static let longestSessionName = 256

    let options: Options
    let clientNonce: String
    var url: RTSPURL
    var state = State.connecting
    var authentication: ClientAuthentication
    var pending: Pending?
    var sequence = 0
    /// True once a request was given up: from then on a response must name its request.
    var hasAbandoned = false
    var hasAskedOptions = false
    /// What is known of the camera by now, for its next session.
    public internal(set) var lessons: CameraLessons
    var startedAt = MediaTime.zero
    var keepAliveAt = MediaTime.zero
    var aggregate: String
    var sessionName: String?
    var timeout = Self.defaultTimeout
    var redirects = 0
    var lastSign: MediaTime
    var lastFrame = MediaTime.zero

    /// Makes the session of a connection that is about to be opened.
    ///
    /// - Parameters:
    ///   - url: Where the stream is.
    ///   - options: Limits.
    ///   - lessons: What earlier sessions have taught.
    ///   - clientNonce: Text that nobody can guess, part of the proof of the password; letters and digits.
    ///   - now: Time, on any clock that only grows.
    public init(
        url: RTSPURL,
        options: Options,
        lessons: CameraLessons = CameraLessons(),
        clientNonce: String,
        now: MediaTime
    ) {
        self.url = url
        self.lessons = lessons
        self.authentication = lessons.challenge ?? ClientAuthentication()
        self.options = options
        self.clientNonce = clientNonce
        self.aggregate = url.requestURI
        self.lastSign = now
    }

    /// True from the answer to `PLAY` on.
    public var isPlaying: Bool { state == .playing }

    /// True once nothing more will come of this session.
    public var hasEnded: Bool { state == .closed }

    /// The connection is open, for the first time or after a redirect.
    public mutating func connected(at now: MediaTime) -> [ClientAction] {
        guard state == .connecting else { return [] }
        lastSign = max(lastSign, now)
        state = .describing
        return send(lessons.asksOptionsFirst && !hasAskedOptions ? .options : .describe, at: now)
    }

    /// The connection could not be opened.
    ///
    /// - Parameter reason: What the system says, in a few words.
    /// - Returns: The end, with a failure.
    public mutating func connectFailed(_ reason: String) -> [ClientAction] {
        guard state == .connecting else { return [] }
        return fail(.disconnected, "cannot be reached: \(reason.prefix(120))")
    }

    /// The other side has closed the connection, or it broke; not for one that a redirect made the owner close.
    ///
    /// `reason`: what broke it, where that is known.
    public mutating func disconnected(because reason: String? = nil) -> [ClientAction] {
        switch state {
        case .connecting, .closed: return []
        case .stopping: return end()
        case .playing, .describing, .settingUp, .starting: break
        }
        learnFromHangingUp()
        if let reason { return fail(.disconnected, "breaks the connection: \(reason.prefix(160))") }
        if state == .playing { return fail(.disconnected, "has closed the connection while it was playing") }
        let method = pending?.method.rawValue ?? "a request"
        return fail(.disconnected, "has closed the connection instead of answering \(method)")
    }

    /// The parser has given up: what follows cannot be read.
    public mutating func receiveGarbage(_ error: RTSPError) -> [ClientAction] {
        if state == .stopping { return end() }
        return state == .closed ? [] : fail(error.code, "sends what cannot be read: \(error.message)")
    }

    /// An interleaved frame has arrived; once per read is enough.
    public mutating func receiveFrame(at now: MediaTime) {
        lastFrame = max(lastFrame, now)
        lastSign = max(lastSign, now)
    }

    /// Time has passed; call it about once a second.
    public mutating func timePassed(to now: MediaTime) -> [ClientAction] {
        switch state {
        case .closed:
            return []
        case .connecting:
            guard now.seconds(since: lastSign) >= options.responseTimeout else { return [] }
            return fail(.timedOut, "did not take the connection within \(seconds(options.responseTimeout))")
        case .stopping:
            guard let pending, now.seconds(since: pending.sentAt) < options.teardownTimeout else { return end() }
            return []
        case .playing:
            return timePassedPlaying(to: now)
        case .describing, .settingUp, .starting:
            guard let pending, now.seconds(since: pending.sentAt) >= options.responseTimeout else { return [] }
            return unanswered(pending)
        }
    }

    private mutating func timePassedPlaying(to now: MediaTime) -> [ClientAction] {
        guard let waiting = pending else { return now >= keepAliveAt ? signOfLife(at: now) : [] }
        guard now.seconds(since: waiting.sentAt) >= options.responseTimeout else { return [] }
        guard now.seconds(since: lastSign) < options.responseTimeout else { return unanswered(waiting) }
        // Some cameras never answer a sign of life, but their pictures show that they live.
        pending = nil
        hasAbandoned = true
        if waiting.method == .getParameter {
            lessons.signOfLife = .options
            return send(.options, at: now)
        }
        scheduleKeepAlive(now)
        return []
    }

    private mutating func signOfLife(at now: MediaTime) -> [ClientAction] {
        switch lessons.signOfLife {
        case .getParameter: return send(.getParameter, at: now)
        case .options: return send(.options, at: now)
        case .reports:
            scheduleKeepAlive(now)
            return [.report]
        }
    }

    private mutating func unanswered(_ waiting: Pending) -> [ClientAction] {
        learnFromSilence(waiting.method)
        let limit = seconds(options.responseTimeout)
        return fail(.timedOut, "did not answer \(waiting.method.rawValue) within \(limit)")
    }

    /// The stream is not wanted any more: takes leave of the camera, and closes a second later at the latest.
    public mutating func stop(at now: MediaTime) -> [ClientAction] {
        switch state {
        case .closed, .stopping:
            return []
        case .connecting, .describing, .settingUp:
            return end()
        case .starting, .playing:
            hasAbandoned = hasAbandoned || pending != nil
            state = .stopping
            return send(.tearDown, at: now)
        }
    }

    /// Writes the next request; `proofs` counts how often it was sent anew with another proof.
    mutating func send(_ method: Method, at now: MediaTime, proofs: Int = 0) -> [ClientAction] {
        sequence += 1
        if method == .options { hasAskedOptions = true }
        let uri = uri(of: method)
        var headers: RTSPHeaders = ["CSeq": String(sequence)]
        let proof = authentication.headerValue(
            method: method.rawValue,
            uri: uri,
            url: url,
            clientNonce: clientNonce
        )
        if let proof { headers.add("Authorization", proof) }
        headers.add("User-Agent", options.userAgent)
        if let sessionName { headers.add("Session", sessionName) }
        switch (method, state) {
        case (.describe, _):
            headers.add("Accept", "application/sdp")
        case (.setUp, _):
            // Without `mode`, which some cameras do not know: playing is what is meant without it.
            let channels = options.channels
            headers.add("Transport", "RTP/AVP/TCP;unicast;interleaved=\(channels.rtp)-\(channels.rtcp)")
        case (.play, .starting(let setup)) where !setup.omitsRange:
            // There are cameras that insist on a range; this one is what all players send.
            headers.add("Range", "npt=0.000-")
        default:
            break
        }
        pending = Pending(method: method, sequence: sequence, sentAt: now, proofs: proofs)
        return [.send(RTSPRequest(method: method.rawValue, uri: uri, headers: headers))]
    }

    private func uri(of method: Method) -> String {
        switch (method, state) {
        case (.describe, _), (_, .describing): url.requestURI
        case (.setUp, .settingUp(let setup)): setup.urls.track
        case (.play, .starting(let setup)) where setup.playsTrack: setup.urls.track
        default: aggregate
        }
    }

    mutating func scheduleKeepAlive(_ now: MediaTime) {
        keepAliveAt = now.advanced(bySeconds: Self.keepAliveShare * Double(timeout))
        if hasOutlivedTimeout(at: now) { lessons.isSignProven = true }
    }

    /// The orderly end.
    mutating func end() -> [ClientAction] {
        state = .closed
        pending = nil
        return [.close(nil)]
    }

    /// The end with a failure; `text` goes on after the camera's address.
    mutating func fail(_ code: RTSPError.Code, _ text: String, status: Int? = nil) -> [ClientAction] {
        state = .closed
        pending = nil
        // Descriptions may hold anything: what a person reads is one line without control characters.
        let line = String(
            RawText.shown(text).map { $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 } ? "?" : $0 }
        )
        return [.close(RTSPError(code, "camera \(url) \(line)", status: status))]
    }

    private func seconds(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e9 ? "\(Int(value)) s" : "\(value) s"
    }
}
