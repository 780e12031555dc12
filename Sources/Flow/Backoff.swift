/// How long to wait before the next try: exponential with full jitter, bounded, never giving up.
///
/// Jitter spreads the reconnects of all cameras behind one switch; the caller gives the random number, so that the
/// schedule can be tested and replayed.
public struct Backoff: Sendable, Hashable {
    /// First wait in seconds, before jitter.
    public let base: Double
    /// Longest wait in seconds.
    public let cap: Double
    /// Failures since the last success.
    public private(set) var failures = 0

    /// Makes a schedule; `base` at least 0.001 s, `cap` at least `base`.
    public init(base: Double = 1, cap: Double = 120) {
        self.base = max(0.001, base)
        self.cap = max(self.base, cap)
    }

    /// Counts a failure and says how long to wait.
    ///
    /// - Parameter random: A number in 0..<1.
    /// - Returns: Seconds, between half of the step and the whole step.
    public mutating func failed(random: Double) -> Double {
        let step = min(cap, base * Double(UInt64(1) << UInt64(min(failures, 20))))
        failures += 1
        return step * (0.5 + 0.5 * min(max(random, 0), 1))
    }

    /// Forgets the failures: the next wait is the first one again.
    public mutating func succeeded() {
        failures = 0
    }
}
