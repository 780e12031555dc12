/// Time as far as its owner was there to see it pass.
///
/// Who judges a silence by the clock alone takes a pause of his own for one of the other side: after a minute without
/// the CPU everything looks a minute late. Here the time between two looks counts up to a bound only; what is beyond is
/// the owner's own lateness, which no deadline of others may be charged with. A pure value, monotonic seconds in.
public struct PatientClock: Sendable, Hashable {
    /// Most seconds that count between two looks.
    public let longestStep: Double
    /// Seconds that counted so far.
    public private(set) var now = 0.0
    /// Seconds that did not count so far.
    public private(set) var lateness = 0.0
    private var last: Double?

    /// Makes a clock that stands at 0.
    ///
    /// - Parameter longestStep: Most seconds that count between two looks; a few times what lies between them when its
    ///   owner is in time.
    public init(longestStep: Double) {
        self.longestStep = max(0.001, longestStep)
    }

    /// Looks at the monotonic clock.
    ///
    /// - Parameter monotonic: Monotonic seconds.
    /// - Returns: Seconds that counted so far.
    @discardableResult public mutating func look(_ monotonic: Double) -> Double {
        if let last {
            let step = max(0, monotonic - last)
            now += min(step, longestStep)
            lateness += max(0, step - longestStep)
        }
        last = monotonic
        return now
    }
}
