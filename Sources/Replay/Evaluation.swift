public import Detection
public import Flow

/// What one rule made of one clip.
public struct RuleResult: Sendable, Hashable {
    /// Name of the clip.
    public var clip: String
    /// The rule, and what truly happens.
    public var labels: LabelledRule
    /// Weather, light and the like, in the words of the label file.
    public var conditions: [String]
    /// Seconds that the rule watched: the clip's length.
    public var seconds: Double
    /// Its alerts, by start.
    public let alerts: [TimeSpan]
    /// How they compare with the labels.
    public let score: EventScore
    /// The missed events of which detection saw no picture at all: the sampling is too coarse for them.
    public let unseen: [TimeSpan]

    /// Scores the alerts of a rule on a clip.
    public init(
        clip: String,
        labels: LabelledRule,
        conditions: [String] = [],
        seconds: Double,
        alerts: [TimeSpan],
        looks: [MediaTime] = []
    ) {
        self.clip = clip
        self.conditions = conditions
        self.labels = labels
        self.seconds = seconds
        self.alerts = alerts
        let score = EventScore(alerts: alerts, labels: labels)
        self.score = score
        unseen = score.missed.filter { event in
            let window = event.widened(bySeconds: labels.tolerance)
            return !looks.isEmpty && !looks.contains { window.start <= $0 && $0 <= window.end }
        }
    }

    /// Id of the rule.
    public var rule: String { labels.rule.id }

    /// The rule's kind.
    public var kind: RuleKind { labels.rule.kind }
}

/// Figures over some results.
public struct ScoreTotals: Sendable, Hashable {
    /// Different clips.
    public let clips: Int
    /// Rules on clips.
    public let rules: Int
    /// Seconds of one rule watching one clip, summed up.
    public let seconds: Double
    /// Events that had to be found.
    public let events: Int
    /// Events that were found.
    public let found: Int
    /// Alerts that were false.
    public let falseAlerts: Int
    /// Median of the delays of the found events in seconds; nil when none was found.
    public let medianDelay: Double?

    /// Sums up.
    public init(_ results: [RuleResult]) {
        clips = Set(results.map(\.clip)).count
        rules = results.count
        // Whole microseconds: the sum does not depend on the order.
        seconds = Double(results.reduce(Int64(0)) { $0 + Int64(($1.seconds * 1e6).rounded()) }) / 1e6
        events = results.reduce(0) { $0 + $1.score.events.count }
        found = results.reduce(0) { $0 + $1.score.found.count }
        falseAlerts = results.reduce(0) { $0 + $1.score.falseAlerts.count }
        let delays = results.flatMap(\.score.delays).sorted()
        let middle = delays.count / 2
        medianDelay =
            delays.isEmpty ? nil : delays.count % 2 == 1 ? delays[middle] : (delays[middle - 1] + delays[middle]) / 2
    }

    /// Share of the events that were found; nil without events.
    public var recall: Double? { events == 0 ? nil : Double(found) / Double(events) }

    /// False alerts per hour of one rule watching one clip; nil without time.
    public var falsePerHour: Double? { seconds == 0 ? nil : Double(falseAlerts) * 3600 / seconds }

    /// Found events as a share of found events and false alerts; nil without either.
    public var precision: Double? {
        found + falseAlerts == 0 ? nil : Double(found) / Double(found + falseAlerts)
    }

    /// Harmonic mean of recall and precision; nil where one of them is.
    public var f1: Double? {
        guard let recall, let precision else { return nil }
        return recall + precision == 0 ? 0 : 2 * recall * precision / (recall + precision)
    }
}

/// What came out of all clips.
public struct Evaluation: Sendable, Hashable {
    /// A clip that could not be judged.
    public struct Failure: Sendable, Hashable {
        /// Name of the clip.
        public var clip: String
        /// Why.
        public var message: String

        /// Makes a failure.
        public init(clip: String, message: String) {
            self.clip = clip
            self.message = message
        }
    }

    /// Results in the order of the label files and of the rules in them.
    public var results: [RuleResult]
    /// Clips that could not be judged, in the order of the label files; their rules are in no total.
    public var failures: [Failure]
    /// CPU time of all clips, seconds; differs from run to run.
    public var cpuSeconds: Double
    /// Running time of the clips that were judged, seconds.
    public var clipSeconds: Double

    /// Makes an evaluation.
    public init(
        results: [RuleResult],
        failures: [Failure],
        cpuSeconds: Double,
        clipSeconds: Double
    ) {
        self.results = results
        self.failures = failures
        self.cpuSeconds = cpuSeconds
        self.clipSeconds = clipSeconds
    }
}
