import Flow

/// The alert of one rule while it runs: says when it started, changed and ended.
struct AlertLifecycle: Sendable {
    /// Seconds between updates of a running alert.
    static let updateInterval = 10.0

    private struct Open {
        var start: MediaTime
        var seen: MediaTime
        var updated: MediaTime
        var box: NormalizedRect
        var peak: Double
        var told: Double
        var reason: String
    }

    /// The rule that its changes name.
    var rule: Rule
    private var open: Open?

    init(rule: Rule) {
        self.rule = rule
    }

    /// True while an alert runs.
    var isOpen: Bool { open != nil }

    /// When the condition of the running alert was last seen; nil while none runs.
    var lastSeen: MediaTime? { open?.seen }

    /// Starts an alert; none may run.
    ///
    /// - Parameters:
    ///   - since: when the condition began.
    ///   - time: the frame that shows it.
    ///   - strength: 1 at the threshold.
    ///   - box: where.
    ///   - reason: why, in words for an operator.
    /// - Returns: the start.
    mutating func start(
        since: MediaTime,
        at time: MediaTime,
        strength: Double,
        box: NormalizedRect,
        reason: String
    ) -> AlertChange {
        let running = Open(
            start: since,
            seen: time,
            updated: time,
            box: box,
            peak: strength,
            told: strength,
            reason: reason
        )
        open = running
        return change(.start, of: running, at: time)
    }

    /// The condition still holds; an update when one is due, or when it has become much stronger.
    mutating func goOn(at time: MediaTime, strength: Double, box: NormalizedRect, reason: String) -> AlertChange? {
        guard var running = open else { return nil }
        running.seen = time
        running.box = box
        running.reason = reason
        running.peak = max(running.peak, strength)
        let grown = running.peak >= 2 * running.told && time.seconds(since: running.updated) >= 1
        let due = grown || time.seconds(since: running.updated) >= Self.updateInterval
        if due {
            running.updated = time
            running.told = running.peak
        }
        open = running
        return due ? change(.update, of: running, at: time) : nil
    }

    /// Ends a running alert: it was last seen when it went on last.
    mutating func end(at time: MediaTime) -> AlertChange? {
        guard let running = open else { return nil }
        open = nil
        return change(.end, of: running, at: time)
    }

    private func change(_ phase: AlertPhase, of running: Open, at time: MediaTime) -> AlertChange {
        AlertChange(
            rule: rule,
            phase: phase,
            start: running.start,
            at: time,
            end: phase == .end ? running.seen : nil,
            score: Self.score(of: running.peak),
            box: running.box,
            reason: running.reason
        )
    }

    /// 0.5 at the threshold, 1 at eight times the threshold; one step of a half for three doublings.
    static func score(of strength: Double) -> Double {
        var doublings = 0.0
        var rest = max(1, min(8, strength))
        while rest >= 2 {
            rest /= 2
            doublings += 1
        }
        return min(1, 0.5 + (doublings + rest - 1) / 6)
    }

    /// The strength that has a score, 1 to 8; at a score of 1 it may have been any number above.
    static func strength(ofScore score: Double) -> Double {
        var doublings = min(3, max(0, (score - 0.5) * 6))
        var strength = 1.0
        while doublings >= 1 {
            doublings -= 1
            strength *= 2
        }
        return strength * (1 + doublings)
    }
}
