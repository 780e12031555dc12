import Flow

/// Tells when one object stays in a region for long, moving or not.
struct LoiteringEvaluator: RuleEvaluator {
    /// Seconds when the rule does not say.
    private static let usual = 30.0
    /// Seconds without the object in the region after which it has left.
    private static let absence = 3.0

    private struct Stay {
        var since: MediaTime
        var seen: MediaTime
        var box: NormalizedRect
    }

    private let region: Region
    private var seconds: Double
    private let width: Double
    private let height: Double
    private var stays: [Int: Stay] = [:]
    private var alert: AlertLifecycle

    init(rule: Rule, region: Region, width: Int, height: Int) {
        self.region = region
        seconds = Self.seconds(rule)
        self.width = Double(width)
        self.height = Double(height)
        alert = AlertLifecycle(rule: rule)
    }

    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        seconds = Self.seconds(rule)
        alert.rule = rule
    }

    private static func seconds(_ rule: Rule) -> Double { max(0.001, rule.minSeconds ?? usual) }

    var isOpen: Bool { alert.isOpen }

    var isPending: Bool { false }

    var state: RuleState {
        let longest = stays.values.map { $0.seen.seconds(since: $0.since) }.max() ?? 0
        return RuleState(strength: longest / seconds, progress: min(1, longest / seconds))
    }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        for track in frame.tracks where isInside(track) {
            let since = stays[track.id]?.since ?? frame.time
            stays[track.id] = Stay(since: since, seen: frame.time, box: track.box)
        }
        let absence = max(Self.absence, 1.5 * frame.elapsed)
        stays = stays.filter { frame.time.seconds(since: $0.value.seen) <= absence }
        let longest = stays.values.min { ($0.since, $0.box.x) < ($1.since, $1.box.x) }
        guard let longest, frame.time.seconds(since: longest.since) >= seconds else {
            return alert.end(at: frame.time)
        }
        let stayed = frame.time.seconds(since: longest.since)
        let reason = "something has been in the region for \(Int(stayed)) s"
        return alert.isOpen
            ? alert.goOn(at: frame.time, strength: stayed / seconds, box: longest.box, reason: reason)
            : alert.start(
                since: longest.since,
                at: frame.time,
                strength: stayed / seconds,
                box: longest.box,
                reason: reason
            )
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        stays = [:]
        return alert.end(at: time)
    }

    /// Where the object stands: the middle of its lower edge, which is on the ground.
    private func isInside(_ track: Track) -> Bool {
        let foot = Int((track.box.y + track.box.height) * height) - 1
        return region.admits(track.box) && region.contains(column: min(Int(width) - 1, max(0, Int(track.x))), row: foot)
    }
}
