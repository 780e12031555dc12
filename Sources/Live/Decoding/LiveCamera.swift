import Analysis
import Detection
import Flow
import Gate
import Ingest
import Logging
import Media

/// One live camera on its worker: its pipeline, and the statements that still wait for the recorder.
///
/// Every member is used on the camera's worker thread only, except `init`.
final class LiveCamera {
    /// Statements that may wait for the recorder; beyond that updates are folded, starts and ends never dropped.
    private static let pendingLimit = 64
    /// Seconds between the alerts of which there are clips.
    private static let clipInterval = 300.0
    /// Seconds between two times that scores are handed over.
    private static let handOverInterval = 600.0

    /// The camera.
    let camera: String
    private var tuning: DecodeWorkers.Tuning
    private let pipeline: CameraPipeline
    private var settingsVersion: String
    private var bases: [String: ScoreBasis]
    private let recorder: AlertRecorder
    private let scores: ScoreReporter
    private let clips: AlertClips
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
    private var pending: [AlertRecorder.Item] = []
    /// What came of the stream since the last picture that detection looked at.
    private(set) var tally = SightTally()

    init(
        camera: String,
        tuning: DecodeWorkers.Tuning,
        pipeline: CameraPipeline,
        rules: [Rule],
        settings: DetectionSettings,
        recorder: AlertRecorder,
        scores: ScoreReporter,
        clips: AlertClips,
        clocks: Clocks = .system
    ) {
        self.camera = camera
        self.tuning = tuning
        self.pipeline = pipeline
        self.settingsVersion = settings.version
        self.bases = Self.bases(rules, settings)
        self.log = ScoreLog(hold: settings.hold)
        self.recorder = recorder
        self.scores = scores
        self.clips = clips
        self.clocks = clocks
        pipeline.onLook = { [unowned self] plane, time, analyzer in note(plane, time, analyzer) }
    }

    var scene: SceneStatus { pipeline.scene }

    /// How good the picture is; nil before it was measured.
    var quality: ImageQuality? { pipeline.quality }

    /// Monitoring point class I, II or III as 1…3.
    var pointClass: Int { tuning.pointClass }

    /// Seconds between two samples.
    var interval: Double { tuning.sampling.interval }

    /// Whether single keyframes are decoded, rather than every picture in order.
    var isSampled: Bool { tuning.sampling.isSampled }

    /// Wall time of the last picture that detection looked at.
    var lastPicture: MediaTime { pipeline.lastPicture.shifted(by: pipeline.wallOffset) }

    /// Whether that picture was bit-identical to the one before.
    var lastPictureIsSame: Bool { pipeline.lastPictureIsSame }

    /// Pictures that detection looked at so far.
    var picturesSeen: Int { pipeline.picturesSeen }

    /// Changes how much of it is looked at; the rules stay what they are, and with them what was learnt.
    func retune(_ tuning: DecodeWorkers.Tuning) {
        self.tuning = tuning
        pipeline.retune(sampling: tuning.sampling, bufferBytes: tuning.bufferBytes)
    }

    /// Judges by other rules or settings; what was learnt of the scene stays.
    ///
    /// - Throws: `DetectionError` for rules that cannot be used; those from before go on.
    func revise(rules: [Rule], settings: DetectionSettings) throws(DetectionError) {
        // What was scored and told so far was so by the settings from before.
        for finding in try pipeline.revise(rules: rules, settings: settings) { keep(finding) }
        hand(log.take())
        offerPending()
        settingsVersion = settings.version
        log.hold = settings.hold
        bases = Self.bases(rules, settings)
    }

    /// Runs the camera's stages on a unit and hands over what was found.
    func take(_ unit: AccessUnit, _ bench: DecoderBench) throws(MediaError) {
        pipeline.wallOffset = clocks.shift()
        defer { offerPending() }
        tally.took(unit)
        if unit.isWhole { tally.chose(isQueued: false) }
        do throws(MediaError) {
            for finding in try pipeline.take(unit, bench) { keep(finding) }
        } catch {
            if unit.isWhole { tally.failed(error.message) }
            throw error
        }
        settleClip()
    }

    /// What the gate wants decoded now that `unit` came.
    func admit(_ unit: AccessUnit) -> CameraPipeline.Sample? {
        tally.took(unit)
        let sample = pipeline.admit(unit)
        if sample?.keyframe?.isWhole == true { tally.chose(isQueued: true) }
        return sample
    }

    /// Decodes and judges a sample and hands over what was found.
    func look(at sample: CameraPipeline.Sample, _ bench: DecoderBench) throws(MediaError) {
        pipeline.wallOffset = clocks.shift()
        defer { offerPending() }
        do throws(MediaError) {
            for finding in try pipeline.look(at: sample, bench) { keep(finding) }
        } catch {
            if sample.keyframe?.isWhole == true { tally.failed(error.message) }
            throw error
        }
        settleClip()
    }

    /// A sample that the gate chose is left, because there is too much to do.
    func declined() {
        pipeline.declined()
    }

    /// Bytes of pictures that are kept for bursts.
    var bufferedBytes: Int { pipeline.bufferedBytes }

    /// Whether the gate has turned itself off for this camera.
    var isGateOff: Bool { pipeline.isGateOff }

    /// A sample that the gate chose was not decoded.
    func lost() {
        pipeline.lost()
    }

    func interrupted() {
        pipeline.interrupted()
    }

    /// Ends the camera: its open alerts end now.
    func finish() {
        for finding in pipeline.finish() { keep(finding) }
        offerPending()
        hand(log.take())
        endClip()
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
            let scene = analyzer.emptyScene, clips.begin()
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
        if clip.alert == nil { clips.release() } else { clips.keep(clip) }
    }

    /// Keeps what a picture scored, and hands it over every few minutes; cameras take turns.
    private func note(_ plane: LumaPlane, _ time: MediaTime, _ analyzer: CameraAnalyzer) {
        tally.looked()
        collect(plane, time, analyzer)
        hand(log.add(plane, at: time.shifted(by: pipeline.wallOffset), analyzer))
        let turn = Double(StableHash.of(camera) % UInt64(Self.handOverInterval))
        let due = handOver ?? time.advanced(bySeconds: turn)
        handOver = due
        guard time >= due else { return }
        handOver = time.advanced(bySeconds: Self.handOverInterval)
        hand(log.take())
    }

    private func hand(_ part: ScoreLog.Part?) {
        guard let part else { return }
        scores.take(part, of: camera, bases: bases)
    }

    private static func bases(_ rules: [Rule], _ settings: DetectionSettings) -> [String: ScoreBasis] {
        Dictionary(rules.map { ($0.id, ScoreBasis($0, settings)) }) { first, _ in first }
    }

    private func keep(_ finding: Finding) {
        let item = recorder.item(record(of: finding.change), jpeg: finding.jpeg)
        if item.record.phase == .start, clip != nil, clip?.alert == nil {
            clip?.begin(alert: item.record.id, at: finding.change.at)
            clippedAt = finding.change.at
        }
        if item.record.phase == .update, pending.count >= Self.pendingLimit { return }
        pending.append(item)
        // A picture is a hundred times its statement: while the recorder is behind, only the newest few are kept.
        if pending.count > 8 { pending[pending.count - 9].jpeg = nil }
    }

    private func offerPending() {
        var handed = 0
        while handed < pending.count, recorder.offer(pending[handed]) { handed += 1 }
        if handed > 0 { pending.removeFirst(handed) }
    }

    private func record(of change: AlertChange) -> AlertRecord {
        let rule = change.rule
        let shift = shifts[rule.id] ?? clocks.shift()
        shifts[rule.id] = change.phase == .end ? nil : shift
        let start = change.start.shifted(by: shift)
        return AlertRecord(
            id: AlertID.make(camera: camera, rule: rule.id, start: start),
            camera: camera,
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
