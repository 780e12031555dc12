internal import Detection
internal import Gate
internal import Synchronization

/// Scores two sides of settings on labelled clips, one clip after the other.
public final class TrialEvaluation: Sendable {
    /// The figures of one side.
    public struct Figures: Sendable, Hashable, Encodable {
        /// Events that had to be found.
        public var events = 0
        /// Of these, not found.
        public var missed = 0
        /// Alerts that were false.
        public var falseAlerts = 0

        fileprivate mutating func add(_ figures: ClipFigures) {
            events += figures.events
            missed += figures.missed
            falseAlerts += figures.falseAlerts
        }
    }

    /// A clip on which the sides differ.
    public struct Difference: Sendable, Hashable, Encodable {
        /// Id of the clip.
        public var id: String
        /// Its name.
        public var name: String
        /// With the settings in force.
        public var live = Figures()
        /// With those of the draft.
        public var draft = Figures()
    }

    /// How far it is, and what came of it so far.
    public struct Progress: Sendable, Hashable, Encodable {
        /// False when all clips are done.
        public var isRunning = true
        /// Clips that are done.
        public var done = 0
        /// Clips in all.
        public var clips = 0
        /// Seconds of clip that are done, and in all.
        public var seconds = 0.0
        /// See `seconds`.
        public var totalSeconds = 0.0
        /// With the settings in force.
        public var live = Figures()
        /// With those of the draft.
        public var draft = Figures()
        /// Clips on which the sides differ.
        public var differences: [Difference] = []
        /// Clips that could not be used, and why.
        public var problems: [String] = []
    }

    private let footage: TrialFootage
    private let picturesAtMost: Int
    private let items = Mutex<[TrialFootage.Item]?>(nil)
    private let sampling: Sampling
    private let live: DetectionSettings
    /// The settings that are tried.
    let draft: DetectionSettings
    private let state: Mutex<Progress>

    init(
        footage: TrialFootage,
        sampling: Sampling,
        live: DetectionSettings,
        draft: DetectionSettings,
        picturesAtMost: Int
    ) {
        self.footage = footage
        self.sampling = sampling
        self.live = live
        self.draft = draft
        self.picturesAtMost = picturesAtMost
        state = Mutex(Progress())
    }

    /// How far it is.
    public var progress: Progress { state.withLock(\.self) }

    /// Finds the labelled clips, then scores one with each call; blocks the thread.
    func step() {
        guard let items = items.withLock(\.self) else { return find() }
        let index = state.withLock(\.done)
        guard index < items.count else { return }
        let item = items[index]
        let result = Result { try score(item) }
        state.withLock { progress in
            progress.done += 1
            progress.seconds += item.seconds ?? 0
            progress.isRunning = progress.done < progress.clips
            switch result {
            case .success(let (live, draft)):
                progress.live.add(live)
                progress.draft.add(draft)
                if live != draft {
                    var difference = Difference(id: item.id, name: item.name)
                    difference.live.add(live)
                    difference.draft.add(draft)
                    progress.differences.append(difference)
                }
            case .failure(let error): progress.problems.append("\(item.name): \(error)")
            }
        }
    }

    private func find() {
        let found = footage.list().filter(\.isLabelled)
        items.withLock { $0 = found }
        state.withLock { progress in
            progress.clips = found.count
            progress.totalSeconds = found.reduce(0) { $0 + ($1.seconds ?? 0) }
            progress.isRunning = !found.isEmpty
        }
    }

    private func score(_ item: TrialFootage.Item) throws -> (ClipFigures, ClipFigures) {
        let reel = try ClipReel(item, sampling, atMost: picturesAtMost)
        return (ClipFigures(try reel.results(with: live)), ClipFigures(try reel.results(with: draft)))
    }
}
