/// What a server asks a client to prove: one `WWW-Authenticate: Digest` header.
public struct DigestChallenge: Hashable, Sendable {
    /// The name of the protected area, part of the proof.
    public var realm: String
    /// The server's one-time text, part of the proof.
    public var nonce: String
    /// The hash to prove with.
    public var algorithm: DigestAlgorithm
    /// True for the variant of the algorithm that mixes the nonces into the secret: `MD5-sess`.
    public var isSession = false
    /// False when the server left the algorithm out: old cameras do not expect it in the answer then.
    public var isAlgorithmNamed = true
    /// True when the server takes `qop=auth`, which adds a counter and the client's own one-time text.
    public var offersAuth: Bool
    /// Text that the client sends back as it is.
    public var opaque: String?
    /// True when the last proof was right but for an old nonce: try again without asking for another password.
    public var isStale: Bool

    /// Makes a challenge.
    public init(
        realm: String,
        nonce: String,
        algorithm: DigestAlgorithm,
        offersAuth: Bool = true,
        opaque: String? = nil,
        isStale: Bool = false
    ) {
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        self.offersAuth = offersAuth
        self.opaque = opaque
        self.isStale = isStale
    }

    /// Reads a header value; nil when it is not a Digest challenge that can be answered here.
    public init?(_ headerValue: String) {
        guard let challenge = SchemeParameters.read(headerValue).first else { return nil }
        self.init(challenge)
    }

    init?(_ challenge: SchemeParameters) {
        let parameters = challenge.parameters
        let (name, isSession) = digestAlgorithm(parameters["algorithm"])
        guard challenge.scheme.lowercased() == "digest",
            let realm = parameters["realm"], let nonce = parameters["nonce"],
            let algorithm = DigestAlgorithm(parameter: name)
        else { return nil }
        let qualities = parameters["qop"]?.lowercased().split { ", ;".contains($0) }
        if let qualities, !qualities.isEmpty, !qualities.contains("auth") { return nil }
        self.realm = realm
        self.nonce = nonce
        self.algorithm = algorithm
        self.isSession = isSession
        self.isAlgorithmNamed = name != nil
        self.offersAuth = qualities?.isEmpty == false
        self.opaque = parameters["opaque"]
        self.isStale = parameters["stale"]?.lowercased() == "true"
    }

    /// The way to log in that it asks for.
    var method: LoginMethod { .digest(algorithm, isSession: isSession) }

    /// The header as it stands on its line.
    public var headerValue: String {
        var text = "Digest realm=\(realm.quoted), nonce=\(nonce.quoted)"
        if isAlgorithmNamed { text += ", algorithm=\(algorithm.rawValue)\(isSession ? "-sess" : "")" }
        if offersAuth { text += ", qop=\"auth\"" }
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        if isStale { text += ", stale=true" }
        return text
    }

    /// The client's proof that it knows the password.
    ///
    /// - Parameters:
    ///   - user: User name.
    ///   - password: Password; leaves this function only as a hash.
    ///   - method: Method of the request, in capitals.
    ///   - uri: URI of the request, as its first line has it.
    ///   - count: How often this nonce has been used, this time included; at least 1.
    ///   - clientNonce: The client's one-time text.
    /// - Returns: The credentials for the `Authorization` header of that request.
    public func answer(
        user: String,
        password: String,
        method: String,
        uri: String,
        count: UInt32,
        clientNonce: String
    ) -> DigestCredentials {
        var credentials = DigestCredentials(
            user: user,
            realm: realm,
            nonce: nonce,
            uri: uri,
            algorithm: algorithm,
            opaque: opaque
        )
        credentials.isAlgorithmNamed = isAlgorithmNamed
        credentials.sessionNonce = isSession ? clientNonce : nil
        if offersAuth { credentials.quality = .init(count: count, clientNonce: clientNonce) }
        credentials.response = credentials.expectedResponse(password: password, method: method)
        return credentials
    }
}

/// The name of an algorithm without `-sess`, and whether that stood behind it; nil for a name that is missing or empty.
func digestAlgorithm(_ parameter: String?) -> (name: String?, isSession: Bool) {
    guard let parameter, !parameter.isEmpty else { return (nil, false) }
    let suffix = "-sess"
    guard parameter.lowercased().hasSuffix(suffix) else { return (parameter, false) }
    return (String(parameter.dropLast(suffix.count)), true)
}
