public import Flow

/// What changed about an alert of a rule: it started, it looks different, or it ended.
public struct AlertChange: Sendable, Hashable {
    /// The rule that the alert is of, as it was when the frame was judged.
    public var rule: Rule
    /// Which of the three it is; every alert has one start, any number of updates, and one end.
    public var phase: AlertPhase
    /// When the condition began, on the clock of the frames.
    ///
    /// The same in every change of one alert.
    public var start: MediaTime
    /// The frame that brought this change.
    public var at: MediaTime
    /// When the condition was last seen; only with phase `end`.
    public var end: MediaTime?
    /// Strength so far, 0…1: 0.5 is the threshold, 1 is eight times the threshold or more.
    public var score: Double
    /// Where it is now; with phase `end` where it was last.
    public var box: NormalizedRect
    /// Why, in words for an operator.
    public var reason: String
}
