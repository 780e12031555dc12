import Detection
import Flow
import Ingest
import Media

/// What a camera's pipeline found in a picture: a change of an alert, with the picture that shows it.
struct Finding: Sendable {
    /// Start, update or end of an alert.
    var change: AlertChange
    /// JPEG with region and box drawn; nil where none was asked for, or it could not be made.
    var jpeg: [UInt8]?
}

/// The stages of one camera between its access units and its alerts: gate → decode → detection → rules.
///
/// The same type runs live and in replay; it knows no clock but the units' times. Not thread-safe: a camera stays on
/// one worker.
final class CameraPipeline {
    /// Units taken so far.
    private(set) var unitsTaken = 0
    /// Pictures that detection looked at so far.
    private(set) var picturesSeen = 0

    private let sampling: Sampling
    private let evidence: EvidenceStyle?
    private let wallOffset: Int64
    private var gate: Gate
    private var analyzer: CameraAnalyzer
    private var decoder: StreamDecoder?
    private var decoderFormat: StreamFormat?
    private var unseen: Set<MediaTime> = []
    private var lastTime = MediaTime.zero

    /// Makes the pipeline of one camera.
    ///
    /// - Parameters:
    ///   - analyzer: Detection and rules of the camera.
    ///   - sampling: How much of the stream is looked at.
    ///   - evidence: Style of evidence pictures; nil makes none.
    ///   - wallOffset: Microseconds from the units' clock to UTC: 0 live, where units carry wall time; in replay the
    ///     wall time at which the clip is supposed to begin, for schedules.
    init(analyzer: CameraAnalyzer, sampling: Sampling, evidence: EvidenceStyle?, wallOffset: Int64 = 0) {
        self.analyzer = analyzer
        self.sampling = sampling
        self.evidence = evidence
        self.wallOffset = wallOffset
        self.gate = Gate(sampling: sampling)
    }

    /// What detection judged the last picture as.
    var scene: SceneStatus { analyzer.status() }

    /// Runs the stages on the next unit of the camera.
    ///
    /// - Parameters:
    ///   - unit: The unit; times go on from the last one.
    ///   - bench: The calling worker's keyframe decoder, shared by all its cameras.
    /// - Returns: What was found, in order.
    /// - Throws: `MediaError` when the unit could not be decoded; the pipeline goes on with the next one.
    func take(_ unit: AccessUnit, _ bench: KeyframeDecoder) throws(MediaError) -> [Finding] {
        unitsTaken += 1
        let verdict = gate.admit(UnitHeader(unit))
        switch verdict {
        case .skip, .burst:
            return []
        case .decode, .decodeUnseen:
            if case .keyframes = sampling { return try takeKeyframe(unit, bench) }
            return try takeFrame(unit, isSeen: verdict != .decodeUnseen)
        }
    }

    /// Forgets the stream's continuity after a loss of units: decoding goes on with the next keyframe.
    func interrupted() {
        gate.interrupted()
    }

    /// Ends the camera: the decoder's last pictures are looked at, open alerts end.
    func finish() -> [Finding] {
        var findings: [Finding] = []
        decoder?.drain { picture in look(picture, into: &findings) }
        decoder = nil
        findings += analyzer.finish(at: lastTime).map { Finding(change: $0, jpeg: nil) }
        return findings
    }

    private func takeKeyframe(_ unit: AccessUnit, _ bench: KeyframeDecoder) throws(MediaError) -> [Finding] {
        try bench.decode(unit) { picture in
            var findings: [Finding] = []
            look(picture, into: &findings)
            return findings
        }
    }

    private func takeFrame(_ unit: AccessUnit, isSeen: Bool) throws(MediaError) -> [Finding] {
        if decoderFormat != unit.format {
            decoder = try StreamDecoder(format: unit.format)
            decoderFormat = unit.format
            unseen = []
        }
        if !isSeen { unseen.insert(unit.time) }
        var findings: [Finding] = []
        decoder?.decode(unit) { picture in look(picture, into: &findings) }
        return findings
    }

    private func look(_ picture: borrowing Picture, into findings: inout [Finding]) {
        if unseen.remove(picture.time) != nil { return }
        picturesSeen += 1
        lastTime = picture.time
        let wall = MediaTime(microseconds: picture.time.microseconds &+ wallOffset)
        for change in analyzer.observe(picture.lumaPlane(), at: picture.time, wallClock: wall) {
            findings.append(Finding(change: change, jpeg: photograph(picture, change)))
        }
    }

    /// The evidence picture of a start or update; an alert is worth more than its picture, so failing makes none.
    private func photograph(_ picture: borrowing Picture, _ change: AlertChange) -> [UInt8]? {
        guard let evidence, change.phase != .end else { return nil }
        let overlay = Overlay(polygons: change.rule.polygon.map { [$0] } ?? [], boxes: [change.box])
        return try? picture.jpeg(overlay: overlay, maxWidth: evidence.maxWidth, quality: evidence.quality)
    }
}
