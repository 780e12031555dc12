public import Flow

/// Which alerts of one rule would run now, for each step of `ScoreHour` as the threshold.
///
/// A minute tells how much was scored in it, not how often: a busy place scores in every minute, and that is one alert
/// of an hour or sixty of a second. So it is counted where each would begin, by the same rule as the alerts themselves:
/// it runs on at half of its threshold, and ends when that was not seen for the hold time.
public struct ScoreRuns: Sendable, Hashable {
    private var isOpen = [Bool](repeating: false, count: ScoreHour.steps)
    private var seen = [MediaTime](repeating: MediaTime(microseconds: 0), count: ScoreHour.steps)

    /// True when none runs at any step: nothing is lost when this value is dropped.
    public var isIdle: Bool { !isOpen.contains(true) }

    /// Makes the runs of a rule that has scored nothing.
    public init() {}

    /// Takes the score of a picture, and notes in the hour what begins with it.
    ///
    /// - Parameters:
    ///   - strength: 1 at the threshold; 0 when the rule scored nothing.
    ///   - time: Of the picture.
    ///   - hold: Seconds without anything after which an alert ends.
    ///   - minute: 0…59 of the hour.
    ///   - hour: What is known of that hour.
    public mutating func see(
        _ strength: Double,
        at time: MediaTime,
        hold: Double,
        minute: Int,
        in hour: inout ScoreHour
    ) {
        for step in 0..<ScoreHour.steps {
            let threshold = ScoreHour.strength(ofStep: step)
            if isOpen[step], strength >= threshold * IntrusionEvaluator.releaseStrength {
                seen[step] = time
            } else if isOpen[step] {
                if time.seconds(since: seen[step]) >= hold { isOpen[step] = false }
            } else if strength >= threshold {
                isOpen[step] = true
                seen[step] = time
                hour.begin(minute: minute, step: step)
            }
        }
    }
}
