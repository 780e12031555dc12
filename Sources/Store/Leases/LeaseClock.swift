/// Notices that the database's clock was set forward between two renewals.
///
/// Leases are counted on that clock: when it jumps, those of workers that live look over until these renew them. Whoever
/// renews first would take everybody's shards, and every camera would be opened anew. A pure value on monotonic seconds.
public struct LeaseClock: Sendable, Hashable {
    /// Smallest jump that counts, seconds.
    public static let tolerance = 5.0

    private let timeToLive: Double
    /// What the database's clock showed last; nil before the first look.
    private var database: Double?
    /// When it was asked then, monotonic seconds.
    private var asked = 0.0
    private var doubtedUntil = -Double.infinity

    /// Makes a clock that has not been looked at.
    ///
    /// `timeToLive`: seconds within which whoever lives has renewed its lease.
    public init(timeToLive: Double = LeaseTrust.timeToLive) {
        self.timeToLive = timeToLive
    }

    /// Takes what the database's clock showed at a renewal.
    ///
    /// - Parameters:
    ///   - database: That clock, seconds since any instant.
    ///   - asked: Monotonic seconds before the request was sent.
    ///   - answered: Monotonic seconds after the answer had come.
    public mutating func renewed(database: Double, asked: Double, answered: Double) {
        if let before = self.database, database - before > answered - self.asked + Self.tolerance {
            doubtedUntil = answered + timeToLive
        }
        self.database = database
        self.asked = asked
    }

    /// Whether leases that look over may be those of workers that live, at that monotonic time.
    public func isInDoubt(at now: Double) -> Bool { now < doubtedUntil }
}
