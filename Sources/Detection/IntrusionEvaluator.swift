import Flow

/// What one frame shows in one region that may be an object.
struct RegionForeground: Sendable, Hashable {
    /// Below this certainty a region's foreground is doubtful: one frame never alerts.
    static let doubtful = 0.5

    /// Whether one frame is not enough for an alert.
    var isDoubtful: Bool { certainty < Self.doubtful }

    /// Occupied pixels over the pixels that the rule needs: 1 is the threshold.
    var strength: Double
    /// 1 when all of it is clearly an object, less when it may be leaves, rain or insects.
    var certainty: Double
    /// Occupied share of the region.
    var share: Double
    /// Around all blobs that count, with what of them lies outside the region.
    var box: NormalizedRect
}

/// Tells when a region is occupied by something that is not part of the empty scene.
struct IntrusionEvaluator: RuleEvaluator {
    /// Seconds for which a single frame counts at most, however long ago the one before was.
    static let longestStep = 1.0
    /// Strong foreground counts for more seconds than it lasts, at most so many times.
    static let greatestWeight = 4.0
    /// Share of the dwell that a single frame of doubtful foreground brings at most.
    static let doubtfulStep = 0.5
    /// What the first frame of something certain brings at most, when the next frame comes soon.
    ///
    /// Two insects that touch, or a damaged picture, look certain and are gone in the next frame. So where frames are
    /// at most `interval` seconds apart and nothing certain was seen for `memory` seconds, one frame brings at most the
    /// share `step` of the dwell, and a second one decides.
    private static let lone = (interval: 0.25, memory: 0.5, step: 0.45)
    /// How far something doubtful may have moved, in multiples of its own size: at once, and with each second.
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
    /// Where and when the evidence began, while all of it is doubtful.
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
        return see(
            frame.blobs.foreground(in: region, minShare: limits.minShare),
            at: frame.time,
            elapsed: frame.elapsed
        )
    }

    /// Takes what a frame shows, `elapsed` seconds after the one before (0 for the first).
    mutating func see(_ foreground: RegionForeground?, at time: MediaTime, elapsed: Double) -> AlertChange? {
        strength = foreground?.strength ?? 0
        if alert.isOpen { return follow(foreground, at: time) }
        let step = min(elapsed, Self.longestStep)
        let isLone = isLone(foreground, at: time, step: step)
        guard let foreground, foreground.strength >= 1 else {
            occupied = max(0, occupied - step)
            if occupied == 0 { since = nil }
            return nil
        }
        if isElsewhere(foreground, at: time) {
            occupied = max(0, occupied - step)
            guard occupied == 0 else { return nil }
        }
        if occupied == 0 { (since, doubted) = (nil, (foreground.box, time)) }
        if !foreground.isDoubtful { doubted = nil }
        let evidence = evidence(of: foreground, step: step)
        occupied += isLone ? min(evidence, limits.dwell * Self.lone.step) : evidence
        let first = since ?? time
        since = first
        guard occupied >= limits.dwell else { return nil }
        return alert.start(
            since: first,
            at: time,
            strength: foreground.strength,
            box: foreground.box,
            reason: Self.reason(foreground)
        )
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        occupied = 0
        since = nil
        certainAt = nil
        return alert.end(at: time)
    }

    /// Whether all evidence so far is doubtful, and this is too far away to be the same: insects dart, people walk.
    ///
    /// Distances are shares of the picture's width and height, which are taken as equal: on a wide picture that allows
    /// a little more sideways than up and down.
    private func isElsewhere(_ foreground: RegionForeground, at time: MediaTime) -> Bool {
        guard foreground.isDoubtful, occupied > 0, let doubted else { return false }
        let (box, before) = (foreground.box, doubted.box)
        let size = [box.width, box.height, before.width, before.height].max() ?? 0
        let reach = size * (Self.doubtfulReach + Self.doubtfulSpeed * time.seconds(since: doubted.time))
        let across = (box.x + box.width / 2) - (before.x + before.width / 2)
        let down = (box.y + box.height / 2) - (before.y + before.height / 2)
        return max(across.magnitude, down.magnitude) > reach
    }

    /// Whether this is the first frame in a while with something certain, and the next one will come soon: see `lone`.
    private mutating func isLone(_ foreground: RegionForeground?, at time: MediaTime, step: Double) -> Bool {
        guard let foreground, foreground.strength >= 1, !foreground.isDoubtful else { return false }
        defer { certainAt = time }
        let isNew = certainAt.map { time.seconds(since: $0) > Self.lone.memory } ?? true
        return isNew && step <= Self.lone.interval
    }

    private func evidence(of foreground: RegionForeground, step: Double) -> Double {
        let isDoubtful = foreground.isDoubtful
        if limits.hasOwnDwell { return isDoubtful ? step * Self.doubtfulStep : step }
        let weighted = step * min(Self.greatestWeight, foreground.strength) * foreground.certainty
        return isDoubtful ? min(weighted, limits.dwell * Self.doubtfulStep) : weighted
    }

    private mutating func follow(_ foreground: RegionForeground?, at time: MediaTime) -> AlertChange? {
        if let foreground, foreground.strength >= Self.releaseStrength {
            return alert.goOn(at: time, strength: strength, box: foreground.box, reason: Self.reason(foreground))
        }
        guard let seen = alert.lastSeen, time.seconds(since: seen) >= limits.hold else { return nil }
        return close(at: time)
    }

    private static func reason(_ foreground: RegionForeground) -> String {
        let percent = (foreground.share * 1000).rounded() / 10
        return "\(percent) % of the region is occupied by something that is not part of the empty scene"
    }
}
