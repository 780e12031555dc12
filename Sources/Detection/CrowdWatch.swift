import Flow

/// Tells when at least so many people are in a region.
///
/// Grey blobs do not show where one person ends and the next begins: people are counted by the area that they cover.
struct CrowdWatch: RuleWatch {
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
            least = Double(max(1, rule.minCount ?? CrowdWatch.usual))
            personShare = settings.personShare
            dwell = rule.thresholds.dwell ?? CrowdWatch.usualDwell
            hold = settings.hold
        }
    }

    private let region: Region
    private var limits: Limits
    private var crowded = 0.0
    private var since: MediaTime?
    private var run: AlertRun
    private var strength = 0.0

    init(rule: Rule, settings: DetectionSettings, region: Region) {
        self.region = region
        limits = Limits(rule, settings)
        run = AlertRun(rule: rule)
    }

    mutating func adopt(_ rule: Rule, settings: DetectionSettings) {
        limits = Limits(rule, settings)
        run.rule = rule
    }

    var isOpen: Bool { run.isOpen }

    var isPending: Bool { !run.isOpen && crowded > 0 }

    var account: Account { Account(strength: strength, progress: limits.dwell > 0 ? crowded / limits.dwell : 0) }

    mutating func see(_ frame: SceneFrame) -> AlertChange? {
        strength = 0
        guard frame.isJudged else { return nil }
        let crowd = frame.things.crowd(in: region, personShare: limits.personShare)
        strength = crowd.people / limits.least
        return run.isOpen ? follow(crowd, at: frame.time) : wait(crowd, at: frame.time, elapsed: frame.elapsed)
    }

    private mutating func follow(_ crowd: Crowd, at time: MediaTime) -> AlertChange? {
        if strength >= Self.releaseShare {
            return run.goOn(at: time, strength: strength, box: crowd.box, reason: Self.reason(crowd))
        }
        guard let seen = run.lastSeen, time.seconds(since: seen) >= limits.hold else { return nil }
        return close(at: time)
    }

    private mutating func wait(_ crowd: Crowd, at time: MediaTime, elapsed: Double) -> AlertChange? {
        let step = min(elapsed, RegionWatch.longestStep)
        guard strength >= 1 else {
            crowded = max(0, crowded - step)
            if crowded == 0 { since = nil }
            return nil
        }
        crowded += step
        let first = since ?? time
        since = first
        guard crowded >= limits.dwell else { return nil }
        return run.start(since: first, at: time, strength: strength, box: crowd.box, reason: Self.reason(crowd))
    }

    private static func reason(_ crowd: Crowd) -> String {
        "about \(Int(crowd.people)) people are in the region"
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        crowded = 0
        since = nil
        return run.end(at: time)
    }
}

/// How many people cover as much of a region as things do.
struct Crowd: Sendable {
    /// Their number.
    var people: Double
    /// Around all of them.
    var box: NormalizedRect
}
