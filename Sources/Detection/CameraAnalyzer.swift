public import Flow

/// Watches one camera: takes its small grey frames in order and tells when alerts of its rules start, change and end.
///
/// Pure and deterministic: the same frames give the same changes, byte for byte. Not for use by two threads at once.
public struct CameraAnalyzer: Sendable {
    /// Seconds between two measurements of the picture's quality.
    private static let qualityInterval = 30.0

    private var settings: DetectionSettings
    private let calendar: CityCalendar
    private var evaluated: [EvaluatedRule]
    /// Indices of the rules, those that ask about others last.
    private var order: [Int]
    private var scene: BackgroundModel?
    private var tracker: Tracker?
    private var last: MediaTime?
    private var groups = RuleDiagnosis.Groups()
    private var measured: MediaTime?
    private var lastDigest: UInt64?
    private var sames = 0
    /// How good the picture is, measured every half minute; nil before the scene is known.
    public private(set) var quality: ImageQuality?

    /// Makes an analyzer for the rules of one camera.
    ///
    /// - Parameters:
    ///   - rules: the rules, each with its own id.
    ///   - settings: tunables.
    ///   - calendar: holidays and sun, for schedules.
    /// - Throws: `DetectionError` for a rule that is not valid or has an id twice.
    public init(
        rules: [Rule],
        settings: DetectionSettings,
        calendar: CityCalendar = CityCalendar()
    ) throws(DetectionError) {
        try Self.validate(rules)
        self.settings = settings
        self.calendar = calendar
        evaluated = rules.map(EvaluatedRule.init)
        order = Self.order(of: rules)
        tracker = rules.contains(where: \.needsTracks) ? Tracker() : nil
    }

    /// Takes other rules or settings from the next frame on; what was learnt of the scene stays.
    ///
    /// A rule goes on with what it has seen, under other thresholds too; one that was drawn anew, or asks about others
    /// in another way or about one that begins anew, begins anew.
    ///
    /// - Parameters:
    ///   - rules: the rules, each with its own id.
    ///   - settings: tunables.
    /// - Returns: the ends of the alerts of rules that are gone or begin anew.
    /// - Throws: `DetectionError` as for `init`; nothing has changed then.
    public mutating func revise(
        rules: [Rule],
        settings: DetectionSettings
    ) throws(DetectionError) -> [AlertChange] {
        try Self.validate(rules)
        let going = going(as: rules)
        let ended = evaluated.indices.compactMap { index in
            going[evaluated[index].rule.id] == nil ? evaluated[index].close(at: last ?? .zero) : nil
        }
        self.settings = settings
        scene?.judge(by: settings)
        evaluated = rules.map { rule in
            if var known = going[rule.id] {
                known.revise(rule, settings: settings)
                return known
            }
            var item = EvaluatedRule(rule)
            if let scene { item.begin(settings: settings, width: scene.width, height: scene.height) }
            return item
        }
        order = Self.order(of: rules)
        tracker = rules.contains(where: \.needsTracks) ? tracker ?? Tracker() : nil
        return ended
    }

    /// Takes the next frame.
    ///
    /// A plane of another size than the one before starts the scene anew and ends running alerts. A frame that is not
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
            let ended = finish(at: time)
            begin(with: plane)
            if !ended.isEmpty { return ended }
        }
        guard let frame = look(at: plane, time: time, elapsed: elapsed) else { return [] }
        var changes = [AlertChange?](repeating: nil, count: evaluated.count)
        for index in order { changes[index] = judge(index, frame, wallClock: wallClock) }
        return changes.compactMap(\.self)
    }

    /// Ends all running alerts: the source has ended.
    public mutating func finish(at time: MediaTime) -> [AlertChange] {
        evaluated.indices.compactMap { evaluated[$0].close(at: time) }
    }

    /// What the last frame was judged as.
    public func status() -> SceneStatus {
        scene?.status ?? .noFrame
    }

    /// True when the last picture was bit-identical to the one before: the camera may have frozen.
    public var isSame: Bool { sames > 0 }

    /// Bytes of picture that are kept of the scene from frame to frame; rules keep little besides.
    public var stateBytes: Int { scene?.stateBytes ?? 0 }

    /// What the last frame showed, for whoever chooses which frames are worth a decode.
    public func summary() -> FrameSummary {
        FrameSummary(
            foregroundShare: scene?.foregroundShare ?? 0,
            isJudged: scene?.isJudged ?? true,
            isPending: evaluated.contains { $0.evaluator?.isPending == true },
            isAlerting: evaluated.contains(where: \.isOpen)
        )
    }

    /// Why the last frame alerted or did not, for each rule.
    public func diagnose() -> RuleDiagnosis {
        let isJudged = scene?.isJudged == true
        return RuleDiagnosis(
            scene: status(),
            restless: scene?.dynamicShare() ?? 0,
            groups: groups,
            rules: evaluated.map { item in
                guard item.isOn, let evaluator = item.evaluator else {
                    return RuleDiagnosis.Verdict(rule: item.rule.id, layer: .schedule, strength: 0, progress: 0)
                }
                let restless = scene?.dynamicShare(in: item.region) ?? 0
                return RuleDiagnosis.Verdict(item, evaluator, isJudged: isJudged, restless: restless, groups: groups)
            }
        )
    }

    /// The picture as it would be without objects in it; nil before the first frame, and while the scene is learnt.
    public var emptyScene: LumaPlane? {
        guard let scene, scene.isJudged else { return nil }
        return LumaPlane(width: scene.width, height: scene.height, pixels: scene.emptyPixels)
    }

    /// Calls `body` with each rule that is on and of which the last frame showed anything, and its strength: 1 at the
    /// threshold.
    public func eachScore(_ body: (_ rule: String, _ strength: Double) -> Void) {
        for item in evaluated where item.isOn {
            guard let strength = item.evaluator?.state.strength, strength > 0 else { continue }
            body(item.rule.id, strength)
        }
    }

    /// The foreground of the last frame for an overlay, row by row in the size of the plane; empty before the first.
    ///
    /// 0 where nothing is, 1 an object, 2 a speck, 3 other light, 4 what has just become part of the scene.
    public func foreground() -> [UInt8] {
        scene?.kindsOfPixels ?? []
    }

    /// The rules that can go on as rules of the same id, by id.
    private func going(as rules: [Rule]) -> [String: EvaluatedRule] {
        var going: [String: EvaluatedRule] = [:]
        for item in evaluated where rules.contains(where: item.goesOn) { going[item.rule.id] = item }
        // Whoever asks about a rule that has forgotten what it saw would be told at once what was kept back.
        return going.filter { $0.value.rule.asksAbout.allSatisfy { going[$0] != nil } }
    }

    private static func validate(_ rules: [Rule]) throws(DetectionError) {
        var seen = Set<String>()
        for rule in rules {
            try rule.validate()
            guard seen.insert(rule.id).inserted else {
                throw DetectionError(.invalidRule, "rule '\(rule.id)' is there twice; give every rule its own id")
            }
        }
        for rule in rules { try rule.validate(among: rules) }
    }

    private static func order(of rules: [Rule]) -> [Int] {
        rules.indices.filter { rules[$0].asksAbout.isEmpty } + rules.indices.filter { !rules[$0].asksAbout.isEmpty }
    }

    private mutating func begin(with plane: LumaPlane) {
        scene = BackgroundModel(first: plane, settings: settings)
        for index in evaluated.indices {
            evaluated[index].begin(settings: settings, width: plane.width, height: plane.height)
        }
        if tracker != nil { tracker = Tracker() }
    }

    /// Measures the picture when it is time, once what is usual for the scene has been learnt.
    private mutating func measure(_ plane: LumaPlane, at time: MediaTime) {
        let digest = plane.digest
        sames = digest == lastDigest ? sames + 1 : 0
        lastDigest = digest
        let isDue = measured.map { time.seconds(since: $0) >= Self.qualityInterval } ?? true
        guard isDue || sames == ImageQuality.frozenAfter, let scene, scene.isJudged, scene.status != .warmingUp else {
            return
        }
        measured = time
        quality = ImageQuality(
            plane,
            deviation: scene.deviation,
            dynamicShare: scene.dynamicShare(),
            sames: sames
        )
    }

    private mutating func look(at plane: LumaPlane, time: MediaTime, elapsed: Double) -> AnalyzedFrame? {
        guard let blobs = scene?.observe(plane, elapsed: elapsed) else { return nil }
        let isJudged = scene?.isJudged == true
        groups = RuleDiagnosis.Groups(blobs)
        measure(plane, at: time)
        if isJudged {
            tracker?.follow(blobs, at: time, elapsed: elapsed)
        } else {
            tracker?.skip()
        }
        return AnalyzedFrame(
            time: time,
            elapsed: elapsed,
            plane: plane,
            blobs: blobs,
            tracks: tracker?.tracks ?? [],
            isJudged: isJudged,
            isOtherMode: scene?.status == .infraredSwitch
        )
    }

    private mutating func judge(_ index: Int, _ frame: AnalyzedFrame, wallClock: MediaTime?) -> AlertChange? {
        let rule = evaluated[index].rule
        if let schedule = rule.schedule, let wallClock {
            evaluated[index].isOn = schedule.contains(wallClock, calendar)
        }
        let mayTell = rule.onlyIf.map(isOccupied) != false && rule.notIf.map(isOccupied) != true
        return evaluated[index].evaluate(frame, mayTell: mayTell)
    }

    private func isOccupied(_ id: String) -> Bool {
        evaluated.contains { $0.rule.id == id && $0.isOpen }
    }
}
