import Flow
import Ingest

/// What somebody keeps of one stream, until it is enough.
protocol StreamKeeper: Sendable {
    /// Takes units in the order in which they came, and says whether it is enough.
    mutating func take(_ units: [AccessUnit], now: Double) -> Bool
    /// Why there is nothing, where that can be told from what came; nil otherwise.
    var problem: String? { get }
}

/// Listens to one stream on behalf of a thread that waits: until there is enough, the stream breaks off, or it is silent.
final class StreamEar<Keeper: StreamKeeper>: StreamSink, @unchecked Sendable {
    // Safety: the variables below are used only while `condition` is locked.

    /// What a wait goes by; monotonic seconds.
    struct Progress {
        /// When listening began.
        var start: Double
        /// When the first units came; nil before.
        var first: Double?
        /// When the last ones came; nil before.
        var last: Double?
    }

    private let condition = MonotonicCondition()
    private var kept: Keeper
    private var progress: Progress
    private var isOver = false
    private var problem: String?
    private let clocks: Clocks

    /// Makes an ear that begins to listen now.
    init(_ keeper: Keeper, clocks: Clocks = .system) {
        self.kept = keeper
        self.clocks = clocks
        self.progress = Progress(start: clocks.monotonic())
    }

    func accept(_ batches: [StreamBatch]) {
        condition.lock()
        defer { condition.unlock() }
        guard !isOver else { return }
        let now = clocks.monotonic()
        progress.first = progress.first ?? now
        progress.last = now
        isOver = kept.take(batches.flatMap(\.units), now: now)
        condition.signal()
    }

    func changed(_ status: StreamStatus) {
        switch status.state {
        case .connecting, .online, .frozen, .patrol, .blind: return
        case .stalled, .offline, .refused, .quarantined: break
        }
        condition.lock()
        defer { condition.unlock() }
        guard !isOver else { return }
        isOver = true
        problem = status.detail
        condition.signal()
    }

    /// Waits until it is over, or until the moment that `deadline` tells of how far it is; what comes later is not kept.
    ///
    /// - Returns: What was kept, and why there is no more of it where somebody knows.
    func wait(until deadline: (Progress) -> Double) -> (kept: Keeper, problem: String?) {
        condition.lock()
        defer { condition.unlock() }
        while !isOver {
            let left = deadline(progress) - clocks.monotonic()
            guard left > 0 else { break }
            _ = condition.wait(atMost: left)
        }
        isOver = true
        return (kept, problem ?? kept.problem)
    }
}
