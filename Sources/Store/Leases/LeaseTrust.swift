/// Whether a worker may still act on its lease, by its own monotonic clock alone.
///
/// A lease is counted from before the request that renewed it, and ends early by a margin: when this says no, the
/// database may already have given the shards away; when it says yes, it cannot have. While the database is away a
/// worker keeps what it has and goes on watching and spooling, but does not act.
public struct LeaseTrust: Sendable, Hashable {
    /// Seconds between renewals.
    public static let renewalInterval = 5.0
    /// Seconds that a renewal is good for.
    public static let timeToLive = 15.0
    /// Seconds before the end in which the lease is not trusted any more.
    public static let margin = 2.0

    private let span: Double
    /// End of the trust, seconds of the monotonic clock; nil before the first renewal and after a refusal.
    public private(set) var trustedUntil: Double?

    /// Makes a trust without a lease.
    public init(timeToLive: Double = LeaseTrust.timeToLive, margin: Double = LeaseTrust.margin) {
        self.span = max(0, timeToLive - margin)
    }

    /// The database has renewed the lease.
    ///
    /// `requestedAt`: monotonic seconds before the request was sent.
    public mutating func renewed(requestedAt: Double) {
        trustedUntil = max(trustedUntil ?? -.infinity, requestedAt + span)
    }

    /// The database has refused: another process has the name.
    public mutating func refused() {
        trustedUntil = nil
    }

    /// True when what the worker owns is certainly its own at that monotonic time.
    public func mayAct(at now: Double) -> Bool {
        trustedUntil.map { now < $0 } ?? false
    }
}
