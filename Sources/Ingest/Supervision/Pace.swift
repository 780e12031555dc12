/// A token bucket in one number: the time up to which the tokens are spent.
///
/// In any `t` seconds at most `burst + rate · t` events pass (the generic cell rate algorithm). The rate is given with
/// each call, so that it may change.
struct Pace: Sendable {
    private var spentUntil = -Double.infinity

    /// When the next event may pass.
    func opensAt(rate: Double, burst: Double) -> Double {
        spentUntil - (max(1, burst) - 1) / rate
    }

    /// Counts an event.
    mutating func spend(rate: Double, now: Double) {
        spentUntil = max(spentUntil, now) + 1 / rate
    }
}
