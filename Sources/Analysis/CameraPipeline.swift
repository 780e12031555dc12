public import Detection
public import Flow
public import Gate
public import Media

/// What a camera's pipeline found in a picture: a change of an alert, with the picture that shows it.
public struct Finding: Sendable {
    /// Start, update or end of an alert.
    public var change: AlertChange
    /// JPEG with region and box drawn; nil where none was asked for, or it could not be made.
    public var jpeg: [UInt8]?
}

/// The stages of one camera between its access units and its alerts: gate → decode → detection → rules.
///
/// The same type runs live and in replay; it knows no clock but the units' times. Not thread-safe: a camera stays on
/// one worker.
public final class CameraPipeline {
    /// What the gate chose: a keyframe, perhaps with the group before it; or a group alone.
    public struct Sample: Sendable {
        /// The keyframe; nil for a burst within a long group.
        public var keyframe: AccessUnit?
        /// Units from a keyframe on for a burst, in decode order; empty when there will be none.
        public var group: [AccessUnit]
        /// Why the gate chose it; nil for a burst within a long group.
        public var reason: GateReason?

        /// Whether it may be left when there is too much to do: the camera's sampling interval did not ask for it.
        public var isExtra: Bool { reason != .floor && reason != .sampling }

        /// Bytes that it holds.
        public var size: Int { group.reduce(keyframe?.bytes.count ?? 0) { $0 + $1.bytes.count } }
    }

    /// Bytes of the group since the last keyframe that are kept for bursts when nothing else is said.
    public static let bufferBytes = 512 << 10
    /// Share of the picture that things must cover for the gate to have been right.
    private static let motionShare = 0.001

    /// Seconds between two pictures of a burst that detection looks at: decoding needs all of them, judging does not.
    private static let burstSpacing = 0.15

    /// Units taken so far.
    public private(set) var unitsTaken = 0
    /// Pictures that detection looked at so far.
    public private(set) var picturesSeen = 0
    /// Time of the last picture that detection looked at.
    public private(set) var lastPicture = MediaTime.zero
    /// What the gate let through so far; nil unless it is asked for at the start.
    public private(set) var trace: GateTrace?
    /// Microseconds from the units' clock to UTC: live those by which the wall clock was moved, in replay the wall time at
    /// which the clip is supposed to begin; for schedules.
    public var wallOffset: Int64
    /// Called after detection has looked at a plane; nil for nobody.
    public var onLook: ((LumaPlane, MediaTime, CameraAnalyzer) -> Void)?

    private var sampling: Sampling { gate.sampling }
    private let evidence: EvidenceStyle?
    private var gate: Gate
    private let chunks: ChunkPool
    private var buffer: GOPBuffer
    private var analyzer: CameraAnalyzer
    private var decoder: StreamDecoder?
    private var decoderFormat: StreamFormat?

    /// Makes the pipeline of one camera.
    ///
    /// - Parameters:
    ///   - analyzer: Detection and rules of the camera.
    ///   - sampling: How much of the stream is looked at.
    ///   - gateSettings: Settings of the gate, where the sampling is gated.
    ///   - evidence: Style of evidence pictures; nil makes none.
    ///   - wallOffset: See the property.
    ///   - bufferBytes: Bytes of the group since the last keyframe that are kept for bursts; 0: no bursts.
    ///   - chunks: Memory for those bytes, of the thread on which the pipeline runs.
    ///   - traces: True to keep a trace of the gate, which grows with the stream.
    public init(
        analyzer: CameraAnalyzer,
        sampling: Sampling,
        gateSettings: GateSettings = GateSettings(),
        evidence: EvidenceStyle?,
        wallOffset: Int64 = 0,
        bufferBytes: Int = CameraPipeline.bufferBytes,
        chunks: ChunkPool = ChunkPool(),
        traces: Bool = false
    ) {
        self.analyzer = analyzer
        self.evidence = evidence
        self.wallOffset = wallOffset
        self.gate = Gate(sampling: sampling, settings: gateSettings)
        self.chunks = chunks
        self.buffer = GOPBuffer(limit: bufferBytes, pool: chunks)
        self.trace = traces ? GateTrace() : nil
    }

    /// What detection judged the last picture as.
    public var scene: SceneStatus { analyzer.status() }

    /// How good the picture is; nil before it was measured.
    public var quality: ImageQuality? { analyzer.quality }

    /// Whether the last picture was bit-identical to the one before: the camera may have frozen.
    public var lastPictureIsSame: Bool { analyzer.isSame }

    /// True while the gate has turned itself off for this camera and keyframes come at its fallback interval.
    public var isGateOff: Bool { gate.isOff }

    /// Bytes of pictures that are kept for bursts.
    public var bufferedBytes: Int { buffer.heldBytes }

    /// Looks at more or less of the stream from now on; what was learnt of the scene and the stream stays.
    ///
    /// - Parameters:
    ///   - sampling: How much; single keyframes as before, or every unit as before.
    ///   - bufferBytes: Bytes of the group since the last keyframe that are kept for bursts; 0: no bursts.
    public func retune(sampling: Sampling, bufferBytes: Int) {
        gate.sampling = sampling
        if bufferBytes != buffer.limit { buffer = GOPBuffer(limit: bufferBytes, pool: chunks) }
    }

    /// Judges by other rules or settings from now on; what was learnt of the scene and the stream stays.
    ///
    /// - Returns: The ends of alerts of rules that changed.
    /// - Throws: `DetectionError` for rules that cannot be used; those from before go on.
    public func revise(rules: [Rule], settings: DetectionSettings) throws(DetectionError) -> [Finding] {
        try analyzer.revise(rules: rules, settings: settings).map { Finding(change: $0, jpeg: nil) }
    }

    /// Runs all stages on the next unit of the camera at once.
    ///
    /// - Parameters:
    ///   - unit: The unit; times go on from the last one.
    ///   - bench: The calling worker's decoders, shared by all its cameras.
    /// - Returns: What was found, in order.
    /// - Throws: `MediaError` when the unit could not be decoded; the pipeline goes on with the next one.
    public func take(_ unit: AccessUnit, _ bench: DecoderBench) throws(MediaError) -> [Finding] {
        if sampling.isSampled {
            guard let sample = admit(unit) else { return [] }
            return try look(at: sample, bench)
        }
        unitsTaken += 1
        return gate.admit(UnitHeader(unit)) == .skip ? [] : try takeFrame(unit)
    }

    /// What the gate wants decoded now that `unit` came; for samplings that are `isSampled`.
    ///
    /// The sample may be looked at later, and may be lost: say so with `lost`.
    public func admit(_ unit: AccessUnit) -> Sample? {
        unitsTaken += 1
        if unit.isKeyframe {
            trace?.keyframes.append(unit.time)
            if gate.isOff { trace?.keyframesOff += 1 }
        }
        switch gate.admit(UnitHeader(unit)) {
        case .skip:
            buffer.add(unit)
            return nil
        case .decode(let reason):
            let group = gate.mayBurst(at: unit.decodeTime) ? buffer.units : []
            buffer.add(unit)
            trace?.reasons[reason, default: 0] += 1
            return Sample(keyframe: unit, group: group, reason: reason)
        case .burst:
            buffer.add(unit)
            return buffer.isEmpty ? nil : Sample(keyframe: nil, group: buffer.units, reason: nil)
        }
    }

    /// Decodes and judges a sample, and tells the gate what it showed.
    ///
    /// - Throws: `MediaError` when it could not be decoded; the pipeline goes on with the next one.
    public func look(at sample: Sample, _ bench: DecoderBench) throws(MediaError) -> [Finding] {
        var findings: [Finding] = []
        var showed = false
        guard let keyframe = sample.keyframe else {
            let last = sample.group.last?.decodeTime ?? lastPicture
            guard bench.takeBurst(sample.group.count, at: last) else { return [] }
            try burst(sample.group, bench, showed: &showed, into: &findings)
            gate.learned(outcome(analyzer, showed: showed))
            return findings
        }
        // The body leaves nothing half done when it fails: a burst that cannot be decoded is left out.
        try bench.keyframes.decode(keyframe) { picture in
            trace?.decoded.append(picture.time)
            lookAhead(picture, keyframe, sample.group, bench, showed: &showed, into: &findings)
        }
        gate.learned(outcome(analyzer, showed: showed))
        return findings
    }

    /// A sample that `admit` gave was not looked at: the next keyframe is due.
    public func lost() {
        gate.lost()
    }

    /// A sample that `admit` gave is left, because there is too much to do; only for one that `isExtra`.
    public func declined() {
        gate.declined()
    }

    /// Forgets the stream's continuity after a loss of units: decoding goes on with the next keyframe.
    public func interrupted() {
        gate.interrupted()
        buffer.interrupted()
    }

    /// Ends the camera: the decoder's last pictures are looked at, open alerts end.
    public func finish() -> [Finding] {
        var findings: [Finding] = []
        decoder?.drain { picture in lookIfDue(picture, into: &findings) }
        decoder = nil
        findings += analyzer.finish(at: lastPicture).map { Finding(change: $0, jpeg: nil) }
        return findings
    }
}

extension CameraPipeline {
    /// Looks at a keyframe, and first at the group before it when what the keyframe shows calls for that.
    ///
    /// Detection takes pictures in order only, so the keyframe is judged on trial before the burst is decided.
    private func lookAhead(
        _ picture: borrowing Picture,
        _ keyframe: AccessUnit,
        _ group: [AccessUnit],
        _ bench: DecoderBench,
        showed: inout Bool,
        into findings: inout [Finding]
    ) {
        let plane = picture.lumaPlane()
        guard !group.isEmpty, bench.mayBurst(group.count, at: keyframe.decodeTime) else {
            return look(picture, plane, showed: &showed, into: &findings)
        }
        var trial = analyzer
        _ = trial.observe(plane, at: picture.time, wallClock: wall(picture.time))
        let expected = outcome(trial, showed: Self.showsMotion(trial))
        if gate.deservesBurst(after: expected, at: keyframe.decodeTime),
            bench.takeBurst(group.count, at: keyframe.decodeTime)
        {
            try? burst(group, bench, showed: &showed, into: &findings)
        }
        look(picture, plane, showed: &showed, into: &findings)
    }

    private func burst(
        _ group: [AccessUnit],
        _ bench: DecoderBench,
        showed: inout Bool,
        into findings: inout [Finding]
    ) throws(MediaError) {
        trace?.bursts += 1
        trace?.burstPictures += group.count
        try bench.decode(group) { picture in
            guard picturesSeen == 0 || picture.time.seconds(since: lastPicture) >= Self.burstSpacing else { return }
            trace?.looked.append(picture.time)
            look(picture, picture.lumaPlane(), showed: &showed, into: &findings)
        }
    }

    private func outcome(_ analyzer: CameraAnalyzer, showed: Bool) -> GateOutcome {
        let showing = analyzer.summary()
        return GateOutcome(showedMotion: showed, isPending: showing.isPending, isAlerting: showing.isAlerting)
    }

    private static func showsMotion(_ analyzer: CameraAnalyzer) -> Bool {
        let showing = analyzer.summary()
        return !showing.isJudged || showing.foregroundShare >= motionShare
    }

    private func takeFrame(_ unit: AccessUnit) throws(MediaError) -> [Finding] {
        if decoderFormat != unit.format {
            decoder = try StreamDecoder(format: unit.format)
            decoderFormat = unit.format
        }
        var findings: [Finding] = []
        decoder?.decode(unit) { picture in lookIfDue(picture, into: &findings) }
        return findings
    }

    private func lookIfDue(_ picture: borrowing Picture, into findings: inout [Finding]) {
        guard picturesSeen == 0 || sampling.wants(pictureAfter: picture.time.seconds(since: lastPicture)) else {
            return
        }
        var showed = false
        look(picture, picture.lumaPlane(), showed: &showed, into: &findings)
    }

    private func look(
        _ picture: borrowing Picture,
        _ plane: LumaPlane,
        showed: inout Bool,
        into findings: inout [Finding]
    ) {
        picturesSeen += 1
        lastPicture = picture.time
        for change in analyzer.observe(plane, at: picture.time, wallClock: wall(picture.time)) {
            findings.append(Finding(change: change, jpeg: photograph(picture, change)))
        }
        showed = showed || Self.showsMotion(analyzer)
        onLook?(plane, picture.time, analyzer)
    }

    private func wall(_ time: MediaTime) -> MediaTime {
        MediaTime(microseconds: time.microseconds &+ wallOffset)
    }

    /// The evidence picture of a start or update; an alert is worth more than its picture, so failing makes none.
    private func photograph(_ picture: borrowing Picture, _ change: AlertChange) -> [UInt8]? {
        guard let evidence, change.phase != .end else { return nil }
        let overlay = Overlay(
            polygons: change.rule.polygon.map { [$0] } ?? [],
            boxes: [change.box],
            brightensDark: true
        )
        return try? picture.jpeg(overlay: overlay, maxWidth: evidence.maxWidth, quality: evidence.quality)
    }
}
