/// What errors cost, and how they are added up.
public struct TuneCost: Sendable, Hashable {
    /// Of an event that was missed.
    public var missed: Double
    /// Of an alert that was false.
    public var falseAlert: Double

    /// Makes a cost; both 0 or more.
    public init(missed: Double = 1, falseAlert: Double = 1) {
        self.missed = missed
        self.falseAlert = falseAlert
    }

    /// The cost of some clips.
    public func of(_ figures: ClipFigures) -> Double {
        Double(figures.missed) * missed + Double(figures.falseAlerts) * falseAlert
    }
}

/// How many events a clip has, how many of them were missed, and how many alerts were false; sums of several clips too.
public struct ClipFigures: Sendable, Hashable {
    /// Events that had to be found.
    public var events = 0
    /// Of these, not found.
    public var missed = 0
    /// Alerts that were false.
    public var falseAlerts = 0

    /// All zero.
    public init() {}

    /// Makes figures from their parts.
    public init(events: Int, missed: Int, falseAlerts: Int) {
        self.events = events
        self.missed = missed
        self.falseAlerts = falseAlerts
    }

    /// The figures of a clip's rules together.
    public init(_ results: [RuleResult]) {
        for result in results {
            events += result.score.events.count
            missed += result.score.missed.count
            falseAlerts += result.score.falseAlerts.count
        }
    }

    /// Share of the events that was found; 1 without events.
    public var recall: Double { events == 0 ? 1 : 1 - Double(missed) / Double(events) }

    /// Both together.
    public static func + (a: ClipFigures, b: ClipFigures) -> ClipFigures {
        ClipFigures(
            events: a.events + b.events,
            missed: a.missed + b.missed,
            falseAlerts: a.falseAlerts + b.falseAlerts
        )
    }
}
