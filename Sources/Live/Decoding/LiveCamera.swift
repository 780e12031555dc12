import Analysis
import Detection
import Flow
import Gate
import Ingest
import Logging
import Media

/// One live camera on its worker: its pipeline, and what follows from what that finds.
///
/// It knows nobody who hears of it: what it has to say comes back from each call. Every member is used on the camera's
/// worker thread only, except `init`.
final class LiveCamera {
    /// Seconds between the alerts of which there are clips.
    private static let clipInterval = 300.0
    /// Seconds between two times that scores are handed over.
    private static let handOverInterval = 600.0

    /// Its id.
    let id: String
    /// How much of it is looked at.
    private(set) var sampling: SamplingPlan
    /// Its stages.
    let pipeline: CameraPipeline
    private var settingsVersion: String
    private var bases: [String: ScoreBasis]
    private let named: (AlertRecord) -> AlertRecord
    private let slots: ClipSlots
    private let clocks: Clocks
    /// For each rule with an open alert, microseconds from the units' clock to the wall clock when it began: the times of
    /// one alert stay in order, whoever moves the clock meanwhile.
    private var shifts: [String: Int64] = [:]
    private var clip: PlaneClip?
    private var clippedAt: MediaTime?
    private var isPending = false
    private var wasAlerting = false
    private var log: ScoreLog
    private var handOver: MediaTime?
    private var outputs = CameraOutputs()
    /// What came of the stream since the last picture that detection looked at.
    private(set) var tally = SightTally()

    /// Makes a camera that has seen nothing.
    ///
    /// - Parameters:
    ///   - id: Its id.
    ///   - sampling: How much of it is looked at.
    ///   - pipeline: Its stages, made of the rules and settings.
    ///   - rules: Its rules.
    ///   - settings: Its settings.
    ///   - named: Gives a statement the name that people know its alert by; each statement goes through it once, in order.
    ///   - slots: Room for clips of alerts.
    ///   - clocks: Time.
    init(
        id: String,
        sampling: SamplingPlan,
        pipeline: CameraPipeline,
        rules: [Rule],
        settings: DetectionSettings,
        named: @escaping (AlertRecord) -> AlertRecord,
        slots: ClipSlots,
        clocks: Clocks = .system
    ) {
        self.id = id
        self.sampling = sampling
        self.pipeline = pipeline
        self.settingsVersion = settings.version
        self.bases = Self.bases(rules, settings)
        self.log = ScoreLog(hold: settings.hold)
        self.named = named
        self.slots = slots
        self.clocks = clocks
        pipeline.onLook = { [unowned self] plane, time, analyzer in note(plane, time, analyzer) }
    }

    /// Whether single keyframes are decoded, rather than every picture in order.
    var isSampled: Bool { sampling.sampling.isSampled }

    /// Changes how much of it is looked at; the rules stay what they are, and with them what was learnt.
    func follow(_ sampling: SamplingPlan) {
        self.sampling = sampling
        pipeline.retune(sampling: sampling.sampling, bufferBytes: sampling.bufferBytes)
    }

    /// Judges by other rules or settings; what was learnt of the scene stays.
    ///
    /// - Throws: `DetectionError` for rules that cannot be used; those from before go on.
    func revise(rules: [Rule], settings: DetectionSettings) throws(DetectionError) -> CameraOutputs {
        // What was scored and told so far was so by the settings from before.
        for finding in try pipeline.revise(rules: rules, settings: settings) { keep(finding) }
        hand(log.take())
        settingsVersion = settings.version
        log.hold = settings.hold
        bases = Self.bases(rules, settings)
        return collected()
    }

    /// Runs all stages on a unit.
    func take(_ unit: AccessUnit, _ bench: DecoderBench) -> CameraOutputs {
        tally.took(unit)
        if unit.isWhole { tally.chose(isQueued: false) }
        return run(unit) { () throws(MediaError) in try pipeline.take(unit, bench) }
    }

    /// What the gate wants decoded now that `unit` came.
    func admit(_ unit: AccessUnit) -> CameraPipeline.Sample? {
        tally.took(unit)
        let sample = pipeline.admit(unit)
        if sample?.keyframe?.isWhole == true { tally.chose(isQueued: true) }
        return sample
    }

    /// Decodes and judges a sample.
    func look(at sample: CameraPipeline.Sample, _ bench: DecoderBench) -> CameraOutputs {
        run(sample.keyframe) { () throws(MediaError) in try pipeline.look(at: sample, bench) }
    }

    /// Ends the camera: its open alerts end now.
    func finish() -> CameraOutputs {
        for finding in pipeline.finish() { keep(finding) }
        hand(log.take())
        endClip()
        return collected()
    }

    /// Runs stages and collects what came of them; `unit`: the keyframe or unit that is decoded.
    private func run(_ unit: AccessUnit?, _ stages: () throws(MediaError) -> [Finding]) -> CameraOutputs {
        pipeline.wallOffset = clocks.shift()
        let before = pipeline.picturesSeen
        do throws(MediaError) {
            for finding in try stages() { keep(finding) }
            settleClip()
        } catch {
            // Its words are told when no picture follows.
            if unit?.isWhole == true { tally.failed(error.message) }
            outputs.failure = error
            pipeline.interrupted()
        }
        let seen = pipeline.picturesSeen - before
        if seen > 0 { outputs.look = look(seen) }
        return collected()
    }

    private func look(_ pictures: Int) -> CameraLook {
        CameraLook(
            pictures: pictures,
            scene: pipeline.scene,
            quality: pipeline.quality,
            interval: sampling.interval,
            time: pipeline.lastPicture.shifted(by: pipeline.wallOffset),
            keyframeGap: tally.keyframeGap,
            isSame: pipeline.lastPictureIsSame
        )
    }

    private func collected() -> CameraOutputs {
        defer { outputs = CameraOutputs() }
        return outputs
    }

    /// Collects pictures from the first doubt on, and hands them over some time after it has become an alert.
    private func collect(_ plane: LumaPlane, _ time: MediaTime, _ analyzer: CameraAnalyzer) {
        if clip?.isComplete(at: time) == true { endClip() }
        let showing = analyzer.summary()
        // What is strong alerts at once, without a doubt before; an alert that lasts begins nothing new.
        let begins = showing.isPending || (showing.isAlerting && !wasAlerting)
        isPending = showing.isPending
        wasAlerting = showing.isAlerting
        if clip == nil, begins, clippedAt.map({ time.seconds(since: $0) >= Self.clipInterval }) ?? true,
            let scene = analyzer.emptyScene, slots.take()
        {
            clip = PlaneClip(scene: scene)
        }
        clip?.add(plane, at: time)
    }

    /// After what was found is kept: a doubt that came to nothing is no clip.
    private func settleClip() {
        if let clip, clip.alert == nil, !isPending { endClip() }
    }

    private func endClip() {
        guard let clip else { return }
        self.clip = nil
        if clip.alert == nil { slots.release() } else { outputs.clips.append(clip) }
    }

    /// Keeps what a picture scored, and hands it over every few minutes; cameras take turns.
    private func note(_ plane: LumaPlane, _ time: MediaTime, _ analyzer: CameraAnalyzer) {
        tally.looked()
        collect(plane, time, analyzer)
        hand(log.add(plane, at: time.shifted(by: pipeline.wallOffset), analyzer))
        let turn = Double(StableHash.of(id) % UInt64(Self.handOverInterval))
        let due = handOver ?? time.advanced(bySeconds: turn)
        handOver = due
        guard time >= due else { return }
        handOver = time.advanced(bySeconds: Self.handOverInterval)
        hand(log.take())
    }

    private func hand(_ part: ScoreLog.Part?) {
        guard let part else { return }
        outputs.scores.append(CameraScores(part: part, bases: bases))
    }

    private static func bases(_ rules: [Rule], _ settings: DetectionSettings) -> [String: ScoreBasis] {
        Dictionary(rules.map { ($0.id, ScoreBasis($0, settings)) }) { first, _ in first }
    }

    private func keep(_ finding: Finding) {
        let record = named(record(of: finding.change))
        if record.phase == .start, clip != nil, clip?.alert == nil {
            clip?.begin(alert: record.id, at: finding.change.at)
            clippedAt = finding.change.at
        }
        outputs.statements.append(AlertRecorder.Item(record: record, jpeg: finding.jpeg))
    }

    private func record(of change: AlertChange) -> AlertRecord {
        let rule = change.rule
        let shift = shifts[rule.id] ?? clocks.shift()
        shifts[rule.id] = change.phase == .end ? nil : shift
        let start = change.start.shifted(by: shift)
        return AlertRecord(
            id: AlertID.make(camera: id, rule: rule.id, start: start),
            camera: id,
            rule: rule.id,
            kind: rule.kind.rawValue,
            hazardType: rule.hazardType,
            severity: rule.severity,
            autoDispatch: rule.dispatch == .auto,
            phase: change.phase,
            startedAt: start,
            statedAt: change.at.shifted(by: shift),
            endedAt: change.end?.shifted(by: shift),
            score: change.score,
            box: change.box,
            evidence: nil,
            settingsVersion: settingsVersion
        )
    }
}

extension AccessUnit {
    /// Whether decoding can begin here, and nothing of it is missing.
    fileprivate var isWhole: Bool { isKeyframe && !isDamaged && !bytes.isEmpty }
}
