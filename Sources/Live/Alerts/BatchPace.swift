import Postgres

/// How much a loop asks of the database at once: what is refused or takes too long is tried again in parts.
struct BatchPace: Sendable {
    /// Most at once.
    let most: Int
    /// How much at once now; at least 1.
    private(set) var limit: Int

    init(most: Int) {
        self.most = max(1, most)
        self.limit = self.most
    }

    /// It passed: more may pass.
    mutating func passed() {
        limit = min(most, limit * 2)
    }

    /// It failed.
    ///
    /// - Parameters:
    ///   - error: Why.
    ///   - count: How much was asked for.
    /// - Returns: True when less may pass at once; false when the database is away, or a single one was refused.
    mutating func failed(_ error: any Error, count: Int) -> Bool {
        guard let error = error as? PostgresError, error.fault != .server, count > 1 else { return false }
        limit = max(1, count / 2)
        return true
    }
}
