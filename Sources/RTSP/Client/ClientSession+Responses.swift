public import Flow
import NIOCore

/// What the camera answers, request by request.
extension ClientSession {
    /// A response has arrived.
    public mutating func receive(_ response: RTSPResponse, at now: MediaTime) -> [ClientAction] {
        lastSign = max(lastSign, now)
        guard let pending, isAnswer(response, to: pending), response.status.code >= 200 else { return [] }
        self.pending = nil
        note(response)
        if response.status == .unauthorized { return challenged(response, pending, now) }
        noteLogin()
        if state == .stopping { return end() }
        if (300...399).contains(response.status.code), let location = response.headers["Location"] {
            return redirect(to: location)
        }
        let isDone = (200...299).contains(response.status.code)
        switch (pending.method, state) {
        case (.options, .describing): return send(.describe, at: now)
        case (.describe, _): return isDone ? described(response, now) : notDescribed(response, now)
        case (.setUp, .settingUp(let setup)):
            return isDone ? wasSetUp(setup, response, now) : notSetUp(setup, response, now)
        case (.play, .starting(let setup)):
            return isDone ? started(setup, response, now) : notStarted(setup, response, now)
        default: return keptAlive(pending.method, isDone, response, now)
        }
    }

    /// Cameras leave the number out or write that of the request before: with one request on its way, it is the one.
    private func isAnswer(_ response: RTSPResponse, to pending: Pending) -> Bool {
        !hasAbandoned || response.sequence == pending.sequence
    }

    /// Keeps what any response may tell in passing: the session, its time-out, the methods.
    private mutating func note(_ response: RTSPResponse) {
        if (200...299).contains(response.status.code),
            let header = response.headers["Session"].flatMap({ SessionHeader($0) }),
            header.id.utf8.count <= Self.longestSessionName
        {
            // What other answers call a session need not be the one that SETUP makes.
            if sessionName == nil || isSettingUp { sessionName = header.id }
            if let timeout = header.timeout {
                self.timeout = min(max(timeout, Self.timeoutRange.lowerBound), Self.timeoutRange.upperBound)
            }
        }
        if let patience = lessons.patience { timeout = min(timeout, patience) }
        if let methods = response.headers["Public"] ?? response.headers["Allow"],
            !methods.uppercased().contains(Method.getParameter.rawValue)
        {
            if lessons.signOfLife == .getParameter { lessons.signOfLife = .options }
        }
    }

    private var isSettingUp: Bool { if case .settingUp = state { true } else { false } }

    mutating func redirect(to location: String) -> [ClientAction] {
        guard redirects < options.maximumRedirects else {
            return fail(.redirectLoop, "sends its clients on more than \(options.maximumRedirects) times")
        }
        do throws(RTSPError) {
            let target = try url.redirected(to: location)
            let place = HostPlace(ofLiteral: target.host)
            guard options.localAddresses.allow(place, sentBy: HostPlace(ofLiteral: url.host)) else {
                throw RTSPError(.unsupported, "\(target.host) means the machine that asks, or its own wire")
            }
            url = target
        } catch {
            return fail(error.code, "sends its clients to an address that is not followed: \(error.message)")
        }
        redirects += 1
        state = .connecting
        authentication = ClientAuthentication()
        pending = nil
        hasAbandoned = false
        hasAskedOptions = false
        aggregate = url.requestURI
        sessionName = nil
        timeout = Self.defaultTimeout
        return [.redirect(url)]
    }

    private mutating func described(_ response: RTSPResponse, _ now: MediaTime) -> [ClientAction] {
        let description: SessionDescription
        do throws(RTSPError) {
            description = try SessionDescription(reading: RawText.decode(response.body.readableBytesView))
        } catch {
            return fail(error.code, "describes its stream in a way that cannot be read: \(error.message)")
        }
        let readable = description.media.filter { $0.kind == "video" && $0.codec != .other }
        let videos = readable.filter { !$0.isEncrypted }
        guard !videos.isEmpty else {
            guard readable.isEmpty else {
                return fail(
                    .unsupported,
                    "encrypts its video (SRTP), which is not read: turn that off on the camera, or leave enableSrtp out of "
                        + "its address; RTSP over TLS (rtsps://) is read"
                )
            }
            let tracks = description.media.prefix(8).map { "\($0.kind) \($0.encoding)" }.joined(separator: ", ")
            let found = tracks.isEmpty ? "no track" : "only \(tracks.prefix(200))"
            return fail(
                .noVideo,
                "offers no H.264, H.265 or JPEG video, \(found): set its coding or choose another stream"
            )
        }
        // The first video is the one that is wanted; another one is better than none.
        let ways = videos.prefix(Setup.mostVideos).flatMap { media in
            ControlURLs.candidates(
                url: url,
                track: media.control,
                session: description.control,
                headers: response.headers
            ).map { Setup.Way(media: media, urls: $0) }
        }
        guard !ways.isEmpty else {
            return fail(.malformed, "gives an address of its video track that cannot be used")
        }
        return setUp(Setup(ways: ways, way: lessons.setUpWay % ways.count), now)
    }

    private mutating func setUp(_ setup: Setup, _ now: MediaTime) -> [ClientAction] {
        aggregate = setup.urls.aggregate
        state = .settingUp(setup)
        return send(.setUp, at: now)
    }

    private mutating func notDescribed(_ response: RTSPResponse, _ now: MediaTime) -> [ClientAction] {
        // Few cameras insist on OPTIONS first, and say so by one of these.
        guard !hasAskedOptions, [400, 405, 454, 455, 501].contains(response.status.code) else {
            return refused(response, .describe)
        }
        return send(.options, at: now)
    }

    private mutating func wasSetUp(_ setup: Setup, _ response: RTSPResponse, _ now: MediaTime) -> [ClientAction] {
        guard let agreed = agreed(response.headers["Transport"]) else {
            return fail(.otherTransport, "sends over UDP although it was asked for TCP: \(Self.overUDP)")
        }
        lessons.setUpWay = setup.way
        let track = PlayedTrack(
            media: setup.media,
            channels: agreed.channels,
            ssrc: agreed.ssrc,
            parameterSets: setup.media.parameterSets
        )
        state = .starting(setup)
        return [.play(track)] + send(.play, at: now)
    }

    /// The server's channels, or ours when it does not name any; nil when it chose UDP.
    private func agreed(_ header: String?) -> (channels: TransportHeader.Channels, ssrc: UInt32?)? {
        let alternatives = TransportHeader.alternatives(header ?? "")
        if alternatives.isEmpty { return (options.channels, nil) }
        // Interleaved channels mean TCP, whatever the profile says.
        let tcp = alternatives.first { $0.lower == .tcp || $0.interleaved != nil }
        return tcp.map { ($0.interleaved ?? options.channels, $0.ssrc) }
    }

    private mutating func notSetUp(
        _ setup: Setup,
        _ response: RTSPResponse,
        _ now: MediaTime
    ) -> [ClientAction] {
        // Which status a server has for an address that it does not know is its own choice; these mean something else.
        let isOtherwise = [408, 453, 461, 503, 551].contains(response.status.code)
        guard !isOtherwise, let next = setup.next else { return refused(response, .setUp) }
        return setUp(next, now)
    }

    private mutating func started(_ setup: Setup, _ response: RTSPResponse, _ now: MediaTime) -> [ClientAction] {
        let entries = response.headers["RTP-Info"].map(RTPInfoHeader.entries) ?? []
        let name = setup.urls.track.split(separator: "/").last ?? ""
        state = .playing
        startedAt = now
        scheduleKeepAlive(now)
        return [.started(entries.first { $0.url.hasSuffix(name) } ?? entries.first)]
    }

    private mutating func notStarted(
        _ setup: Setup,
        _ response: RTSPResponse,
        _ now: MediaTime
    ) -> [ClientAction] {
        var next = setup
        if response.status == .invalidRange, !setup.omitsRange {
            next.omitsRange = true
        } else if [400, 404, 455, 459, 460].contains(response.status.code), !setup.playsTrack {
            next.playsTrack = true
        } else {
            return refused(response, .play)
        }
        state = .starting(next)
        return send(.play, at: now)
    }

    private mutating func keptAlive(
        _ method: Method,
        _ isDone: Bool,
        _ response: RTSPResponse,
        _ now: MediaTime
    ) -> [ClientAction] {
        // Some cameras answer 454 although the session goes on: pictures tell.
        let silence = now.seconds(since: max(lastFrame, startedAt))
        if response.status == .sessionNotFound, silence >= options.responseTimeout { return refused(response, method) }
        if !isDone, method == .getParameter {
            lessons.signOfLife = .options
            return send(.options, at: now)
        }
        // A refused OPTIONS is a sign of life all the same: the camera has read it and answers.
        scheduleKeepAlive(now)
        return []
    }

    private mutating func refused(_ response: RTSPResponse, _ method: Method) -> [ClientAction] {
        let code = response.status.code
        let reason = response.reason.isEmpty ? response.status.reason : String(response.reason.prefix(80))
        let answer = "answers \(method.rawValue) with \(code) \(reason)"
        switch code {
        case 404: return fail(.notFound, "\(answer): correct the path in its URL", status: code)
        case 461: return fail(.otherTransport, "\(answer): it does not send over TCP: \(Self.overUDP)", status: code)
        default: return fail(.refused, answer + Self.advice(code), status: code)
        }
    }

    private static func advice(_ code: Int) -> String {
        switch code {
        case 403: ": allow this user to watch, and this address to connect"
        case 453, 503: ": it serves as many clients as it can; close others or raise its limit"
        case 454: ": it has ended the session by itself"
        case 300...399: ": it sends its clients elsewhere without saying where"
        default: ""
        }
    }
}
