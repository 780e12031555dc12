import Flow

/// What one frame shows in one region.
struct Sighting: Sendable, Hashable {
    /// Below this certainty it must be seen in several frames.
    static let doubtful = 0.5

    /// Occupied pixels over the pixels that the rule needs: 1 is the threshold.
    var strength: Double
    /// 1 when all of it is clearly a thing, less when it may be leaves, rain or insects.
    var certainty: Double
    /// Occupied share of the region.
    var share: Double
    /// Around the occupied pixels.
    var box: NormalizedRect
}

/// Turns the sightings of one rule into start, updates and end of its alert.
///
/// Counts seconds, never frames.
struct RegionWatch: Sendable {
    /// Seconds that a single frame can stand for at most.
    static let longestStep = 1.0
    /// A sighting counts so many times its duration at most, however strong.
    static let greatestWeight = 4.0
    /// A single frame of a doubtful sighting brings an alert at most this near to its start.
    static let doubtfulStep = 0.4
    /// Below this strength an occupied region counts as empty again.
    static let releaseStrength = 0.5
    /// Seconds between updates of a running alert.
    static let updateInterval = 10.0

    private struct Open {
        var start: MediaTime
        var seen: MediaTime
        var updated: MediaTime
        var box: NormalizedRect
        var peak: Double
        var told: Double
        var share: Double
    }

    private let rule: Rule
    private let dwell: Double
    private let hold: Double
    /// Seconds of evidence so far; compared with `dwell`.
    private var occupied = 0.0
    private var since: MediaTime?
    private var open: Open?

    init(rule: Rule, settings: DetectionSettings) {
        self.rule = rule
        dwell = rule.thresholds.dwell ?? settings.dwell
        hold = settings.hold
    }

    /// True while an alert runs.
    var isOpen: Bool { open != nil }

    /// True while there is evidence, but not enough for an alert.
    var isPending: Bool { open == nil && occupied > 0 }

    /// Takes what a frame shows, `elapsed` seconds after the one before (0 for the first).
    mutating func see(_ sighting: Sighting?, at time: MediaTime, elapsed: Double) -> AlertChange? {
        if open != nil { return follow(sighting, at: time) }
        let step = min(elapsed, Self.longestStep)
        guard let sighting, sighting.strength >= 1 else {
            occupied = max(0, occupied - step)
            if occupied == 0 { since = nil }
            return nil
        }
        occupied += evidence(of: sighting, step: step)
        let first = since ?? time
        since = first
        guard occupied >= dwell else { return nil }
        open = Open(
            start: first,
            seen: time,
            updated: time,
            box: sighting.box,
            peak: sighting.strength,
            told: sighting.strength,
            share: sighting.share
        )
        return change(.start, at: time)
    }

    /// Ends a running alert, for example because the schedule switched the rule off.
    mutating func close(at time: MediaTime) -> AlertChange? {
        occupied = 0
        since = nil
        guard let running = open else { return nil }
        let ended = change(.end, at: time, end: running.seen)
        open = nil
        return ended
    }

    private func evidence(of sighting: Sighting, step: Double) -> Double {
        let isDoubtful = sighting.certainty < Sighting.doubtful
        if rule.thresholds.dwell != nil { return isDoubtful ? step * Self.doubtfulStep : step }
        let weighted = step * min(Self.greatestWeight, sighting.strength) * sighting.certainty
        return isDoubtful ? min(weighted, dwell * Self.doubtfulStep) : weighted
    }

    private mutating func follow(_ sighting: Sighting?, at time: MediaTime) -> AlertChange? {
        guard var running = open else { return nil }
        guard let sighting, sighting.strength >= Self.releaseStrength else {
            return time.seconds(since: running.seen) >= hold ? close(at: time) : nil
        }
        running.seen = time
        running.box = sighting.box
        running.share = sighting.share
        running.peak = max(running.peak, sighting.strength)
        let grown = running.peak >= 2 * running.told && time.seconds(since: running.updated) >= 1
        let due = grown || time.seconds(since: running.updated) >= Self.updateInterval
        if due {
            running.updated = time
            running.told = running.peak
        }
        open = running
        return due ? change(.update, at: time) : nil
    }

    private func change(_ phase: AlertPhase, at time: MediaTime, end: MediaTime? = nil) -> AlertChange? {
        guard let running = open else { return nil }
        let percent = (running.share * 1000).rounded() / 10
        return AlertChange(
            rule: rule,
            phase: phase,
            start: running.start,
            at: time,
            end: end,
            score: Self.score(of: running.peak),
            box: running.box,
            reason: "\(percent) % of the region is occupied by something that is not part of the empty scene"
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
}
