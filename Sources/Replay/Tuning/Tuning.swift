public import Detection

/// A search over labelled clips with its test on scenes that it did not see.
public struct Tuning: Sendable {
    /// One part of the scenes that was held out.
    public struct Fold: Sendable {
        /// The scenes.
        public var scenes: [String]
        /// What the search found without them.
        public var settings: DetectionSettings
        /// How these scenes fare with what it started from, and with what it found.
        public var before: ClipFigures
        /// See `before`.
        public var after: ClipFigures
    }

    /// What the search began with.
    public let start: DetectionSettings
    /// What it found on all clips.
    public let found: TuneSearch.Path
    /// All clips with what it began with, and with what it found.
    public let before: ClipFigures
    /// See `before`.
    public let after: ClipFigures
    /// The held-out parts.
    public let folds: [Fold]
    /// What errors cost.
    public let cost: TuneCost

    /// Scenes that were not seen, with what the search began with.
    public var heldOutBefore: ClipFigures { folds.map(\.before).reduce(ClipFigures(), +) }

    /// Scenes that were not seen, each with what was found without it.
    public var heldOutAfter: ClipFigures { folds.map(\.after).reduce(ClipFigures(), +) }

    /// True when what was found is cheaper on all clips, and no dearer on scenes that the search did not see.
    public var isBetter: Bool {
        cost.of(after) < cost.of(before) && cost.of(heldOutAfter) <= cost.of(heldOutBefore)
    }

    /// The settings to use: what was found when it is better, else what the search began with.
    public var settings: DetectionSettings { isBetter ? found.settings : start }

    /// Searches on all clips, and once for each part of the scenes without it.
    ///
    /// - Parameters:
    ///   - bench: Scores settings on the clips.
    ///   - search: How to search.
    ///   - start: Where to begin.
    ///   - folds: Parts of the scenes; 0, and more than there are scenes: each scene alone.
    ///   - progress: Called with the share (0…1) of the work that is done at most, and with what is being tried.
    /// - Returns: What was found on all clips, and how that does on held-out scenes.
    /// - Throws: `DetectionError` for a rule or key that cannot be used.
    public static func run(
        _ bench: TuneBench,
        _ search: TuneSearch,
        from start: DetectionSettings,
        folds: Int,
        progress: (_ share: Double, _ detail: String) -> Void
    ) throws(DetectionError) -> Tuning {
        let scenes = Set(bench.reels.map(\.labels.scene)).sorted()
        let parts = parts(scenes, folds)
        let steps = search.rounds * max(1, search.keys.count)
        let figures = { (settings: DetectionSettings) throws(DetectionError) in try bench.figures(with: settings) }
        func path(_ part: Int, _ clips: [Int], _ name: String) throws(DetectionError) -> TuneSearch.Path {
            try search.descend(from: start, over: clips, figures: figures) { done, key in
                progress(Double(part * steps + done) / Double((parts.count + 1) * steps), "\(name): \(key)")
            }
        }
        let all = Array(bench.reels.indices)
        let found = try path(0, all, "all clips")
        var tested: [Fold] = []
        for (index, part) in parts.enumerated() {
            let out = all.filter { part.contains(bench.reels[$0].labels.scene) }
            let without = try path(
                index + 1,
                all.filter { !out.contains($0) },
                "without \(part.joined(separator: ", "))"
            )
            tested.append(
                Fold(
                    scenes: part,
                    settings: without.settings,
                    before: try sum(bench.figures(with: start), out),
                    after: try sum(bench.figures(with: without.settings), out)
                )
            )
        }
        progress(1, "")
        return Tuning(
            start: start,
            found: found,
            before: try sum(bench.figures(with: start), all),
            after: try sum(bench.figures(with: found.settings), all),
            folds: tested,
            cost: search.cost
        )
    }

    private static func sum(_ figures: [ClipFigures], _ clips: [Int]) -> ClipFigures {
        clips.reduce(ClipFigures()) { $0 + figures[$1] }
    }

    /// Scenes dealt out like cards; without two scenes there is nothing to hold out.
    static func parts(_ scenes: [String], _ folds: Int) -> [[String]] {
        guard scenes.count > 1 else { return [] }
        let count = folds <= 0 ? scenes.count : min(max(2, folds), scenes.count)
        return (0..<count).map { part in scenes.indices.filter { $0 % count == part }.map { scenes[$0] } }
    }
}
