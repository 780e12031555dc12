/// A client's proof: one `Authorization: Digest` header (RFC 2617 and RFC 7616).
public struct DigestCredentials: Hashable, Sendable {
    /// The parts that `qop=auth` adds.
    public struct Quality: Hashable, Sendable {
        /// How often the nonce has been used, this time included.
        public var count: UInt32
        /// The client's one-time text.
        public var clientNonce: String

        /// Makes the parts.
        public init(count: UInt32, clientNonce: String) {
            self.count = count
            self.clientNonce = clientNonce
        }

        /// Eight hexadecimal digits, as they are hashed.
        var countDigits: String {
            let digits = String(count, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }
    }

    /// User name.
    public var user: String
    /// The realm of the challenge.
    public var realm: String
    /// The nonce of the challenge.
    public var nonce: String
    /// The URI of the request that is proved.
    public var uri: String
    /// The hash.
    public var algorithm: DigestAlgorithm
    /// The client's one-time text where it is part of the secret: `MD5-sess`; nil without that.
    public var sessionNonce: String?
    /// False to leave the algorithm out of the header, as the challenge did.
    public var isAlgorithmNamed = true
    /// The opaque text of the challenge.
    public var opaque: String?
    /// Counter and client nonce; nil in the older form without `qop`.
    public var quality: Quality?
    /// The proof: hexadecimal digits.
    public var response: String

    init(user: String, realm: String, nonce: String, uri: String, algorithm: DigestAlgorithm, opaque: String?) {
        self.user = user
        self.realm = realm
        self.nonce = nonce
        self.uri = uri
        self.algorithm = algorithm
        self.opaque = opaque
        self.response = ""
    }

    /// Reads a header value; nil when it is not a complete Digest proof.
    public init?(_ headerValue: String) {
        guard let proof = SchemeParameters.read(headerValue).first, proof.scheme.lowercased() == "digest" else {
            return nil
        }
        let parameters = proof.parameters
        let (name, isSession) = digestAlgorithm(parameters["algorithm"])
        guard let user = parameters["username"], let realm = parameters["realm"], let nonce = parameters["nonce"],
            let uri = parameters["uri"], let response = parameters["response"],
            let algorithm = DigestAlgorithm(parameter: name), !isSession || parameters["cnonce"] != nil
        else { return nil }
        self.init(
            user: user,
            realm: realm,
            nonce: nonce,
            uri: uri,
            algorithm: algorithm,
            opaque: parameters["opaque"]
        )
        self.isAlgorithmNamed = name != nil
        self.sessionNonce = isSession ? parameters["cnonce"] : nil
        self.response = response.lowercased()
        guard let quality = parameters["qop"] else { return }
        guard quality.lowercased() == "auth", let clientNonce = parameters["cnonce"],
            let count = parameters["nc"].flatMap({ UInt32($0, radix: 16) })
        else { return nil }
        self.quality = Quality(count: count, clientNonce: clientNonce)
    }

    /// The header as it stands on its line.
    public var headerValue: String {
        var text = "Digest username=\(user.quoted), realm=\(realm.quoted), nonce=\(nonce.quoted), uri=\(uri.quoted)"
        text += ", response=\"\(response)\""
        if isAlgorithmNamed { text += ", algorithm=\(algorithm.rawValue)\(sessionNonce == nil ? "" : "-sess")" }
        if let quality {
            text += ", qop=auth, nc=\(quality.countDigits), cnonce=\(quality.clientNonce.quoted)"
        } else if let sessionNonce {
            text += ", cnonce=\(sessionNonce.quoted)"
        }
        if let opaque { text += ", opaque=\(opaque.quoted)" }
        return text
    }

    /// What `response` must be when the client knows `password` (RFC 7616, 3.4.1).
    func expectedResponse(password: String, method: String) -> String {
        var secret = algorithm.hex("\(user):\(realm):\(password)")
        if let sessionNonce { secret = algorithm.hex("\(secret):\(nonce):\(sessionNonce)") }
        let request = algorithm.hex("\(method):\(uri)")
        guard let quality else { return algorithm.hex("\(secret):\(nonce):\(request)") }
        return algorithm.hex("\(secret):\(nonce):\(quality.countDigits):\(quality.clientNonce):auth:\(request)")
    }
}
