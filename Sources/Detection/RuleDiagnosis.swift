/// Why the last frame alerted or did not: for each rule the layer that decided.
public struct RuleDiagnosis: Sendable, Hashable, Encodable {
    /// What decided, from the outermost on.
    public enum Layer: String, Sendable, Hashable, Encodable {
        /// The rule's schedule is off.
        case schedule
        /// The whole picture changes: nothing can be said about objects.
        case scene
        /// Nothing differs from the empty scene.
        case nothing
        /// Something differs, and it is light or shade.
        case light
        /// Something differs, but no more than this place does all the time: leaves, water, a flag, a clock.
        case restless
        /// Something differs, and it is too small or faint, or has just become part of the scene.
        case speck
        /// What is there is under a mask of the rule.
        case mask
        /// What is there is much smaller or larger than a person would be in its place.
        case misfit
        /// Objects are there, but not in the region, or not enough of them.
        case size
        /// Enough is there, but not for long enough yet.
        case dwell
        /// All is there, but the rule's `only_if` or `not_if` keeps the alert back.
        case condition
        /// The condition holds; the rule is silent and only there for others.
        case silent
        /// The condition holds, and the rule's alert runs.
        case alert
    }

    /// What decided about one rule.
    public struct Verdict: Sendable, Hashable, Encodable {
        /// Id of the rule, unique within the camera.
        public var rule: String
        /// The outermost layer that kept an alert back, or `alert` when none did.
        public var layer: Layer
        /// How much there was of what the rule asks for: 1 is the threshold.
        public var strength: Double
        /// How far on the way to an alert it is, 0…1.
        public var progress: Double
    }

    /// How many blobs the frame shows, by class.
    public struct Groups: Sendable, Hashable, Encodable {
        /// Blobs that are clearly something: a person, a vehicle, an animal.
        public var things = 0
        /// Objects that may be leaves, drops or insects.
        public var slight = 0
        /// Too small or too faint.
        public var specks = 0
        /// Blobs that are the same scene under other light.
        public var light = 0
        /// Part of the scene from now on.
        public var adopted = 0
    }

    /// What the frame was judged as.
    public var scene: SceneStatus
    /// Share of the picture, 0…1, that moves all the time and so needs more to count.
    public var restless: Double
    /// How many blobs the frame shows, in all regions together.
    public var groups: Groups
    /// One verdict for each rule, in their order.
    public var rules: [Verdict]
}

extension RuleDiagnosis.Groups {
    init(_ things: ForegroundBlobs) {
        for blob in things.list {
            switch blob.blobClass {
            case .object: self.things += 1
            case .slight: slight += 1
            case .speck: specks += 1
            case .light: light += 1
            case .adopt: adopted += 1
            }
        }
    }
}

extension RuleDiagnosis.Verdict {
    /// Share of a region that must always move before that is named as the reason why specks in it do not count.
    private static let restless = 0.03

    /// The layer that decided about a rule that is on; `restless` is the share of its region that moves all the time.
    init(
        _ item: EvaluatedRule,
        _ evaluator: any RuleEvaluator,
        isJudged: Bool,
        restless: Double,
        groups: RuleDiagnosis.Groups
    ) {
        let state = evaluator.state
        let isAnything = groups.things + groups.slight > 0
        let layer: RuleDiagnosis.Layer =
            if evaluator.isOpen {
                item.isKeptBack ? .condition : item.rule.isSilent ? .silent : .alert
            } else if !isJudged && item.rule.kind != .tamper {
                .scene
            } else if state.strength >= 1 || state.progress > 0 {
                .dwell
            } else if let leftOut = item.leftOut {
                leftOut
            } else if isAnything || state.strength > 0 {
                .size
            } else if groups.light > 0 {
                .light
            } else if groups.specks > 0 && restless >= Self.restless {
                .restless
            } else {
                groups.specks + groups.adopted > 0 ? .speck : .nothing
            }
        self.init(
            rule: item.rule.id,
            layer: layer,
            strength: state.strength,
            progress: evaluator.isOpen ? 1 : min(1, state.progress)
        )
    }
}
