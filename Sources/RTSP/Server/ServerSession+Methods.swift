import Flow
import NIOCore

/// The answers to the methods of RFC 2326, section 10.
extension ServerSession {
    static let methods = "OPTIONS, DESCRIBE, SETUP, PLAY, PAUSE, GET_PARAMETER, TEARDOWN"

    func options(_ request: RTSPRequest) -> RTSPResponse {
        RTSPResponse(.ok, headers: ["Public": Self.methods])
    }

    func describe(_ request: RTSPRequest, _ catalogue: some ServerCatalogue) -> RTSPResponse {
        guard let path = RTSPPath.of(request.uri), let description = catalogue.description(ofPath: path) else {
            return RTSPResponse(.notFound)
        }
        if let accepted = request.headers["Accept"]?.lowercased(),
            !["application/sdp", "application/*", "*/*"].contains(where: accepted.contains)
        {
            return RTSPResponse(.notAcceptable)
        }
        let base = request.uri.hasSuffix("/") ? request.uri : request.uri + "/"
        let headers: RTSPHeaders = ["Content-Base": base, "Content-Type": "application/sdp"]
        return RTSPResponse(.ok, headers: headers, body: ByteBuffer(string: description.text))
    }

    mutating func setUp(
        _ request: RTSPRequest,
        _ now: MediaTime,
        _ catalogue: some ServerCatalogue
    ) -> RTSPResponse {
        guard let path = streamPath(request.uri, catalogue),
            let position = catalogue.position(ofPath: path, at: now)
        else { return RTSPResponse(.notFound) }
        switch state {
        case .idle:
            guard request.headers["Session"] == nil else { return RTSPResponse(.sessionNotFound) }
        case .ready(let setup):
            if let refusal = sessionRefusal(request, isRequired: true) { return refusal }
            guard setup.path == path else { return RTSPResponse(.methodNotValidInState) }
        case .playing:
            return RTSPResponse(.methodNotValidInState)
        }
        guard let transport = Self.transport(request) else { return RTSPResponse(.unsupportedTransport) }
        let channels = transport.interleaved ?? TransportHeader.Channels(rtp: 0, rtcp: 1)
        state = .ready(Setup(path: path, channels: channels))
        let agreed = TransportHeader(lower: .tcp, interleaved: channels, ssrc: position.ssrc)
        return RTSPResponse(.ok, headers: ["Transport": agreed.headerValue, "Session": sessionHeader])
    }

    mutating func play(
        _ request: RTSPRequest,
        _ now: MediaTime,
        _ catalogue: some ServerCatalogue
    ) -> [ServerAction] {
        if let refusal = sessionRefusal(request, isRequired: true) { return [.respond(refusal)] }
        if let range = request.headers["Range"], RangeHeader(range) == nil {
            return [.respond(RTSPResponse(.invalidRange))]
        }
        var response = RTSPResponse(.ok, headers: ["Session": sessionHeader, "Range": RangeHeader.live.headerValue])
        guard case .ready(let setup) = state else {
            // Some players send PLAY again as a sign of life.
            return [.respond(isPlaying ? response : RTSPResponse(.methodNotValidInState))]
        }
        guard let position = catalogue.position(ofPath: setup.path, at: now),
            let track = catalogue.description(ofPath: setup.path)?.media.first
        else { return [.respond(RTSPResponse(.notFound))] }
        let url = trackURL(request.uri, control: track.control)
        response.headers["RTP-Info"] = "url=\(url);seq=\(position.sequence);rtptime=\(position.timestamp)"
        state = .playing(setup)
        return [.respond(response), .start(path: setup.path, channels: setup.channels)]
    }

    mutating func pause(_ request: RTSPRequest) -> [ServerAction] {
        if let refusal = sessionRefusal(request, isRequired: true) { return [.respond(refusal)] }
        let response = RTSPResponse(.ok, headers: ["Session": sessionHeader])
        switch state {
        case .idle: return [.respond(RTSPResponse(.methodNotValidInState))]
        case .ready: return [.respond(response)]
        case .playing(let setup):
            state = .ready(setup)
            return [.stop, .respond(response)]
        }
    }

    mutating func tearDown(_ request: RTSPRequest) -> [ServerAction] {
        if let refusal = sessionRefusal(request, isRequired: true) { return [.respond(refusal)] }
        let actions: [ServerAction] = isPlaying ? [.stop] : []
        state = .idle
        return actions + [.respond(RTSPResponse(.ok))]
    }

    /// Without a body it is a sign of life; there are no parameters to tell.
    func parameter(_ request: RTSPRequest) -> RTSPResponse {
        if let refusal = sessionRefusal(request, isRequired: false) { return refusal }
        guard request.body.readableBytes == 0 else { return RTSPResponse(.parameterNotUnderstood) }
        return RTSPResponse(.ok, headers: state == .idle ? [:] : ["Session": sessionHeader])
    }

    private var sessionHeader: String {
        SessionHeader(id: id, timeout: options.sessionTimeout).headerValue
    }

    /// The refusal of a request that names no session or another one; nil when it may go on.
    ///
    /// Before SETUP there is nothing to name: the state decides then, except for a name that cannot be ours.
    private func sessionRefusal(_ request: RTSPRequest, isRequired: Bool) -> RTSPResponse? {
        guard let header = request.headers["Session"] else {
            return isRequired && state != .idle ? RTSPResponse(.sessionNotFound) : nil
        }
        guard state != .idle, SessionHeader(header)?.id == id else { return RTSPResponse(.sessionNotFound) }
        return nil
    }

    /// The stream that a SETUP asks for: the URL of its track, or of the stream itself as some clients send it.
    private func streamPath(_ uri: String, _ catalogue: some ServerCatalogue) -> String? {
        guard let path = RTSPPath.of(uri) else { return nil }
        if catalogue.description(ofPath: path) != nil { return path }
        guard let slash = path.lastIndex(of: "/") else { return nil }
        let parent = String(path[..<slash])
        let control = catalogue.description(ofPath: parent)?.media.first?.control
        return control == String(path[path.index(after: slash)...]) ? parent : nil
    }

    private func trackURL(_ uri: String, control: String?) -> String {
        guard let control, !uri.hasSuffix("/" + control) else { return uri }
        return uri.hasSuffix("/") ? uri + control : uri + "/" + control
    }

    private static func transport(_ request: RTSPRequest) -> TransportHeader? {
        TransportHeader.alternatives(request.headers["Transport"] ?? "").first { alternative in
            alternative.lower == .tcp && alternative.isUnicast && alternative.mode == "play"
        }
    }
}
