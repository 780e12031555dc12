import Flow

/// Tells when at least so many people are in a region.
///
/// Grey blobs do not show where one person ends and the next begins: people are counted by the area that they cover.
struct CrowdEvaluator: RuleEvaluator {
    /// People when the rule does not say.
    private static let usual = 10
    /// Seconds for which so many must be there when the rule does not say.
    private static let usualDwell = 1.0
    /// The alert goes on while at least this share of them is there.
    private static let releaseShare = 0.7

    /// What a rule and the settings say in numbers.
    private struct Limits {
        let least: Double
        let personShare: Double
        let dwell: Double
        let hold: Double

        init(_ rule: Rule, _ settings: DetectionSettings) {
            least = Double(max(1, rule.minCount ?? CrowdEvaluator.usual))
            personShare = settings.personShare
            dwell = rule.thresholds.dwell ?? CrowdEvaluator.usualDwell
            hold = settings.hold
        }
    }

    private let region: Region
    private var limits: Limits
    private var crowded = 0.0
    private var since: MediaTime?
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

    var isPending: Bool { !alert.isOpen && crowded > 0 }

    var state: RuleState { RuleState(strength: strength, progress: limits.dwell > 0 ? crowded / limits.dwell : 0) }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        strength = 0
        guard frame.isJudged else { return nil }
        let crowd = frame.blobs.crowd(in: region, personShare: limits.personShare)
        strength = crowd.people / limits.least
        return alert.isOpen ? follow(crowd, at: frame.time) : wait(crowd, at: frame.time, elapsed: frame.elapsed)
    }

    private mutating func follow(_ crowd: CrowdEstimate, at time: MediaTime) -> AlertChange? {
        if strength >= Self.releaseShare {
            return alert.goOn(at: time, strength: strength, box: crowd.box, reason: Self.reason(crowd))
        }
        guard let seen = alert.lastSeen, time.seconds(since: seen) >= limits.hold else { return nil }
        return close(at: time)
    }

    private mutating func wait(_ crowd: CrowdEstimate, at time: MediaTime, elapsed: Double) -> AlertChange? {
        let step = min(elapsed, IntrusionEvaluator.longestStep)
        guard strength >= 1 else {
            crowded = max(0, crowded - step)
            if crowded == 0 { since = nil }
            return nil
        }
        crowded += step
        let first = since ?? time
        since = first
        guard crowded >= limits.dwell else { return nil }
        return alert.start(since: first, at: time, strength: strength, box: crowd.box, reason: Self.reason(crowd))
    }

    private static func reason(_ crowd: CrowdEstimate) -> String {
        "about \(Int(crowd.people)) people are in the region"
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        crowded = 0
        since = nil
        return alert.end(at: time)
    }
}

/// How many people cover as much of a region as objects do.
struct CrowdEstimate: Sendable {
    /// Their number; a fraction, as it is reckoned from area.
    var people: Double
    /// Around all of them; the whole picture when there are none.
    var box: NormalizedRect
}
