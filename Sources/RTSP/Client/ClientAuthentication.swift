import FoundationEssentials

/// The client side of authentication on one connection: keeps the last challenge and proves every request with it.
struct ClientAuthentication: Hashable, Sendable {
    private enum Scheme: Hashable, Sendable {
        case none
        case basic
        case digest(DigestChallenge)
    }

    private var scheme = Scheme.none
    private var uses: UInt32 = 0
    /// The ways that the camera has refused on this connection.
    private(set) var refused: [LoginMethod] = []
    /// True once the camera has taken a proof on this connection.
    private(set) var isProven = false

    /// The way that proofs go now; nil before a challenge.
    var method: LoginMethod? {
        switch scheme {
        case .none: nil
        case .basic: .basic
        case .digest(let challenge): challenge.method
        }
    }

    /// The same challenge for another connection, where nothing was refused or taken yet.
    var again: ClientAuthentication {
        var again = self
        again.refused = []
        again.isProven = false
        return again
    }

    /// Goes a way that the challenges offer.
    mutating func take(_ method: LoginMethod, of challenges: ChallengeList) {
        guard let digest = challenges.digest(method) else {
            scheme = .basic
            return
        }
        if case .digest(let known) = scheme, known.nonce == digest.nonce {} else { uses = 0 }
        scheme = .digest(digest)
    }

    /// The camera has refused a proof that went the present way.
    mutating func wasRefused() {
        if let method, !refused.contains(method) { refused.append(method) }
    }

    /// The camera has taken a proof.
    mutating func wasTaken() {
        isProven = true
        refused = []
    }

    /// The `Authorization` header of the next request; nil before a challenge and without a user.
    mutating func headerValue(method: String, uri: String, url: RTSPURL, clientNonce: String) -> String? {
        guard let user = url.user else { return nil }
        let password = url.password ?? ""
        switch scheme {
        case .none: return nil
        case .basic: return "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
        case .digest(let challenge):
            uses &+= 1
            return challenge.answer(
                user: user,
                password: password,
                method: method,
                uri: uri,
                count: uses,
                clientNonce: clientNonce
            ).headerValue
        }
    }
}
