/// What a server offers in its `WWW-Authenticate` headers: several challenges in one header or in several.
struct ChallengeList: Hashable, Sendable {
    /// The Digest challenges that can be answered, in order.
    var digests: [DigestChallenge] = []
    /// True when Basic is offered.
    var offersBasic = false
    /// What is offered and cannot be answered, by name, for messages: at most a few, each short.
    var others: [String] = []

    /// Names that a message repeats at most.
    private static let namedSchemes = 4

    /// Reads the values of all `WWW-Authenticate` headers of a response.
    init(_ values: [String]) {
        for challenge in values.flatMap(SchemeParameters.read) {
            if challenge.scheme.lowercased() == "basic" {
                offersBasic = true
            } else if let digest = DigestChallenge(challenge) {
                digests.append(digest)
            } else if others.count < Self.namedSchemes {
                others.append(Self.name(challenge))
            }
        }
    }

    private static func name(_ challenge: SchemeParameters) -> String {
        var name = String(challenge.scheme.prefix(12))
        if let algorithm = challenge.parameters["algorithm"] { name += " \(algorithm.prefix(20))" }
        if let quality = challenge.parameters["qop"] { name += " with qop \(quality.prefix(20))" }
        return name
    }

    /// The ways that can be gone, the best first: the strongest hash, the first of equals, Basic last.
    var methods: [LoginMethod] {
        let strong = digests.filter { $0.algorithm == .sha256 } + digests.filter { $0.algorithm != .sha256 }
        var methods: [LoginMethod] = []
        for method in strong.map(\.method) + (offersBasic ? [.basic] : []) where !methods.contains(method) {
            methods.append(method)
        }
        return methods
    }

    /// The challenge of a way; nil for Basic and for what is not offered.
    func digest(_ method: LoginMethod) -> DigestChallenge? {
        digests.first { $0.method == method }
    }
}
