internal import Flow

/// What the renderer knows about one actor in one frame.
struct Sighting {
    /// Which actor, by its place in the scene.
    let actor: Int
    let role: Actor.Role
    let isPerson: Bool
    let isMoving: Bool
    /// Its foot, in shares of the picture.
    let foot: NormalizedPoint
    /// Pixels of its body on the picture.
    let pixels: Int
    /// Pixels of its body in each rule's region, in the rules' order.
    let inside: [Int]
    /// Pixels of its shadow in each rule's region.
    let shadow: [Int]
}

/// What the renderer knows about one frame.
struct FrameTruth {
    let sightings: [Sighting]
    /// Share of the lens that is covered, 0…1.
    let covered: Float
}

/// Times in seconds from the first frame.
struct TruthSpan: Hashable {
    var start: Double
    var end: Double
}

/// The labels of one rule.
struct RuleTruth: Hashable {
    /// When the rule's condition holds.
    var events: [TruthSpan] = []
    /// When it is doubtful whether it holds.
    var ignore: [TruthSpan] = []
    /// Instants at which the line is crossed in its direction.
    var crossings: [Double] = []
}

/// Gathers frames and tells when each rule's condition held.
struct SceneTruth {
    /// A smaller overlap is neither event nor certainly none: a hand, a tip of a shoe.
    private static let leastShare = 0.06
    /// Gaps shorter than this are between two legs, not between two events.
    private static let longestGap = 0.6
    /// How far the edge of an event is doubtful.
    private static let edge = 0.5

    private let rules: [SceneRule]
    private let framesPerSecond: Double
    private let leastPixels: Int
    private var frames: [FrameTruth] = []

    /// Makes an empty record for a clip; `size` sets how many pixels count as seen.
    init(rules: [SceneRule], size: FrameSize, framesPerSecond: Int) {
        self.rules = rules
        self.framesPerSecond = Double(framesPerSecond)
        leastPixels = max(12 * size.width * size.height / (640 * 360), 3)
    }

    /// Adds what the next frame shows; frames come in order.
    mutating func add(_ frame: FrameTruth) {
        frames.append(frame)
    }

    /// The labels of one rule, by its place in the list.
    func labels(of rule: Int) -> RuleTruth {
        switch rules[rule].kind {
        case .intrusion: intrusion(rule)
        case .quiet: RuleTruth(ignore: spans { presence(in: $0, rule) > .none })
        case .stationary: stationary(rule)
        case .crowd: crowd(rule)
        case .tamper: tamper()
        case .line: line(rule)
        }
    }

    private enum Presence: Int, Comparable {
        case none, doubtful, certain

        static func < (left: Presence, right: Presence) -> Bool { left.rawValue < right.rawValue }
    }

    private func presence(in frame: FrameTruth, _ rule: Int) -> Presence {
        var presence = Presence.none
        for sighting in frame.sightings {
            let body = sighting.inside[rule]
            let least = max(leastPixels, Int(Double(sighting.pixels) * SceneTruth.leastShare))
            if sighting.role == .subject, body >= least { return .certain }
            if body + sighting.shadow[rule] >= leastPixels / 2 { presence = .doubtful }
        }
        return presence
    }

    private func intrusion(_ rule: Int) -> RuleTruth {
        let certain = spans { presence(in: $0, rule) == .certain }
        let doubtful = spans { presence(in: $0, rule) == .doubtful && !hasObject($0, rule) }
        return RuleTruth(events: certain, ignore: merged(doubtful + edges(certain), gap: 0.05))
    }

    /// Whether something left behind lies in the region: it is no intruder, and seeing it is not doubtful.
    private func hasObject(_ frame: FrameTruth, _ rule: Int) -> Bool {
        frame.sightings.contains { $0.role == .object && $0.inside[rule] > 0 }
    }

    private func stationary(_ rule: Int) -> RuleTruth {
        let actors = Set(frames.flatMap { frame in frame.sightings.map(\.actor) })
        var stands: [TruthSpan] = []
        for actor in actors.sorted() {
            stands += spans { frame in
                frame.sightings.contains {
                    $0.actor == actor && !$0.isMoving && !$0.isPerson && $0.inside[rule] * 2 >= $0.pixels
                }
            }
        }
        let least = rules[rule].minSeconds ?? 0
        let events = merged(stands.filter { $0.end - $0.start > least }, gap: SceneTruth.longestGap)
        let short = stands.filter { $0.end - $0.start <= least }
        return RuleTruth(events: events, ignore: merged(short + edges(events), gap: 0.05))
    }

    private func crowd(_ rule: Int) -> RuleTruth {
        let corners = rules[rule].points
        let least = rules[rule].minCount ?? 1
        func count(_ frame: FrameTruth) -> Int {
            frame.sightings.count { $0.isPerson && RegionMask.contains(corners, x: $0.foot.x, y: $0.foot.y) }
        }
        let events = spans { count($0) >= least }
        // One or two fewer than asked for cannot be told from enough with certainty.
        let nearly = spans { count($0) < least && count($0) * 4 >= least * 3 }
        return RuleTruth(events: events, ignore: merged(nearly + edges(events), gap: 0.05))
    }

    private func tamper() -> RuleTruth {
        let events = spans { $0.covered >= 0.5 }
        let partly = spans { $0.covered > 0.01 && $0.covered < 0.5 }
        return RuleTruth(events: events, ignore: merged(partly + edges(events), gap: 0.05))
    }

    private func line(_ rule: Int) -> RuleTruth {
        var crossings: [Double] = []
        for (index, pair) in zip(frames, frames.dropFirst()).enumerated() {
            for before in pair.0.sightings where before.role == .subject {
                guard let after = pair.1.sightings.first(where: { $0.actor == before.actor }) else { continue }
                if crosses(rules[rule], from: before.foot, to: after.foot) {
                    crossings.append(rounded((Double(index) + 0.5) / framesPerSecond))
                }
            }
        }
        let around = crossings.map { span($0 - SceneTruth.edge, $0 + SceneTruth.edge) }
        return RuleTruth(events: around, crossings: crossings)
    }

    private func crosses(_ rule: SceneRule, from: NormalizedPoint, to: NormalizedPoint) -> Bool {
        let (first, second) = (rule.points[0], rule.points[1])
        func side(_ point: NormalizedPoint, _ start: NormalizedPoint, _ end: NormalizedPoint) -> Bool {
            (end.x - start.x) * (point.y - start.y) > (end.y - start.y) * (point.x - start.x)
        }
        guard side(from, first, second) != side(to, first, second) else { return false }
        guard side(first, from, to) != side(second, from, to) else { return false }
        return switch rule.direction {
        case .right: to.x > from.x
        case .left: to.x < from.x
        case .down: to.y > from.y
        case .up: to.y < from.y
        case nil: true
        }
    }

    /// The spans of the frames for which something holds, without short gaps.
    private func spans(_ holds: (FrameTruth) -> Bool) -> [TruthSpan] {
        var spans: [TruthSpan] = []
        for (index, frame) in frames.enumerated() where holds(frame) {
            spans.append(span(Double(index) / framesPerSecond, Double(index + 1) / framesPerSecond))
        }
        return merged(spans, gap: SceneTruth.longestGap)
    }

    /// The doubtful times round the starts and ends of events, except where an end is the clip's.
    private func edges(_ events: [TruthSpan]) -> [TruthSpan] {
        let length = Double(frames.count) / framesPerSecond
        return events.flatMap { event in
            let start = span(event.start - SceneTruth.edge, event.start + SceneTruth.edge)
            let end = span(event.end - SceneTruth.edge, event.end + SceneTruth.edge)
            return event.end < length - 0.1 ? [start, end] : [start]
        }
    }

    /// The spans in order of time, those closer than `gap` as one.
    private func merged(_ spans: [TruthSpan], gap: Double) -> [TruthSpan] {
        var result: [TruthSpan] = []
        for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let last = result.last, span.start - last.end < gap {
                result[result.count - 1].end = max(last.end, span.end)
            } else {
                result.append(span)
            }
        }
        return result
    }

    /// A span held inside the clip, to a hundredth of a second.
    private func span(_ start: Double, _ end: Double) -> TruthSpan {
        let length = Double(frames.count) / framesPerSecond
        return TruthSpan(start: rounded(max(start, 0)), end: rounded(min(end, length)))
    }

    private func rounded(_ seconds: Double) -> Double {
        (seconds * 100).rounded() / 100
    }
}
