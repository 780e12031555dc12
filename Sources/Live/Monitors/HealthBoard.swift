import Synchronization

/// What is wrong right now, by part of the daemon; read by `/readyz` and by systemd's status line.
public final class HealthBoard: Sendable {
    private let problems = Mutex<[String: String]>([:])

    /// Makes a board without problems.
    public init() {}

    /// Sets or clears the problem of a part.
    ///
    /// - Parameters:
    ///   - part: `database`, `spool`, `evidence`, `registry`…
    ///   - problem: One sentence for the operator; nil when the part works.
    public func report(_ part: String, problem: String?) {
        problems.withLock { $0[part] = problem }
    }

    /// The problems now, by part.
    public var current: [String: String] { problems.withLock { $0 } }
}
