public import Detection
public import Flow
import Foundation
public import Gate
import Media

/// A clip through the live pipeline on a virtual clock: as fast as it decodes, the same alerts every time.
public struct ClipRun: Sendable {
    /// One alert of a clip; times in the clip's clock (first frame 0).
    public struct Alert: Sendable, Hashable {
        /// The rule that held.
        public var rule: Rule
        /// When the condition began.
        public var start: MediaTime
        /// When it ended; the end of the clip when it still held.
        public var end: MediaTime
        /// Highest strength, 0…1.
        public var score: Double
        /// Where, over the whole alert.
        public var box: NormalizedRect
        /// Why, in words.
        public var reason: String
        /// The evidence picture of the start, when asked for.
        public var jpeg: [UInt8]?
    }

    /// What came out of a clip.
    public struct Result: Sendable {
        /// Alerts by start, then rule id.
        public var alerts: [Alert]
        /// Access units read.
        public var unitsRead: Int
        /// Pictures that detection looked at.
        public var picturesSeen: Int
        /// Units that could not be decoded.
        public var unitsBroken: Int
        /// Time of the last unit: the clip's length.
        public var duration: MediaTime
        /// CPU time of the run on its thread, seconds.
        public var cpuSeconds: Double
        /// What the gate let through; nil unless `tracesGate` asks for it.
        public var gate: GateTrace?
    }

    /// Rules to run.
    public var rules: [Rule]
    /// Settings of detection.
    public var settings: DetectionSettings
    /// How much of the clip is looked at.
    public var sampling: Sampling
    /// Wall time of the first frame, for schedules; nil: schedules are always on.
    public var beginsAt: MediaTime?
    /// Style of evidence pictures; nil makes none.
    public var evidence: EvidenceStyle?
    /// Settings of the gate, where the sampling is gated.
    public var gateSettings = GateSettings()
    /// True to tell when the gate let what through.
    public var tracesGate = false

    /// Makes a run.
    public init(
        rules: [Rule],
        settings: DetectionSettings,
        sampling: Sampling = .everyFrame,
        beginsAt: MediaTime? = nil,
        evidence: EvidenceStyle? = nil
    ) {
        self.rules = rules
        self.settings = settings
        self.sampling = sampling
        self.beginsAt = beginsAt
        self.evidence = evidence
    }

    /// Runs a file or URL to its end on the calling thread.
    ///
    /// - Parameters:
    ///   - input: File path or URL.
    ///   - goesOn: Asked before each unit; false ends the run there.
    ///   - progress: Called now and then with the clip time reached and the clip's length if known.
    ///   - onLook: Called with each small grey picture, its time, and detection after it has looked at it.
    /// - Returns: Alerts and figures.
    /// - Throws: `MediaError` when it cannot be opened, `DetectionError` when a rule cannot be run.
    public func run(
        _ input: String,
        while goesOn: () -> Bool = { true },
        progress: ((MediaTime, Double?) -> Void)? = nil,
        onLook: ((LumaPlane, MediaTime, CameraAnalyzer) -> Void)? = nil
    ) throws -> Result {
        let began = Self.threadSeconds()
        let demuxer = try Demuxer(url: input, options: Demuxer.Options())
        let pipeline = CameraPipeline(
            analyzer: try CameraAnalyzer(rules: scheduled, settings: settings),
            sampling: sampling,
            gateSettings: gateSettings,
            evidence: evidence,
            wallOffset: beginsAt?.microseconds ?? 0,
            traces: tracesGate
        )
        pipeline.onLook = onLook
        let bench = DecoderBench(budget: nil)
        var fold = AlertFold()
        var result = Result(
            alerts: [],
            unitsRead: 0,
            picturesSeen: 0,
            unitsBroken: 0,
            duration: .zero,
            cpuSeconds: 0
        )
        while goesOn(), let unit = try demuxer.next() {
            result.unitsRead += 1
            result.duration = max(result.duration, unit.time)
            do throws(MediaError) {
                fold.take(try pipeline.take(unit, bench))
            } catch {
                result.unitsBroken += 1
            }
            if result.unitsRead % 250 == 0 { progress?(result.duration, demuxer.info.duration) }
        }
        fold.take(pipeline.finish())
        result.alerts = fold.alerts
        result.picturesSeen = pipeline.picturesSeen
        result.gate = pipeline.trace
        result.cpuSeconds = Self.threadSeconds() - began
        return result
    }

    /// The rules, without their schedules when no wall time is given.
    private var scheduled: [Rule] {
        guard beginsAt == nil else { return rules }
        return rules.map { rule in
            var rule = rule
            rule.schedule = nil
            return rule
        }
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// Folds starts, updates and ends into whole alerts.
private struct AlertFold {
    private var open: [String: ClipRun.Alert] = [:]
    private var ended: [ClipRun.Alert] = []

    /// Alerts by start, then rule id.
    var alerts: [ClipRun.Alert] {
        (ended + open.values).sorted { ($0.start, $0.rule.id) < ($1.start, $1.rule.id) }
    }

    mutating func take(_ findings: [Finding]) {
        for finding in findings { take(finding) }
    }

    private mutating func take(_ finding: Finding) {
        let change = finding.change
        var alert =
            open[change.rule.id]
            ?? ClipRun.Alert(
                rule: change.rule,
                start: change.start,
                end: change.at,
                score: change.score,
                box: change.box,
                reason: change.reason,
                jpeg: nil
            )
        alert.end = change.end ?? change.at
        alert.score = max(alert.score, change.score)
        alert.box = alert.box.union(change.box)
        alert.jpeg = alert.jpeg ?? finding.jpeg
        open[change.rule.id] = alert
        guard change.phase == .end else { return }
        open[change.rule.id] = nil
        ended.append(alert)
    }
}
