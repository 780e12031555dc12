/// Says what other thresholds would have done with the scores of a while.
///
/// A minute alerts when its pictures bring enough evidence together: as often as something began in it, and as its
/// evidence is enough for. Of hours that do not tell what began, minutes on end are one alert. That is coarser than the
/// rule itself, which counts seconds, so a number here is an estimate: compare it with the one at the threshold of the
/// time.
public struct ScoreEstimate: Sendable, Hashable {
    /// Seconds of one minute and step that an hour of scores can tell.
    private static let longestCell = 25.0

    /// Seconds of evidence that an alert takes.
    public let dwell: Double
    /// Whether what is stronger needs less time.
    private let isWeighted: Bool
    /// Evidence of the minutes that have any, by minute since the Unix epoch, for each step as the threshold.
    private var evidence: [Int: [Double]] = [:]
    /// What began in these minutes, for each step as the threshold.
    private var begins: [Int: [Int]] = [:]
    /// Hours that tell what began, by their first minute.
    private var telling: Set<Int> = []

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
                let weight = isWeighted ? min(IntrusionEvaluator.greatestWeight, times) : 1
                sums[step] += Double(cell.tenths) / 10 * weight
            }
            evidence[minute] = sums
        }
        guard !hour.begins.isEmpty else { return }
        telling.insert(start)
        for cell in hour.begins {
            // It was counted at steps of its own threshold: the one that is this step of ours, or the next above.
            var sums = begins[start + Int(cell.minute)] ?? Array(repeating: 0, count: ScoreHour.steps)
            for step in 0..<ScoreHour.steps where Self.step(for: step, factor: factor) == Int(cell.step) {
                sums[step] += Int(cell.tenths)
            }
            begins[start + Int(cell.minute)] = sums
        }
    }

    /// The step at which an hour counted what begins with the threshold at a step of the estimate.
    private static func step(for step: Int, factor: Double) -> Int {
        let wanted = ScoreHour.strength(ofStep: step)
        return (0..<ScoreHour.steps).first { ScoreHour.strength(ofStep: $0) * factor * 1.000_001 >= wanted }
            ?? ScoreHour.steps - 1
    }

    /// How many alerts there would have been with the threshold at each step of `ScoreHour`.
    public var alerts: [Int] {
        let minutes = evidence.keys.sorted()
        return (0..<ScoreHour.steps).map { count(minutes, step: $0) }
    }

    private func count(_ minutes: [Int], step: Int) -> Int {
        let needed = min(max(dwell, 0.001), Self.longestCell)
        var count = 0
        var last: Int?
        // What began at the end of a minute may have its evidence in the next one.
        var waiting: Int?
        for minute in minutes {
            let enough = Int(min(1000, (evidence[minute]?[step] ?? 0) / needed + 1e-9))
            if telling.contains(minute - minute % 60) {
                let began = (begins[minute]?[step] ?? 0) + (waiting == minute - 1 ? 1 : 0)
                waiting = began > 0 && enough == 0 ? minute : nil
                count += min(began, enough)
            } else if enough > 0, last.map({ minute > $0 + 1 }) ?? true {
                count += 1
            }
            if enough > 0 { last = minute }
        }
        return count
    }
}
