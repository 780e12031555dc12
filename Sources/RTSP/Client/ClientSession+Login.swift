import Flow

/// How a client proves its password, one way after the other.
extension ClientSession {
    /// What to do with a camera that does not send over TCP.
    static let overUDP = "set ingest.rtsp_transport, or its own transport in the registry, to auto or udp"
    /// Ways that one connection tries at most: each is a wrong guess to a camera that locks accounts.
    private static let mostMethods = 3
    /// Times in a row that a camera may call a nonce too old.
    private static let mostStale = 2

    /// A request with a proof was answered with something else than a challenge.
    mutating func noteLogin() {
        guard let method = authentication.method, !authentication.isProven else { return }
        authentication.wasTaken()
        lessons.login = method
        lessons.failedLogins = 0
    }

    /// Answers a challenge: with each way that is offered once per request, once more when only the nonce was too old.
    mutating func challenged(_ response: RTSPResponse, _ refused: Pending, _ now: MediaTime) -> [ClientAction] {
        let challenges = ChallengeList(response.headers.all("WWW-Authenticate"))
        guard url.user != nil else {
            let text =
                redirects == 0
                ? "asks for a user name and a password, and its URL has none: add user:password@ before the host"
                : "sends its clients on to \(url), which asks for a password; that of the camera stays with its own host "
                    + "and port: put the address it sends to into the registry, with the account for it"
            return loginFailed(text, response)
        }
        let isStale = challenges.digests.contains { $0.isStale && $0.method == authentication.method }
        let mayRepeat = isStale && refused.proofs < Self.mostStale
        if refused.proofs > 0, !mayRepeat { authentication.wasRefused() }
        let ways = lessons.logins(challenges.methods).prefix(Self.mostMethods)
        guard let way = next(of: ways) else {
            lessons.failedLogins += authentication.isProven || challenges.methods.isEmpty ? 0 : 1
            return loginFailed(reason(challenges, refused.method, isStale: isStale), response)
        }
        authentication.take(way, of: challenges)
        let actions = send(refused.method, at: now, proofs: refused.proofs + 1)
        if state == .stopping { pending?.sentAt = refused.sentAt }
        return actions
    }

    /// The way to go now: the present one as long as it is not refused, so that a new nonce changes nothing.
    private func next(of ways: ArraySlice<LoginMethod>) -> LoginMethod? {
        if let method = authentication.method, ways.contains(method), !authentication.refused.contains(method) {
            return method
        }
        return ways.first { !authentication.refused.contains($0) }
    }

    private mutating func loginFailed(_ text: String, _ response: RTSPResponse) -> [ClientAction] {
        state == .stopping ? end() : fail(.unauthorized, text, status: response.status.code)
    }

    /// Names what was tried: the password is to blame only where the way was not.
    private func reason(_ challenges: ChallengeList, _ method: Method, isStale: Bool) -> String {
        let others = challenges.others.joined(separator: ", ")
        guard !challenges.methods.isEmpty else {
            return "offers no way to log in that is known here (Digest with MD5 or SHA-256, Basic), but: "
                + "\(others.isEmpty ? "nothing" : others): choose another one on the camera"
        }
        let tried = authentication.refused.map(\.name).joined(separator: ", ")
        if authentication.isProven {
            return "takes the login for other requests, and refuses it for \(method.rawValue) (\(tried)): "
                + "the password is right; update the camera's firmware or choose another way to log in there"
        }
        if isStale {
            return "calls every login outdated (\(tried)): restart the camera, or choose another way to log in there"
        }
        let end = others.isEmpty ? "" : "; it also offers \(others), which is not known here"
        return "does not take the user name and password for \(method.rawValue) (\(tried)): correct them in its URL"
            + end
    }
}
