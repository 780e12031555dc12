public import Detection
internal import Flow

/// Rules and thresholds that are tried on a clip.
public struct TrialSide: Sendable, Hashable {
    /// The rules; nil for those of the clip's labels.
    public var rules: [Rule]?
    /// Settings of detection.
    public var settings: DetectionSettings

    /// Makes a side.
    public init(rules: [Rule]?, settings: DetectionSettings) {
        self.rules = rules
        self.settings = settings
    }
}

/// One run over pictures in memory, with a curve for each rule.
struct Trial {
    private static let points = TrialReport.points
    /// Rows and columns of the motion map.
    private static let cells = MotionMap.side
    private static let layers = RuleDiagnosis.Layer.all

    private let duration: Double
    private let rules: [Rule]
    private var strength: [[Double]]
    private var decided: [[Int]]
    private var spans: [[TimeSpan]]
    private var isSeen = [Bool](repeating: false, count: points)
    private var motion = [Int](repeating: 0, count: cells * cells)

    /// Runs the sides over a reel.
    ///
    /// - Throws: `DetectionError` for a rule that cannot be used.
    static func run(_ sides: [TrialSide], on reel: ClipReel) throws(DetectionError) -> TrialReport {
        var report = TrialReport(
            seconds: max(reel.labels.duration, reel.frames.last?.time.seconds ?? 0),
            pictures: reel.frames.count,
            layers: layers.map(\.rawValue),
            motion: [],
            sides: []
        )
        for side in sides {
            var trial = Trial(rules: side.rules ?? reel.labels.rules.map(\.rule), duration: report.seconds)
            try trial.run(side.settings, reel)
            if report.motion.isEmpty { report.motion = MotionMap.shades(trial.motion) }
            report.sides.append(trial.side(side.settings, reel.labels))
        }
        return report
    }

    private init(rules: [Rule], duration: Double) {
        // A clip has no wall time, so nothing of it is outside a schedule.
        self.rules = rules.map { rule in
            var rule = rule
            rule.schedule = nil
            return rule
        }
        self.duration = max(duration, 0.001)
        strength = rules.map { _ in Array(repeating: 0, count: Self.points) }
        decided = rules.map { _ in Array(repeating: Self.layers.firstIndex(of: .nothing) ?? 0, count: Self.points) }
        spans = rules.map { _ in [] }
    }

    private mutating func run(_ settings: DetectionSettings, _ reel: ClipReel) throws(DetectionError) {
        var analyzer = try CameraAnalyzer(rules: rules, settings: settings)
        for frame in reel.frames {
            take(analyzer.observe(frame.plane, at: frame.time))
            note(analyzer, at: frame.time.seconds)
            count(analyzer, frame.plane)
        }
        take(analyzer.finish(at: reel.frames.last?.time ?? .zero))
        carryOn()
    }

    /// Points in which no picture lies show what the one before did.
    private mutating func carryOn() {
        for point in isSeen.indices.dropFirst() where !isSeen[point] {
            for index in rules.indices {
                strength[index][point] = strength[index][point - 1]
                decided[index][point] = decided[index][point - 1]
            }
        }
    }

    private mutating func take(_ changes: [AlertChange]) {
        for change in changes {
            guard let end = change.end, let index = rules.firstIndex(where: { $0.id == change.rule.id }) else {
                continue
            }
            spans[index].append(TimeSpan(start: change.start, end: max(change.start, end)))
        }
    }

    private mutating func note(_ analyzer: CameraAnalyzer, at seconds: Double) {
        let point = min(Self.points - 1, max(0, Int(seconds / duration * Double(Self.points))))
        isSeen[point] = true
        for (index, verdict) in analyzer.diagnose().rules.enumerated() {
            strength[index][point] = max(strength[index][point], (verdict.strength * 1000).rounded() / 1000)
            // The layers go from the outermost on: the furthest that the rule came says most.
            decided[index][point] = max(decided[index][point], Self.layers.firstIndex(of: verdict.layer) ?? 0)
        }
    }

    private mutating func count(_ analyzer: CameraAnalyzer, _ plane: LumaPlane) {
        guard analyzer.summary().foregroundShare > 0 else { return }
        for (index, kind) in analyzer.foreground().enumerated() where kind == 1 {
            let row = index / plane.width * Self.cells / plane.height
            let column = index % plane.width * Self.cells / plane.width
            motion[row * Self.cells + column] += 1
        }
    }

    private func side(_ settings: DetectionSettings, _ labels: LabelFile) -> TrialReport.Side {
        let trials = rules.indices.map { index in
            let rule = rules[index]
            let alerts = spans[index].sorted { ($0.start, $0.end) < ($1.start, $1.end) }
            let truth = labels.rules.first { $0.rule.id == rule.id }
            return TrialReport.RuleTrial(
                id: rule.id,
                kind: rule.kind.rawValue,
                strength: strength[index],
                decided: decided[index],
                alerts: alerts.map(\.pair),
                truth: truth.map { TrialReport.Truth($0, EventScore(alerts: alerts, labels: $0)) }
            )
        }
        return TrialReport.Side(version: settings.version, rules: trials)
    }
}

extension RuleDiagnosis.Layer {
    /// From the one that says least to the one that says most.
    fileprivate static let all: [RuleDiagnosis.Layer] = [
        .schedule, .nothing, .speck, .restless, .light, .scene, .mask, .misfit, .size, .dwell, .condition, .silent,
        .alert,
    ]
}
