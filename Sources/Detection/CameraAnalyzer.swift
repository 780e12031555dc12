public import Flow

/// Watches one camera: takes its small grey frames in order and tells when alerts of its rules start, change and end.
///
/// Pure and deterministic: the same frames give the same changes, byte for byte. Not for use by two threads at once.
public struct CameraAnalyzer: Sendable {
    private struct Watched: Sendable {
        let rule: Rule
        var region: Region?
        var watch: RegionWatch
    }

    private let settings: DetectionSettings
    private var watched: [Watched]
    private var scene: SceneModel?
    private var last: MediaTime?

    /// Makes an analyzer for the rules of one camera.
    ///
    /// - Throws: `DetectionError` for a rule that is not valid, has an id twice or is of a kind that cannot be judged yet.
    public init(rules: [Rule], settings: DetectionSettings) throws(DetectionError) {
        var seen = Set<String>()
        for rule in rules {
            try rule.validate()
            guard rule.kind.isImplemented else {
                throw DetectionError(
                    .unsupportedKind,
                    "rule '\(rule.id)': kind '\(rule.kind.rawValue)' cannot be judged yet; leave the rule out"
                )
            }
            guard seen.insert(rule.id).inserted else {
                throw DetectionError(.invalidRule, "rule '\(rule.id)' is there twice; give every rule its own id")
            }
        }
        self.settings = settings
        watched = rules.map { Watched(rule: $0, region: nil, watch: RegionWatch(rule: $0, settings: settings)) }
    }

    /// Takes the next frame.
    ///
    /// A plane of another size than the one before starts the scene anew; running alerts go on. A frame that is not
    /// later than the one before changes nothing.
    ///
    /// - Parameters:
    ///   - plane: the frame; its saturation tells infrared from colour.
    ///   - time: the time of the frame on the clock of the source.
    ///   - wallClock: the same instant since the Unix epoch, for schedules; nil = every rule is on.
    /// - Returns: the changes that this frame brought, at most one for each rule, in the order of the rules.
    public mutating func observe(
        _ plane: LumaPlane,
        at time: MediaTime,
        wallClock: MediaTime? = nil
    ) -> [AlertChange] {
        if let last, time <= last { return [] }
        let elapsed = last.map { time.seconds(since: $0) } ?? 0
        last = time
        if scene?.fits(plane) != true {
            scene = SceneModel(first: plane, settings: settings)
            for index in watched.indices {
                let polygon = watched[index].rule.polygon
                watched[index].region = Region(polygon: polygon, width: plane.width, height: plane.height)
            }
        }
        guard let things = scene?.observe(plane, elapsed: elapsed), scene?.isJudged == true else { return [] }
        var changes: [AlertChange] = []
        for index in watched.indices {
            if let change = judge(&watched[index], things, at: time, elapsed: elapsed, wallClock: wallClock) {
                changes.append(change)
            }
        }
        return changes
    }

    /// Ends all running alerts: the source has ended.
    public mutating func finish(at time: MediaTime) -> [AlertChange] {
        watched.indices.compactMap { watched[$0].watch.close(at: time) }
    }

    /// What the last frame was judged as.
    public func status() -> SceneStatus {
        scene?.status ?? .noFrame
    }

    /// What the last frame showed, for whoever chooses which frames are worth a decode.
    public func showing() -> Showing {
        Showing(
            thingShare: scene?.thingShare ?? 0,
            isJudged: scene?.isJudged ?? true,
            isPending: watched.contains { $0.watch.isPending },
            isAlerting: watched.contains { $0.watch.isOpen }
        )
    }

    /// The foreground of the last frame for an overlay, row by row in the size of the plane; empty before the first.
    ///
    /// 0 where nothing is, 1 a thing, 2 a speck, 3 other light, 4 what has just become part of the scene.
    public func foreground() -> [UInt8] {
        guard let scene else { return [] }
        return scene.kinds.isEmpty ? Array(repeating: 0, count: scene.width * scene.height) : scene.kinds
    }

    private func judge(
        _ item: inout Watched,
        _ things: Things,
        at time: MediaTime,
        elapsed: Double,
        wallClock: MediaTime?
    ) -> AlertChange? {
        if let schedule = item.rule.schedule, let wallClock, !schedule.contains(wallClock) {
            return item.watch.close(at: time)
        }
        guard let region = item.region else { return nil }
        let share = item.rule.thresholds.minShare ?? settings.minShare
        let sighting = things.sighting(in: region, minShare: share)
        return item.watch.see(sighting, at: time, elapsed: elapsed)
    }
}
