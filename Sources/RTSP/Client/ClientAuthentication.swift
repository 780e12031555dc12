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

    /// Takes the strongest of the challenges that can be answered; Basic only when there is no other.
    ///
    /// - Returns: False when none of them can.
    mutating func take(_ challenges: ChallengeList) -> Bool {
        if let digest = challenges.strongest {
            if case .digest(let known) = scheme, known.nonce == digest.nonce {} else { uses = 0 }
            scheme = .digest(digest)
        } else if challenges.offersBasic {
            scheme = .basic
        } else {
            return false
        }
        return true
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
