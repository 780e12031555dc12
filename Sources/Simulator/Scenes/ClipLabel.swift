internal import Flow

/// The label file of one clip: see the label format in `sample-streams/README.md`.
struct ClipLabel: Codable, Equatable {
    var clip: String
    var width: Int
    var height: Int
    /// Length of the clip in seconds.
    var duration: Double
    var frames: Int
    var fps: Double
    var codec: String
    var scene: String
    var license: String
    var description: String
    var conditions: String
    var method: String
    var rules: [Rule]

    /// The labels of one rule; times in seconds from the first frame.
    struct Rule: Codable, Equatable {
        var id: String
        var kind: SceneRule.Kind
        var polygon: [NormalizedPoint]?
        var line: [NormalizedPoint]?
        var direction: SceneRule.Direction?
        var crossings: [Double]?
        var minSeconds: Double?
        var minCount: Int?
        var events: [[Double]]
        var ignore: [[Double]]
        var tolerance: Double

        enum CodingKeys: String, CodingKey {
            case id, kind, polygon, line, direction, crossings, events, ignore, tolerance
            case minSeconds = "min_seconds"
            case minCount = "min_count"
        }

        init(_ rule: SceneRule, _ truth: RuleTruth) {
            id = rule.id
            kind = rule.kind
            polygon = rule.kind == .line ? nil : rule.points
            line = rule.kind == .line ? rule.points : nil
            direction = rule.direction
            crossings = rule.kind == .line ? truth.crossings : nil
            minSeconds = rule.minSeconds
            minCount = rule.minCount
            events = truth.events.map { [$0.start, $0.end] }
            ignore = truth.ignore.map { [$0.start, $0.end] }
            tolerance = 0.5
        }
    }

    enum CodingKeys: String, CodingKey {
        case clip, width, height, duration, frames, codec, scene, license, description, conditions, rules
        case fps = "fps_avg"
        case method = "gt_method"
    }

    init(_ spec: SceneSpec, rules: [SceneRule], truth: SceneTruth) {
        clip = spec.fileName
        width = spec.width
        height = spec.height
        duration = Double(spec.seconds)
        frames = spec.frameCount
        fps = Double(spec.framesPerSecond)
        codec = spec.codec.rawValue
        scene = spec.name
        license = "Apache-2.0"
        description = spec.description
        conditions = spec.conditions
        method = "rendered: from the pixels of each actor"
        self.rules = rules.enumerated().map { Rule($0.element, truth.labels(of: $0.offset)) }
    }
}
