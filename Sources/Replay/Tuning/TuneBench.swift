public import Detection
internal import Synchronization

/// Scores settings on reels, on all cores, and remembers what it has scored.
public final class TuneBench: Sendable {
    private struct Memory {
        var figures: [String: [ClipFigures]] = [:]
        var settings: [String: DetectionSettings] = [:]
        var order: [String] = []
    }

    /// The clips.
    public let reels: [ClipReel]
    private let workers: Int
    private let journal: TuneJournal?
    private let memory: Mutex<Memory>

    /// Makes a bench.
    ///
    /// - Parameters:
    ///   - reels: The clips.
    ///   - workers: Threads, at least 1.
    ///   - journal: Where scores are kept from run to run; nil for nowhere.
    public init(reels: [ClipReel], workers: Int, journal: TuneJournal? = nil) {
        self.reels = reels
        self.workers = max(1, workers)
        self.journal = journal
        var memory = Memory()
        memory.figures = (journal?.figures ?? [:]).filter { $0.value.count == reels.count }
        self.memory = Mutex(memory)
    }

    /// Every setting that was scored, in order, with its figures over all clips.
    public var tried: [(settings: DetectionSettings, figures: ClipFigures)] {
        memory.withLock { memory in
            memory.order.compactMap { version in
                guard let settings = memory.settings[version], let figures = memory.figures[version] else { return nil }
                return (settings, figures.reduce(ClipFigures(), +))
            }
        }
    }

    /// The figures of each clip with `settings`; blocks until all clips are done.
    ///
    /// - Throws: `DetectionError` for a rule that cannot be used.
    public func figures(with settings: DetectionSettings) throws(DetectionError) -> [ClipFigures] {
        let version = settings.version
        let known: [ClipFigures]? = memory.withLock { memory in
            if memory.settings.updateValue(settings, forKey: version) == nil { memory.order.append(version) }
            return memory.figures[version]
        }
        if let known { return known }
        let scored = try score(settings)
        memory.withLock { $0.figures[version] = scored }
        journal?.append(version, scored)
        return scored
    }

    private func score(_ settings: DetectionSettings) throws(DetectionError) -> [ClipFigures] {
        let progress = Mutex(
            (figures: Array(repeating: ClipFigures(), count: reels.count), failure: DetectionError?.none)
        )
        ClipThreads.forEach(
            Array(reels.indices),
            longestFirst: { Double(reels[$0].frames.count) },
            workers: workers
        ) { index in
            guard progress.withLock({ $0.failure == nil }) else { return }
            do throws(DetectionError) {
                let figures = ClipFigures(try reels[index].results(with: settings))
                progress.withLock { $0.figures[index] = figures }
            } catch {
                progress.withLock { $0.failure = error }
            }
        }
        let done = progress.withLock { ($0.figures, $0.failure) }
        if let failure = done.1 { throw failure }
        return done.0
    }
}
