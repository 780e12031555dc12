public import Detection
internal import Foundation

/// Coordinate descent: one setting after the other is moved to where the cost is least, round after round, until
/// nothing gets better.
public struct TuneSearch: Sendable {
    /// A value that was tried and what it cost, with the other settings as they were then.
    public struct Trial: Sendable, Hashable {
        /// The setting.
        public var key: String
        /// Its value.
        public var value: Double
        /// The cost over the clips that were searched on.
        public var cost: Double
        /// True for the value that was kept.
        public var isKept: Bool
    }

    /// Where a search ended.
    public struct Path: Sendable {
        /// The settings.
        public var settings: DetectionSettings
        /// Their cost over the clips that were searched on.
        public var cost: Double
        /// What was tried on the way.
        public var trials: [Trial]
    }

    /// Factors by which a value is moved in the first round and in all others.
    private static let steps = (wide: [0.7, 1.4, 0.5, 2.0], narrow: [0.85, 1.18])
    /// Where a value of 0 goes, as shares of the greatest value.
    private static let fromZero = [0.01, 0.05]

    /// The settings to move, in this order.
    public var keys: [String]
    /// Values to try of some of them instead of steps: a grid.
    public var grid: [String: [Double]]
    /// What errors cost.
    public var cost: TuneCost
    /// Rounds at most.
    public var rounds: Int

    /// Makes a search.
    public init(keys: [String], grid: [String: [Double]] = [:], cost: TuneCost, rounds: Int) {
        self.keys = keys
        self.grid = grid
        self.cost = cost
        self.rounds = rounds
    }

    /// Searches.
    ///
    /// Equal costs keep the value that was there: a setting moves only for a reason.
    ///
    /// - Parameters:
    ///   - start: Where to begin.
    ///   - clips: Indices of the clips that count.
    ///   - figures: Scores settings on all clips.
    ///   - step: Called before each setting with the number of settings done in all, of `rounds` times the keys.
    /// - Returns: Where it ended.
    /// - Throws: What `figures` throws.
    public func descend(
        from start: DetectionSettings,
        over clips: [Int],
        figures: (DetectionSettings) throws(DetectionError) -> [ClipFigures],
        step: (_ done: Int, _ key: String) -> Void
    ) throws(DetectionError) -> Path {
        func price(_ settings: DetectionSettings) throws(DetectionError) -> Double {
            let all = try figures(settings)
            return clips.reduce(0) { $0 + cost.of(all[$1]) }
        }
        var path = Path(settings: start, cost: try price(start), trials: [])
        for round in 0..<rounds {
            let before = path.settings
            for (index, key) in keys.enumerated() {
                step(round * keys.count + index, key)
                try improve(&path, key, isWide: round == 0, price)
            }
            if path.settings == before { break }
        }
        return path
    }

    private func improve(
        _ path: inout Path,
        _ key: String,
        isWide: Bool,
        _ price: (DetectionSettings) throws(DetectionError) -> Double
    ) throws(DetectionError) {
        guard let now = path.settings.values[key] else { return }
        let first = path.trials.count
        path.trials.append(Trial(key: key, value: now, cost: path.cost, isKept: false))
        var best = first
        let base = path.settings
        for value in candidates(key, now, isWide: isWide) {
            var settings = base
            try settings.set(key, "\(value)")
            let cost = try price(settings)
            path.trials.append(Trial(key: key, value: value, cost: cost, isKept: false))
            guard cost < path.trials[best].cost - 1e-9 else { continue }
            best = path.trials.count - 1
            path.settings = settings
            path.cost = cost
        }
        path.trials[best].isKept = true
    }

    /// Values to try beside `now`, nearest first.
    func candidates(_ key: String, _ now: Double, isWide: Bool) -> [Double] {
        guard let range = DetectionSettings.range(of: key) else { return [] }
        let wanted =
            grid[key]
            ?? (now == 0
                ? Self.fromZero.map { $0 * range.upperBound }
                : (isWide ? Self.steps.wide : Self.steps.narrow).map { now * $0 })
        var values: [Double] = []
        for value in wanted {
            let value = Self.rounded(min(range.upperBound, max(range.lowerBound, value)))
            if value != now, !values.contains(value), range.contains(value) { values.append(value) }
        }
        return values
    }

    /// Four digits are enough, and give the same version again.
    private static func rounded(_ value: Double) -> Double {
        Double(String(format: "%.4g", value)) ?? value
    }
}
