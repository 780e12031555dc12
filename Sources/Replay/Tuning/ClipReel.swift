public import Analysis
public import Detection
public import Flow
internal import Foundation

/// A labelled clip whose small grey pictures are in memory, so that detection can run over it again and again without
/// decoding: 14 KB a picture, some 20 MB a minute of 25 pictures a second.
public struct ClipReel: Sendable {
    /// A picture and its time in the clip.
    public struct Frame: Sendable {
        /// The picture.
        public var plane: LumaPlane
        /// Its time; the first is 0.
        public var time: MediaTime
    }

    /// What truly happens, and the rules.
    public let labels: LabelFile
    /// The pictures that the sampling looks at, in order.
    public let frames: [Frame]

    /// Makes a reel.
    public init(labels: LabelFile, frames: [Frame]) {
        self.labels = labels
        self.frames = frames
    }

    /// Decodes a clip as `run` samples it, which may not be gated: the gate depends on what detection sees.
    ///
    /// - Throws: What `ClipRun.run` throws, `clipMissing` when there is no such file.
    public init(labels: LabelFile, clipsDirectory: String, run: ClipRun) throws {
        let path = clipsDirectory + "/" + labels.clip
        guard FileManager.default.fileExists(atPath: path) else {
            throw ReplayError(.clipMissing, "\(path) is not there: check --clips")
        }
        var frames: [Frame] = []
        _ = try run.run(path, onLook: { plane, time, _ in frames.append(Frame(plane: plane, time: time)) })
        self.init(labels: labels, frames: frames)
    }

    /// Runs detection over the pictures.
    ///
    /// - Parameters:
    ///   - settings: Settings of detection.
    ///   - each: Called after each picture, for who wants to look inside.
    /// - Returns: How the alerts of each rule compare with the labels.
    /// - Throws: `DetectionError` for a rule that cannot be used.
    public func results(
        with settings: DetectionSettings,
        each: (_ frame: Frame, _ analyzer: CameraAnalyzer) -> Void = { _, _ in }
    ) throws(DetectionError) -> [RuleResult] {
        var analyzer = try CameraAnalyzer(rules: labels.rules.map(\.rule), settings: settings)
        var spans: [String: [TimeSpan]] = [:]
        func take(_ changes: [AlertChange]) {
            for change in changes {
                guard let end = change.end else { continue }
                let span = TimeSpan(start: change.start, end: max(change.start, end))
                spans[change.rule.id, default: []].append(span)
            }
        }
        for frame in frames {
            take(analyzer.observe(frame.plane, at: frame.time))
            each(frame, analyzer)
        }
        take(analyzer.finish(at: frames.last?.time ?? .zero))
        return labels.rules.map { rule in
            RuleResult(
                clip: labels.clip,
                labels: rule,
                seconds: labels.duration,
                alerts: (spans[rule.rule.id] ?? []).sorted { ($0.start, $0.end) < ($1.start, $1.end) }
            )
        }
    }
}
