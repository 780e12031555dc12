/// Says what other thresholds would have done with the scores of a while.
///
/// A minute alerts when its pictures bring enough evidence together; minutes on end are one alert. That is coarser than
/// the rule itself, which counts seconds, so a number here is an estimate: compare it with the one at the threshold of
/// the time.
public struct ScoreEstimate: Sendable, Hashable {
    /// Seconds of evidence that an alert takes.
    public let dwell: Double
    /// Evidence of the minutes that have any, by minute since the Unix epoch, for each step as the threshold.
    private var evidence: [Int: [Double]] = [:]

    /// Makes an estimate without scores.
    public init(dwell: Double) {
        self.dwell = dwell
    }

    /// Adds an hour.
    ///
    /// - Parameters:
    ///   - hour: What was scored.
    ///   - start: Its first minute since the Unix epoch.
    ///   - factor: The threshold at which its scores are 1, over the one at which those of the estimate are.
    public mutating func add(_ hour: ScoreHour, start: Int, factor: Double = 1) {
        for cell in hour.cells {
            let minute = start + Int(cell.minute)
            var sums = evidence[minute] ?? Array(repeating: 0, count: ScoreHour.steps)
            // A hair more, so that equal thresholds stay equal after the division.
            let strength = ScoreHour.strength(ofStep: Int(cell.step)) * factor * 1.000_001
            for step in 0..<ScoreHour.steps where strength >= ScoreHour.strength(ofStep: step) {
                let weight = min(RegionWatch.greatestWeight, strength / ScoreHour.strength(ofStep: step))
                sums[step] += Double(cell.tenths) / 10 * weight
            }
            evidence[minute] = sums
        }
    }

    /// How many alerts there would have been with the threshold at each step of `ScoreHour`.
    public var alerts: [Int] {
        let minutes = evidence.keys.sorted()
        return (0..<ScoreHour.steps).map { step in
            var count = 0
            var last: Int?
            for minute in minutes where evidence[minute, default: []][step] >= max(dwell, 0.001) {
                if last.map({ minute > $0 + 1 }) ?? true { count += 1 }
                last = minute
            }
            return count
        }
    }
}
