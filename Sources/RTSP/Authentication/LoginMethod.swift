/// A way to prove a password.
public enum LoginMethod: Hashable, Sendable {
    /// Digest with this hash; `isSession` for the variant that mixes the nonces into the secret (`MD5-sess`).
    case digest(DigestAlgorithm, isSession: Bool)
    /// The password readable.
    case basic

    /// Its name for a person.
    var name: String {
        switch self {
        case .digest(let algorithm, let isSession): "Digest \(algorithm.rawValue)\(isSession ? "-sess" : "")"
        case .basic: "Basic"
        }
    }
}
