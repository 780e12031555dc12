/// What connections to a camera have taught about it: the next connection begins with that.
///
/// Cameras of one platform mostly behave alike, so what one has taught is a good first guess for the others.
public struct CameraLessons: Hashable, Sendable {
    /// How the camera is told that its client lives.
    public enum SignOfLife: Hashable, Sendable, CaseIterable {
        /// The request that most cameras expect.
        case getParameter
        /// For those that refuse it, hang up on it or do not count it.
        case options
        /// Receiver reports alone.
        case reports

        /// What is tried when this one does not keep a session alive.
        var next: SignOfLife {
            switch self {
            case .getParameter: .options
            case .options: .reports
            case .reports: .getParameter
            }
        }
    }

    /// True for a camera that does not answer `DESCRIBE` unless `OPTIONS` came first.
    public internal(set) var asksOptionsFirst = false
    /// What keeps its sessions alive, as far as is known.
    public internal(set) var signOfLife = SignOfLife.getParameter
    /// True once a session has outlived its time-out by that sign.
    public internal(set) var isSignProven = false
    /// Seconds after which it ends a session without a sign of life, where that is less than it says.
    public internal(set) var patience: Int?
    /// Seconds that the last session lived which it ended before a sign of life was due; nil when the last one did not
    /// end like that.
    var lastLife: Double?
    /// Which of the addresses of its tracks is asked for first: the one that it has taken, or the one behind that on
    /// which it has hung up.
    var setUpWay = 0
    /// What was asked for by a camera that has hung up right after; the next connection begins with the proof.
    var challenge: ClientAuthentication?
    /// The way to log in that it has taken last; nil while it has taken none.
    public internal(set) var login: LoginMethod?
    /// Connections in a row on which it took no proof at all.
    ///
    /// From the first one on each connection tries one way only, in turn: more would lock the account sooner.
    public var failedLogins = 0

    /// Nothing is known yet.
    public init() {}

    /// The ways to try on one connection, in order.
    func logins(_ offered: [LoginMethod]) -> [LoginMethod] {
        if let login, offered.contains(login) { return [login] + offered.filter { $0 != login } }
        guard failedLogins > 0, !offered.isEmpty else { return offered }
        return [offered[failedLogins % offered.count]]
    }
}
