import Flow

/// One rule of a camera with its evaluator, and whether its alerts are told.
struct EvaluatedRule: Sendable {
    private(set) var rule: Rule
    /// Nil before the first frame: only then the size of the picture is known.
    private(set) var evaluator: (any RuleEvaluator)?
    /// False while the rule's schedule is off.
    var isOn = true
    /// Which of its masks or its size left something out of the last frame; nil for none.
    private(set) var leftOut: RuleDiagnosis.Layer?
    /// Its pixels; nil before the first frame.
    private(set) var region: Region?
    private var exclusion: Exclusion?
    private var valve: AlertInhibitor?

    init(_ rule: Rule) {
        self.rule = rule
    }

    /// True while its condition holds, told or not.
    var isOpen: Bool { evaluator?.isOpen == true }

    /// True while its condition holds and others keep its alert back.
    var isKeptBack: Bool { !rule.isSilent && valve?.isKeepingBack == true }

    /// Whether it can go on as this rule: what is drawn and what it asks of others is the same.
    func goesOn(as other: Rule) -> Bool {
        rule.id == other.id && rule.kind == other.kind && rule.polygon == other.polygon && rule.masks == other.masks
            && rule.size == other.size && rule.line == other.line && rule.direction == other.direction
            && rule.onlyIf == other.onlyIf && rule.notIf == other.notIf && rule.isSilent == other.isSilent
    }

    /// Goes on with other numbers and words.
    mutating func revise(_ rule: Rule, settings: DetectionSettings) {
        self.rule = rule
        if rule.schedule == nil { isOn = true }
        evaluator?.revise(rule, settings: settings)
    }

    /// Starts anew, for pictures of this size.
    mutating func begin(settings: DetectionSettings, width: Int, height: Int) {
        region = Region(rule, width: width, height: height)
        evaluator = rule.evaluator(settings: settings, width: width, height: height)
        exclusion = Exclusion(rule, width: width, height: height)
        valve = rule.isSilent || !rule.asksAbout.isEmpty ? AlertInhibitor() : nil
        leftOut = nil
    }

    /// Takes the next frame; `mayTell` says whether the conditions on other rules hold.
    mutating func evaluate(_ frame: AnalyzedFrame, mayTell: Bool) -> AlertChange? {
        leftOut = exclusion?.layer(for: frame.blobs)
        let change = isOn ? evaluator?.evaluate(frame) : evaluator?.close(at: frame.time)
        return tell(change, mayTell: mayTell, at: frame.time)
    }

    /// Ends a running alert, whatever other rules say; nil when none runs that anybody was told of.
    mutating func close(at time: MediaTime) -> AlertChange? {
        tell(evaluator?.close(at: time), mayTell: true, at: time)
    }

    private mutating func tell(_ change: AlertChange?, mayTell: Bool, at time: MediaTime) -> AlertChange? {
        guard var valve else { return change }
        defer { self.valve = valve }
        return valve.pass(change, isOpen: mayTell && !rule.isSilent, at: time)
    }
}
