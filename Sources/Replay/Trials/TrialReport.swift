internal import Flow
internal import Foundation

/// What a trial shows: for each side, and each of its rules, a curve and its alerts beside what truly happens.
public struct TrialReport: Sendable, Hashable, Encodable {
    /// Points of each curve.
    public static let points = 300

    /// Rules and thresholds that were tried.
    public struct Side: Sendable, Hashable, Encodable {
        /// Version of the settings: the same values give the same.
        public var version: String
        /// Its rules, in their order.
        public var rules: [RuleTrial]
    }

    /// What became of one rule.
    public struct RuleTrial: Sendable, Hashable, Encodable {
        /// Id of the rule.
        public var id: String
        /// Its kind.
        public var kind: String
        /// How much there was of what the rule asks for, at most, in each of `points` equal parts; 1 is the threshold.
        public var strength: [Double]
        /// What decided at that moment, as an index into `layers`.
        public var decided: [Int]
        /// Its alerts, `[start, end]` in seconds.
        public var alerts: [[Double]]
        /// What truly happens; nil where the labels do not speak of the rule.
        public var truth: Truth?
    }

    /// How the alerts compare with the labels; spans are `[start, end]` in seconds.
    public struct Truth: Sendable, Hashable, Encodable {
        /// What happens.
        public var events: [[Double]]
        /// When neither an alert nor its absence counts.
        public var ignored: [[Double]]
        /// Events without an alert.
        public var missed: [[Double]]
        /// Alerts without an event.
        public var falseAlerts: [[Double]]
    }

    /// Length of the clip in seconds.
    public var seconds: Double
    /// Pictures that were looked at.
    public var pictures: Int
    /// The words of `decided`.
    public var layers: [String]
    /// How often each of 16 rows of 16 parts of the picture held something that moves, 0 to 255; row by row.
    public var motion: [Int]
    /// One entry for each side that was asked for.
    public var sides: [Side]
}

extension TrialReport.Truth {
    init(_ labels: LabelledRule, _ score: EventScore) {
        self.init(
            events: labels.events.map(\.pair),
            ignored: labels.ignore.map(\.pair),
            missed: score.missed.map(\.pair),
            falseAlerts: score.falseAlerts.map(\.pair)
        )
    }
}

extension TimeSpan {
    /// `[start, end]` in seconds, to the millisecond.
    var pair: [Double] { [start, end].map { ($0.seconds * 1000).rounded() / 1000 } }
}
