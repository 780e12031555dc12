import Flow

/// Tells when objects cross a line (tripwire) in the direction of its rule.
///
/// An object crosses when its centre was clearly on one side, is clearly on the other now, and the way between meets
/// the line.
struct TripwireEvaluator: RuleEvaluator {
    /// Share of the plane's height by which a centre must be off the line to be on a side.
    private static let margin = 0.015
    /// The same as a share of the object's size.
    private static let marginBySize = 0.15
    /// The line counts as so much longer at both ends.
    private static let overhang = 0.05
    /// Frames in which an object must have been seen before it can cross.
    private static let leastObservations = 2
    /// Frames that are further apart than this many seconds do not show who became whom: no crossing is told.
    private static let longestStep = 1.5
    /// Seconds without another crossing after which the alert ends.
    private static let hold = 1.0

    /// Where a track was last clearly on a side.
    private struct Place {
        var x: Double
        var y: Double
        var side: Int
        var seen: MediaTime
    }

    private let from: (x: Double, y: Double)
    private let to: (x: Double, y: Double)
    /// Pixels between the two, at least 1.
    private let length: Double
    private let width: Double
    private let height: Double
    /// What is outside, or of another size, crosses nothing.
    private let region: Region
    /// The sign of the side that lies in the rule's direction; 0 for any.
    private let wanted: Int
    private var places: [Int: Place] = [:]
    private var alert: AlertLifecycle
    private var crossings = 0

    init(rule: Rule, region: Region, width: Int, height: Int) {
        self.width = Double(width)
        self.height = Double(height)
        self.region = region
        let ends = rule.line ?? []
        let first = ends.first ?? NormalizedPoint(x: 0, y: 0)
        let last = ends.last ?? NormalizedPoint(x: 1, y: 1)
        from = (first.x * Double(width), first.y * Double(height))
        to = (last.x * Double(width), last.y * Double(height))
        length = max(1, ((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)).squareRoot())
        alert = AlertLifecycle(rule: rule)
        let step: (x: Double, y: Double)? =
            switch rule.direction {
            case .up: (0, -1)
            case .down: (0, 1)
            case .left: (-1, 0)
            case .right: (1, 0)
            case nil: nil
            }
        guard let step else {
            wanted = 0
            return
        }
        let towards = (to.x - from.x) * step.y - (to.y - from.y) * step.x
        wanted = towards > 0 ? 1 : -1
    }

    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        alert.rule = rule
    }

    var isOpen: Bool { alert.isOpen }

    var isPending: Bool { false }

    var state: RuleState { RuleState(strength: alert.isOpen ? Double(crossings) : 0, progress: 0) }

    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange? {
        if frame.elapsed > Self.longestStep { places = [:] }
        var crossed: [Track] = []
        var since = frame.time
        for track in frame.tracks where track.isSeen && counts(track) {
            guard let ago = crossing(track, frame) else { continue }
            crossed.append(track)
            since = min(since, frame.time.advanced(bySeconds: -min(frame.elapsed, ago)))
        }
        let known = Set(frame.tracks.map(\.id))
        places = places.filter { known.contains($0.key) }
        guard let first = crossed.first else {
            guard let seen = alert.lastSeen, frame.time.seconds(since: seen) >= Self.hold else { return nil }
            return alert.end(at: frame.time)
        }
        let isNew = !alert.isOpen
        crossings = isNew ? crossed.count : crossings + crossed.count
        let reason = crossings == 1 ? "something crossed the line" : "\(crossings) things crossed the line"
        let strength = Double(crossings)
        return isNew
            ? alert.start(since: since, at: frame.time, strength: strength, box: first.box, reason: reason)
            : alert.goOn(at: frame.time, strength: strength, box: first.box, reason: reason)
    }

    mutating func close(at time: MediaTime) -> AlertChange? {
        places = [:]
        return alert.end(at: time)
    }

    /// Whether a track may cross now; one that goes under a mask begins anew where it comes out.
    private mutating func counts(_ track: Track) -> Bool {
        guard region.contains(column: Int(track.x), row: Int(track.y)) else {
            places[track.id] = nil
            return false
        }
        return region.admits(track.box)
    }

    /// Keeps where the track is; how many seconds ago it went over the line when it has just come to the wanted side.
    private mutating func crossing(_ track: Track, _ frame: AnalyzedFrame) -> Double? {
        let distance = distance(track.x, track.y)
        let margin = max(Self.margin * height, Self.marginBySize * track.radius)
        let side = distance > margin ? 1 : distance < -margin ? -1 : 0
        if track.observations == 2, frame.elapsed <= Self.longestStep, let entry = track.entry {
            // First seen on the line or beyond it, it may have come over it, if not under a mask.
            let (x, y) = (entry.x * width, entry.y * height)
            let (column, row) = (min(width - 1, max(0, x)), min(height - 1, max(0, y)))
            guard region.contains(column: Int(column), row: Int(row)) else { return nil }
            places[track.id] = Place(x: x, y: y, side: self.distance(x, y) > 0 ? 1 : -1, seen: track.first)
        }
        guard side != 0 else { return nil }
        let before = places.updateValue(Place(x: track.x, y: track.y, side: side, seen: frame.time), forKey: track.id)
        guard let before, before.side != side, track.observations >= Self.leastObservations,
            wanted == 0 || wanted == side, meets(before, track)
        else { return nil }
        let past = distance / (distance - self.distance(before.x, before.y))
        return past * frame.time.seconds(since: before.seen)
    }

    /// Pixels from the line, with the sign of the side.
    private func distance(_ x: Double, _ y: Double) -> Double {
        ((to.x - from.x) * (y - from.y) - (to.y - from.y) * (x - from.x)) / length
    }

    /// Whether the way from a place to the track meets the line.
    private func meets(_ place: Place, _ track: Track) -> Bool {
        let line = (x: to.x - from.x, y: to.y - from.y)
        let way = (x: track.x - place.x, y: track.y - place.y)
        let cross = line.x * way.y - line.y * way.x
        guard cross != 0 else { return false }
        let along = ((place.x - from.x) * way.y - (place.y - from.y) * way.x) / cross
        return along >= -Self.overhang && along <= 1 + Self.overhang
    }
}
