/// What a server offers in its `WWW-Authenticate` headers: several challenges in one header or in several.
struct ChallengeList: Hashable, Sendable {
    /// The Digest challenges that can be answered, in order.
    var digests: [DigestChallenge] = []
    /// True when Basic is offered.
    var offersBasic = false
    /// The schemes by name, for messages: at most a few, each short.
    var schemes: [String] = []

    /// Names that a message repeats at most.
    private static let namedSchemes = 4

    /// Reads the values of all `WWW-Authenticate` headers of a response.
    init(_ values: [String]) {
        for text in values.flatMap(Self.split) {
            let scheme = Self.scheme(text) ?? ""
            if scheme.lowercased() == "basic" { offersBasic = true }
            if let digest = DigestChallenge(text) { digests.append(digest) }
            if schemes.count < Self.namedSchemes { schemes.append(String(text.prefix(12))) }
        }
    }

    /// The strongest Digest; the first of equals.
    var strongest: DigestChallenge? {
        digests.first { $0.algorithm == .sha256 } ?? digests.first
    }

    /// Cuts one header value into its challenges: commas stand between challenges and between parameters.
    private static func split(_ value: String) -> [String] {
        var challenges: [String] = []
        for part in value.splitOutsideQuotes(",") {
            if challenges.isEmpty || scheme(part) != nil {
                challenges.append(part)
            } else {
                challenges[challenges.count - 1] += ", " + part
            }
        }
        return challenges
    }

    /// The word in front of the parameters; nil when the part is a parameter.
    private static func scheme(_ part: String) -> String? {
        let word = part.prefix { $0 != " " && $0 != "\t" }
        let rest = part.dropFirst(word.count).trimmed
        return word.isEmpty || word.contains("=") || rest.hasPrefix("=") ? nil : String(word)
    }
}
