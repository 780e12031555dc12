import FoundationEssentials

/// The server side of authentication on one connection: says what to prove and checks the proof.
public struct Authenticator: Hashable, Sendable {
    /// The one account that may watch, and what proof of it is taken.
    public struct Account: Hashable, Sendable {
        /// User name.
        public var user: String
        /// Password in clear: Digest cannot be checked with less.
        public var password: String
        /// The name of the protected area, shown by clients that ask for a password.
        public var realm: String
        /// The hashes that are offered, the most wanted one last: old clients keep only the last challenge.
        public var algorithms: [DigestAlgorithm]
        /// True to take Basic as well, which sends the password readable; for old clients in closed networks.
        public var takesBasic: Bool

        /// Makes an account.
        public init(
            user: String,
            password: String,
            realm: String = "gridwatch",
            algorithms: [DigestAlgorithm] = [.sha256, .md5],
            takesBasic: Bool = false
        ) {
            self.user = user
            self.password = password
            self.realm = realm
            self.algorithms = algorithms
            self.takesBasic = takesBasic
        }
    }

    /// The outcome of a check.
    public enum Verdict: Hashable, Sendable {
        /// The client knows the password.
        case accepted
        /// It knows the password but proved it with the nonce of another connection.
        case stale
        /// No proof, or a wrong one.
        case refused
    }

    private let account: Account
    private let nonce: String

    /// Makes the authenticator of one connection.
    ///
    /// - Parameters:
    ///   - account: Who may watch.
    ///   - nonce: Text that nobody can guess and no other connection has.
    public init(account: Account, nonce: String) {
        self.account = account
        self.nonce = nonce
    }

    /// The values of the `WWW-Authenticate` headers of a refusal.
    public func challenges(isStale: Bool = false) -> [String] {
        var values = account.takesBasic ? ["Basic realm=\(account.realm.quoted)"] : []
        values += account.algorithms.map { algorithm in
            DigestChallenge(realm: account.realm, nonce: nonce, algorithm: algorithm, isStale: isStale).headerValue
        }
        return values
    }

    /// Checks the `Authorization` header of a request.
    public func check(_ request: RTSPRequest) -> Verdict {
        guard let header = request.headers["Authorization"] else { return .refused }
        if let credentials = DigestCredentials(header) { return check(credentials, of: request) }
        return account.takesBasic && isBasic(header) ? .accepted : .refused
    }

    private func check(_ credentials: DigestCredentials, of request: RTSPRequest) -> Verdict {
        guard account.algorithms.contains(credentials.algorithm), credentials.realm == account.realm,
            credentials.uri == request.uri || RTSPPath.of(credentials.uri) == RTSPPath.of(request.uri)
        else { return .refused }
        let expected = credentials.expectedResponse(password: account.password, method: request.method)
        guard sameText(credentials.user, account.user), sameText(credentials.response, expected) else {
            return .refused
        }
        return credentials.nonce == nonce ? .accepted : .stale
    }

    private func isBasic(_ header: String) -> Bool {
        let scheme = "basic "
        guard header.prefix(scheme.count).lowercased() == scheme,
            let pair = Data(base64Encoded: String(header.dropFirst(scheme.count)))
        else { return false }
        return sameText(String(decoding: pair, as: UTF8.self), "\(account.user):\(account.password)")
    }

    /// Compares in a time that does not tell where the texts differ.
    private func sameText(_ left: String, _ right: String) -> Bool {
        let left = Array(left.utf8)
        let right = Array(right.utf8)
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}
