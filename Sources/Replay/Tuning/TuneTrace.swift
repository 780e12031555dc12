internal import Detection
internal import Flow

/// What detection saw of a clip with some settings, for looking at: curve, heat, and a picture of each error.
struct TuneTrace {
    /// An event that was missed or an alert that was false, with the picture in its middle.
    struct Error {
        var rule: LabelledRule
        var span: TimeSpan
        var isMiss: Bool
        var plane: LumaPlane
    }

    /// Points of the curve.
    static let points = 240
    /// Errors of which a picture is kept, of each clip.
    private static let mostErrors = 12

    let labels: LabelFile
    let results: [RuleResult]
    /// Greatest share of the picture that things cover, in each of `points` equal parts of the clip.
    private(set) var curve = [Double](repeating: 0, count: points)
    /// How often each pixel belonged to something; empty without pictures.
    private(set) var heat: [UInt32] = []
    private(set) var width = 0
    private(set) var height = 0
    private(set) var errors: [Error] = []

    init(_ reel: ClipReel, settings: DetectionSettings) throws(DetectionError) {
        labels = reel.labels
        var curve = self.curve
        var heat = [UInt32](repeating: 0, count: reel.frames.first?.plane.pixels.count ?? 0)
        let duration = max(0.001, reel.labels.duration)
        results = try reel.results(with: settings) { frame, analyzer in
            let point = min(Self.points - 1, max(0, Int(frame.time.seconds / duration * Double(Self.points))))
            let share = analyzer.summary().foregroundShare
            curve[point] = max(curve[point], share)
            guard share > 0, frame.plane.pixels.count == heat.count else { return }
            for (index, kind) in analyzer.foreground().enumerated() where kind == 1 { heat[index] += 1 }
        }
        self.curve = curve
        self.heat = heat
        width = reel.frames.first?.plane.width ?? 0
        height = reel.frames.first?.plane.height ?? 0
        for result in results {
            errors += result.score.missed.compactMap { Self.error($0, result, isMiss: true, reel) }
            errors += result.score.falseAlerts.compactMap { Self.error($0, result, isMiss: false, reel) }
        }
        errors = Array(errors.prefix(Self.mostErrors))
    }

    private static func error(_ span: TimeSpan, _ result: RuleResult, isMiss: Bool, _ reel: ClipReel) -> Error? {
        let middle = (span.start.microseconds + span.end.microseconds) / 2
        let near = reel.frames.min { abs($0.time.microseconds - middle) < abs($1.time.microseconds - middle) }
        return near.map { Error(rule: result.labels, span: span, isMiss: isMiss, plane: $0.plane) }
    }
}
