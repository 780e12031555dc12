import Flow

/// What one frame shows in one region.
struct RegionForeground: Sendable, Hashable {
    /// Below this certainty it must be seen in several frames.
    static let doubtful = 0.5

    /// Whether it must be seen in several frames.
    var isDoubtful: Bool { certainty < Self.doubtful }

    /// Occupied pixels over the pixels that the rule needs: 1 is the threshold.
    var strength: Double
    /// 1 when all of it is clearly a thing, less when it may be leaves, rain or insects.
    var certainty: Double
    /// Occupied share of the region.
    var share: Double
    /// Around all blobs that count, with what of them lies outside the region.
    var box: NormalizedRect
}

/// Tells when a region is occupied by something that is not part of the empty scene.
struct IntrusionEvaluator: RuleEvaluator {
    /// Seconds that a single frame can stand for at most.
    static let longestStep = 1.0
    /// A sighting counts so many times its duration at most, however strong.
    static let greatestWeight = 4.0
    /// A single frame of a doubtful sighting brings an alert at most this near to its start.
    static let doubtfulStep = 0.5
    /// Where pictures come so many seconds after one another, something certain that was not seen in the last `memory`
    /// seconds brings an alert at most this near to its start: two insects that touch, or a damaged picture, are gone in
    /// the next one.
    private static let lone = (interval: 0.25, memory: 0.5, step: 0.45)
    /// How far something doubtful may be from where it was, in its own sizes: at once, and for each second.
    private static let doubtfulReach = 1.0
    private static let doubtfulSpeed = 4.0
    /// Below this strength an occupied region counts as empty again.
    static let releaseStrength = 0.5

    /// What a rule and the settings say in numbers.
    private struct Limits {
        let minShare: Double
        let hasOwnDwell: Bool
        let dwell: Double
        let hold: Double

        init(_ rule: Rule, _ settings: DetectionSettings) {
            minShare = rule.thresholds.minShare ?? settings.minShare
            hasOwnDwell = rule.thresholds.dwell != nil
            dwell = rule.thresholds.dwell ?? settings.dwell
            hold = settings.hold
        }
    }

    private let region: Region
    private var limits: Limits
    /// Seconds of evidence so far; compared with `dwell`.
    private var occupied = 0.0
    private var since: MediaTime?
    /// When something certain was last seen.
    private var certainAt: MediaTime?
    /// The first sighting, while all evidence is of doubtful ones.
    private var doubted: (box: NormalizedRect, time: MediaTime)?
    private var alert: AlertLifecycle
    private var strength = 0.0

    init(rule: Rule, settings: DetectionSettings, region: Region) {
        self.region = region
        limits = Limits(rule, settings)
        alert = AlertLifecycle(rule: rule)
    }

    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        limits = Limits(rule, settings)
        alert.rule = rule
    }

    var isOpen: Bool { alert.isOpen }

    /// True while there is evidence, but not enough for an alert.
    var isPending: Bool { !alert.isOpen && occupied > 0 }

    var state: RuleState { RuleState(strength: strength, progress: limits.dwell > 0 ? occupied / limits.dwell : 0) }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        strength = 0
        guard frame.isJudged else {
            certainAt = nil
            return nil
        }
        return see(frame.blobs.sighting(in: region, minShare: limits.minShare), at: frame.time, elapsed: frame.elapsed)
    }

    /// Takes what a frame shows, `elapsed` seconds after the one before (0 for the first).
    mutating func see(_ sighting: RegionForeground?, at time: MediaTime, elapsed: Double) -> AlertChange? {
        strength = sighting?.strength ?? 0
        if alert.isOpen { return follow(sighting, at: time) }
        let step = min(elapsed, Self.longestStep)
        let isLone = isLone(sighting, at: time, step: step)
        guard let sighting, sighting.strength >= 1 else {
            occupied = max(0, occupied - step)
            if occupied == 0 { since = nil }
            return nil
        }
        if isElsewhere(sighting, at: time) {
            occupied = max(0, occupied - step)
            guard occupied == 0 else { return nil }
        }
        if occupied == 0 { (since, doubted) = (nil, (sighting.box, time)) }
        if !sighting.isDoubtful { doubted = nil }
        let evidence = evidence(of: sighting, step: step)
        occupied += isLone ? min(evidence, limits.dwell * Self.lone.step) : evidence
        let first = since ?? time
        since = first
        guard occupied >= limits.dwell else { return nil }
        return alert.start(
            since: first,
            at: time,
            strength: sighting.strength,
            box: sighting.box,
            reason: Self.reason(sighting)
        )
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        occupied = 0
        since = nil
        certainAt = nil
        return alert.end(at: time)
    }

    /// Whether all evidence so far is of something doubtful that cannot have come here since: insects dart, people walk.
    ///
    /// Width and height of the picture count alike: what is as tall as it may be goes a little further sideways.
    private func isElsewhere(_ sighting: RegionForeground, at time: MediaTime) -> Bool {
        guard sighting.isDoubtful, occupied > 0, let doubted else { return false }
        let (box, before) = (sighting.box, doubted.box)
        let size = [box.width, box.height, before.width, before.height].max() ?? 0
        let reach = size * (Self.doubtfulReach + Self.doubtfulSpeed * time.seconds(since: doubted.time))
        let across = (box.x + box.width / 2) - (before.x + before.width / 2)
        let down = (box.y + box.height / 2) - (before.y + before.height / 2)
        return max(across.magnitude, down.magnitude) > reach
    }

    /// Whether it is the first picture in a while with something certain, and the next one will come soon.
    private mutating func isLone(_ sighting: RegionForeground?, at time: MediaTime, step: Double) -> Bool {
        guard let sighting, sighting.strength >= 1, !sighting.isDoubtful else { return false }
        defer { certainAt = time }
        let isNew = certainAt.map { time.seconds(since: $0) > Self.lone.memory } ?? true
        return isNew && step <= Self.lone.interval
    }

    private func evidence(of sighting: RegionForeground, step: Double) -> Double {
        let isDoubtful = sighting.isDoubtful
        if limits.hasOwnDwell { return isDoubtful ? step * Self.doubtfulStep : step }
        let weighted = step * min(Self.greatestWeight, sighting.strength) * sighting.certainty
        return isDoubtful ? min(weighted, limits.dwell * Self.doubtfulStep) : weighted
    }

    private mutating func follow(_ sighting: RegionForeground?, at time: MediaTime) -> AlertChange? {
        if let sighting, sighting.strength >= Self.releaseStrength {
            return alert.goOn(at: time, strength: strength, box: sighting.box, reason: Self.reason(sighting))
        }
        guard let seen = alert.lastSeen, time.seconds(since: seen) >= limits.hold else { return nil }
        return close(at: time)
    }

    private static func reason(_ sighting: RegionForeground) -> String {
        let percent = (sighting.share * 1000).rounded() / 10
        return "\(percent) % of the region is occupied by something that is not part of the empty scene"
    }
}
