/// Says what other thresholds would have done with the scores of a while.
///
/// A minute alerts when its pictures bring enough evidence together; minutes on end are one alert. That is coarser than
/// the rule itself, which counts seconds, so a number here is an estimate: compare it with the one at the threshold of
/// the time.
public struct ScoreEstimate: Sendable, Hashable {
    /// Seconds of one minute and step that an hour of scores can tell.
    private static let longestCell = 25.0

    /// Seconds of evidence that an alert takes.
    public let dwell: Double
    /// Whether what is stronger needs less time.
    private let isWeighted: Bool
    /// Evidence of the minutes that have any, by minute since the Unix epoch, for each step as the threshold.
    private var evidence: [Int: [Double]] = [:]

    /// Makes an estimate without scores.
    ///
    /// - Parameters:
    ///   - dwell: Seconds of evidence that an alert takes.
    ///   - isWeighted: Whether what is stronger needs less time: not for a rule with a dwell of its own.
    public init(dwell: Double, isWeighted: Bool = true) {
        self.dwell = dwell
        self.isWeighted = isWeighted
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
                let times = strength / ScoreHour.strength(ofStep: step)
                let weight = isWeighted ? min(RegionWatch.greatestWeight, times) : 1
                sums[step] += Double(cell.tenths) / 10 * weight
            }
            evidence[minute] = sums
        }
    }

    /// How many alerts there would have been with the threshold at each step of `ScoreHour`.
    public var alerts: [Int] {
        let minutes = evidence.keys.sorted()
        let needed = min(max(dwell, 0.001), Self.longestCell)
        return (0..<ScoreHour.steps).map { step in
            var count = 0
            var last: Int?
            for minute in minutes where evidence[minute, default: []][step] >= needed {
                if last.map({ minute > $0 + 1 }) ?? true { count += 1 }
                last = minute
            }
            return count
        }
    }
}
