import Flow

/// Tells when something was left in a region, or when something that belongs there is gone.
///
/// Both look alike at first: pixels that differ from the empty scene and have stopped changing. Edges along their
/// outline that the frame has and the scene has not say that something came; the other way round, that something went.
/// From then on the evaluator keeps both looks of these pixels, so that it does not matter that the background learns
/// the new one: the condition holds while the pixels look as they did then, and is over once they look as before.
struct StationaryEvaluator: RuleEvaluator {
    /// Seconds of minimal duration when the rule does not say.
    private static let usual = 30.0
    /// Seconds for which pixels must not have changed to be looked at.
    private static let stillSeconds = 1.0
    /// Edges of the frame over those of the scene, from which something may have come, and up to which something may
    /// have gone.
    private static let edges = (left: 0.8, removed: 0.4)
    /// Share of its region that must be gone when the rule does not say: the region is drawn around the object.
    private static let removedShare = 0.02
    /// Share of the pixels that must look one way or the other to be believed.
    private static let majority = 0.5
    /// Seconds for which something may be hidden behind what passes.
    private static let hidden = 10.0
    /// Seconds for which it must look as before to be over.
    private static let overSeconds = 0.5
    /// Seconds in which a look follows the light.
    private static let lookSeconds = 5.0
    /// Share of its pixels that a static region must have in common with a known one to be the same.
    private static let overlap = 0.3
    /// Seconds for which a picture has a vote at least.
    private static let leastStep = 0.02
    /// Static regions that are kept at once.
    private static let most = 8
    /// Pixels of a static region whose looks are kept: of a larger one every second, third… pixel, to bound the memory.
    private static let mostPixels = 512
    /// A pixel looks like something when it is nearer to it than to the other look, and within this many grey levels,
    /// or this share of what lies between both.
    private static let likeness: (levels: Float, share: Float) = (24, 0.35)

    /// For how many seconds something looked like what the rule asks for, more than it did not.
    ///
    /// Somebody who stands still may for one picture have fewer edges than what he hides. The balance has a bound, so
    /// that what becomes true later is told later.
    private struct Votes: Sendable {
        private var balance: Double
        private let bound: Double
        /// True for good once it is time and most agree.
        private(set) var isSettled = false

        init(first seconds: Double, bound: Double) {
            balance = min(seconds, bound)
            self.bound = bound
        }

        var agree: Bool { isSettled || balance > 0 }

        mutating func count(_ agrees: Bool, seconds: Double) {
            balance = min(bound, max(-bound, balance + (agrees ? seconds : -seconds)))
        }

        mutating func settle() { isSettled = agree }
    }

    /// Pixels that look otherwise than the empty scene and stay so.
    private struct Kept: Sendable {
        var pixels: [Int]
        /// Pixels of the whole static region, kept or not.
        var area: Int
        /// How they look while the condition holds, and how they looked before.
        var look: [Float]
        var before: [Float]
        var box: NormalizedRect
        var since: MediaTime
        /// When they were last seen to hold.
        var seen: MediaTime
        var votes: Votes
        /// Since when they look as before.
        var backSince: MediaTime?
    }

    private var rule: Rule
    private let region: Region
    private let planePixels: Int
    private var seconds: Double
    private var least: Double
    private var kept: [Kept] = []
    private var alert: AlertLifecycle

    init(rule: Rule, settings: DetectionSettings, region: Region, pixels: Int) {
        self.rule = rule
        self.region = region
        planePixels = pixels
        seconds = Self.seconds(rule)
        least = Self.least(rule, settings, region, pixels)
        alert = AlertLifecycle(rule: rule)
    }

    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        self.rule = rule
        seconds = Self.seconds(rule)
        least = Self.least(rule, settings, region, planePixels)
        alert.rule = rule
    }

    private static func seconds(_ rule: Rule) -> Double { rule.minSeconds ?? rule.thresholds.dwell ?? usual }

    /// Pixels that must have changed for good.
    private static func least(_ rule: Rule, _ settings: DetectionSettings, _ region: Region, _ pixels: Int) -> Double {
        let share = rule.thresholds.minShare ?? (rule.kind == .objectRemoved ? removedShare : settings.minShare)
        // Staying the same for so long makes up for size.
        return max(max(4, settings.minBlob * Double(pixels) / 2), share * Double(region.count))
    }

    var isOpen: Bool { alert.isOpen }

    var isPending: Bool { false }

    var state: RuleState {
        guard let first = kept.filter(\.votes.agree).min(by: { $0.since < $1.since }) else {
            return RuleState(strength: 0, progress: 0)
        }
        let stayed = first.seen.seconds(since: first.since)
        return RuleState(
            strength: Double(first.area) / least,
            progress: seconds > 0 ? min(1, max(0, stayed / seconds)) : 1
        )
    }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        if frame.isOtherMode { kept = [] }
        guard frame.isJudged else {
            // It may be another scene by then.
            kept.removeAll { !$0.votes.isSettled }
            return nil
        }
        for index in kept.indices { compare(&kept[index], frame) }
        let hidden = max(Self.hidden, 2.5 * frame.elapsed)
        kept.removeAll { Self.isOver($0, at: frame.time, hidden: hidden) }
        find(in: frame)
        for index in kept.indices where frame.time.seconds(since: kept[index].since) >= seconds {
            kept[index].votes.settle()
        }
        let ripe = kept.filter(\.votes.isSettled)
        guard let first = ripe.min(by: { ($0.since, $0.box.x) < ($1.since, $1.box.x) }) else {
            return alert.end(at: frame.time)
        }
        let strength = Double(ripe.reduce(0) { $0 + $1.area }) / least
        if alert.isOpen {
            guard ripe.contains(where: { $0.seen == frame.time }) else { return nil }
            return alert.goOn(at: frame.time, strength: strength, box: first.box, reason: reason(first, at: frame.time))
        }
        return alert.start(
            since: first.since,
            at: frame.time,
            strength: strength,
            box: first.box,
            reason: reason(first, at: frame.time)
        )
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        kept = []
        return alert.end(at: time)
    }

    private func reason(_ kept: Kept, at time: MediaTime) -> String {
        let stayed = Int(time.seconds(since: kept.since))
        return rule.kind == .objectRemoved
            ? "something that belongs to the region has been gone for \(stayed) s"
            : "something has been standing in the region for \(stayed) s"
    }

    /// Takes up what is of the kind that the rule asks for, and lets each further look at it count for or against that.
    private mutating func find(in frame: AnalyzedFrame) {
        var groups = frame.blobs.staticRegions(in: region, seconds: Self.stillSeconds, least: least)
        if rule.kind == .objectRemoved { groups += frame.blobs.changedRegions(in: region, least: least) }
        let step = min(max(frame.elapsed, Self.leastStep), IntrusionEvaluator.longestStep)
        let known = kept.count
        // A frame that shows several parts of a known region has one vote on it: that of most of the pixels.
        var ballots: [Int: Int] = [:]
        for group in groups {
            let isWanted = isWanted(group)
            let own = Set(group.pixels)
            if let index = kept.indices.first(where: { Self.isSame(kept[$0], own) }) {
                let shared = kept[index].pixels.count { own.contains($0) }
                ballots[index, default: 0] += isWanted ? shared : -shared
            } else if isWanted, kept.count < Self.most {
                kept.append(take(group, from: frame, votes: Votes(first: step, bound: max(1, seconds))))
            }
        }
        for (index, balance) in ballots where index < known && balance != 0 {
            kept[index].votes.count(balance > 0, seconds: step)
        }
    }

    private func isWanted(_ group: StaticRegion) -> Bool {
        rule.kind == .objectRemoved ? group.edgeRatio <= Self.edges.removed : group.edgeRatio >= Self.edges.left
    }

    private func take(_ group: StaticRegion, from frame: AnalyzedFrame, votes: Votes) -> Kept {
        let step = (group.pixels.count + Self.mostPixels - 1) / Self.mostPixels
        let pixels = stride(from: 0, to: group.pixels.count, by: step).map { group.pixels[$0] }
        return Kept(
            pixels: pixels,
            area: group.pixels.count,
            look: pixels.map { Float(frame.plane.pixels[$0]) },
            before: pixels.map { Float(frame.blobs.before[$0]) },
            box: group.box,
            since: frame.time.advanced(bySeconds: -group.seconds),
            seen: frame.time,
            votes: votes
        )
    }

    private static func isSame(_ known: Kept, _ own: Set<Int>) -> Bool {
        let share = Double(known.pixels.count { own.contains($0) }) / Double(known.pixels.count)
        return share * Double(known.area) >= overlap * Double(min(own.count, known.area))
    }

    /// Says of each kept pixel which look it has now; looks follow the light while they hold.
    private func compare(_ kept: inout Kept, _ frame: AnalyzedFrame) {
        var holds = 0
        var returned = 0
        var shift: Float = 0
        let rate = Float(min(1, frame.elapsed / Self.lookSeconds))
        for (index, pixel) in kept.pixels.enumerated() {
            let now = Float(frame.plane.pixels[pixel])
            let toLook = now - kept.look[index]
            let toBefore = now - kept.before[index]
            let isNearer = toLook.magnitude < toBefore.magnitude
            let between = (kept.look[index] - kept.before[index]).magnitude
            let reach = max(Self.likeness.levels, Self.likeness.share * between)
            guard min(toLook.magnitude, toBefore.magnitude) <= reach else { continue }
            if isNearer {
                holds += 1
                shift += toLook
            } else {
                returned += 1
            }
        }
        let majority = Self.majority * Double(kept.pixels.count)
        if Double(holds) >= majority {
            kept.seen = frame.time
            kept.backSince = nil
            let step = shift / Float(holds) * rate
            for index in kept.look.indices {
                kept.look[index] += step
                kept.before[index] += step
            }
        } else if Double(returned) >= majority {
            kept.backSince = kept.backSince ?? frame.time
        } else {
            kept.backSince = nil
        }
    }

    private static func isOver(_ kept: Kept, at time: MediaTime, hidden: Double) -> Bool {
        if let back = kept.backSince { return time.seconds(since: back) >= overSeconds }
        return time.seconds(since: kept.seen) > hidden
    }
}
