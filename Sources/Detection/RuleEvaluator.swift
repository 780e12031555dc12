import Flow

/// What one frame shows, as the evaluators of a camera's rules get it.
struct AnalyzedFrame {
    /// The time of the frame on the clock of the source.
    let time: MediaTime
    /// Seconds since the frame before, 0 for the first.
    let elapsed: Double
    /// The picture as the rules see it: small and grey.
    let plane: LumaPlane
    /// What does not belong to the empty scene.
    let blobs: ForegroundBlobs
    /// The objects that are followed from frame to frame; empty when no rule asks for them.
    let tracks: [Track]
    /// False while the whole picture changes: nothing can be said about objects then.
    let isJudged: Bool
    /// True when the camera went to or came from infrared with this frame.
    let isOtherMode: Bool
}

/// How near a rule is to an alert.
struct RuleState {
    /// How much the last frame shows of what the rule asks for: 1 is the threshold.
    var strength: Double
    /// How much of the needed time it has lasted, 0…1.
    var progress: Double
}

/// Decides frame by frame whether the condition of one rule holds, and tells when its alert starts, changes and ends.
///
/// Counts seconds, never frames.
protocol RuleEvaluator: Sendable {
    /// True while an alert runs.
    var isOpen: Bool { get }
    /// True while a few more frames may bring an alert.
    var isPending: Bool { get }
    /// How near it is to an alert.
    var state: RuleState { get }
    /// Takes the next frame, later than the one before; a change when the frame brought one.
    mutating func evaluate(_ frame: AnalyzedFrame) -> AlertChange?
    /// Goes on with other numbers and words: the rule's kind and what is drawn of it are the same as before.
    mutating func revise(_ rule: Rule, settings: DetectionSettings)
    /// Ends a running alert, for example because the schedule switched the rule off.
    mutating func close(at time: MediaTime) -> AlertChange?
}

extension Rule {
    /// True when judging it takes objects that are followed from frame to frame.
    var needsTracks: Bool { kind == .line || kind == .loitering }

    /// Makes the evaluator of this rule for planes of `width` times `height` pixels.
    func evaluator(settings: DetectionSettings, width: Int, height: Int) -> any RuleEvaluator {
        let region = Region(self, width: width, height: height)
        switch kind {
        case .intrusion, .quiet: return IntrusionEvaluator(rule: self, settings: settings, region: region)
        case .line: return TripwireEvaluator(rule: self, region: region, width: width, height: height)
        case .stationary, .objectRemoved:
            return StationaryEvaluator(rule: self, settings: settings, region: region, pixels: width * height)
        case .crowd: return CrowdEvaluator(rule: self, settings: settings, region: region)
        case .loitering: return LoiteringEvaluator(rule: self, region: region, width: width, height: height)
        case .tamper: return TamperEvaluator(rule: self, settings: settings, region: region)
        }
    }
}
