import Synchronization

/// The last sign of life of a loop, so that a watchdog vouches only for loops that really turn.
public final class Heartbeat: Sendable {
    /// Who gives the signs, for the log.
    public let name: String
    /// Longest silence of a healthy loop, seconds.
    public let limit: Double
    private let last: Atomic<Int>

    /// Makes a heartbeat whose first sign is now.
    ///
    /// - Parameters:
    ///   - name: Who gives the signs.
    ///   - limit: Longest silence of a healthy loop, seconds.
    ///   - now: Monotonic seconds.
    public init(name: String, limit: Double, now: Double) {
        self.name = name
        self.limit = limit
        self.last = Atomic(Int(now * 1000))
    }

    /// Gives a sign of life.
    public func touch(now: Double) {
        last.store(Int(now * 1000), ordering: .relaxed)
    }

    /// Whether the silence is longer than a healthy loop's.
    public func isSilent(now: Double) -> Bool {
        Double(Int(now * 1000) - last.load(ordering: .relaxed)) / 1000 > limit
    }
}
