import Analysis
import Detection
import Flow
import Logging
import Logs
import Postgres
import Store
import Synchronization

/// Brings what live pictures scored into the database, every few minutes, and forgets what is too old.
///
/// Bounded: what waits while the database is away is limited, then the newest is dropped and counted.
final class ScoreReporter: Sendable {
    /// Seconds between two looks at what waits.
    private static let writeInterval = 5.0
    /// Seconds between two removals of what is too old.
    private static let pruneInterval = 3600.0
    /// Parts of hours that may wait, about half a kilobyte each.
    private static let capacity = 65_536
    /// Parts that are written together.
    private static let batch = 2000

    private struct Item: Sendable {
        let camera: String
        /// What the scores of each rule mean.
        let bases: [String: ScoreBasis]
        let part: ScoreLog.Part
    }

    private let waiting = Mutex<[Item]>([])
    private let pace = Mutex(BatchPace(most: ScoreReporter.batch))
    private let archive: ScoreArchive
    private let days: Int
    private let loops: LoopMonitor
    private let dropped: Metric
    private let log: FloodGate
    private let clocks: Clocks

    /// Makes a reporter; `run` starts it.
    ///
    /// `days`: for how long scores are kept.
    init(
        archive: ScoreArchive,
        days: Int,
        loops: LoopMonitor,
        meter: Meter,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.archive = archive
        self.days = days
        self.loops = loops
        self.clocks = clocks
        self.log = FloodGate(logger, clocks: clocks)
        self.dropped = meter.counter(
            "gridwatch_scores_dropped_total",
            "Parts of an hour of a camera's scores that were dropped, because the database was away for too long."
        )
    }

    /// Takes a part of an hour without waiting; any thread.
    func take(_ scores: CameraScores, of camera: String) {
        let isTaken = waiting.withLock { waiting in
            guard waiting.count < Self.capacity else { return false }
            waiting.append(Item(camera: camera, bases: scores.bases, part: scores.part))
            return true
        }
        if !isTaken { dropped.add() }
    }

    /// Writes until the task is cancelled.
    func run() async {
        var pruned = ContinuousClock.now - .seconds(Self.pruneInterval)
        while !Task.isCancelled {
            var failure: (any Error)?
            do {
                while try await write() {}
                if ContinuousClock.now - pruned >= .seconds(Self.pruneInterval) {
                    try await prune()
                    pruned = .now
                }
            } catch {
                failure = error
                log.log(.warning, "scores wait for the database", metadata: ["error": "\(error)"])
            }
            loops.turned(.scores, failed: failure)
            try? await Task.sleep(for: .seconds(Self.writeInterval))
        }
    }

    /// Removes what is too old, unless somebody has moved the clock by hours since the start: by such a clock young hours
    /// look old.
    ///
    /// - Throws: `PostgresError`.
    func prune() async throws {
        guard abs(clocks.shift()) < Int64(SweepClock.slack * 1_000_000) else { return }
        try await archive.prune(days: days)
    }

    /// Writes what waits, for an orderly stop; gives up when the database refuses.
    func flush() async {
        while (try? await write()) == true {}
    }

    /// Writes the oldest parts.
    ///
    /// - Returns: False when none are left.
    /// - Throws: What the database says, when it is away or takes not even one.
    private func write() async throws -> Bool {
        let limit = pace.withLock(\.limit)
        let items = waiting.withLock { Array($0.prefix(limit)) }
        guard !items.isEmpty else { return false }
        do {
            try await archive.add(items.flatMap(Self.scores), items.compactMap(Self.motion))
            pace.withLock { $0.passed() }
        } catch {
            // One of them may be to blame, or there are too many of them for the time that a statement has.
            if pace.withLock({ $0.failed(error, count: items.count) }) { return true }
            guard let error = error as? PostgresError, error.fault == .data else { throw error }
            // A value that no column takes, now or later: nobody waits behind it.
            dropped.add(items.count)
            log.log(.error, "scores dropped", metadata: ["camera": "\(items[0].camera)", "error": "\(error)"])
        }
        waiting.withLock { $0.removeFirst(items.count) }
        return true
    }

    private static func scores(_ item: Item) -> [ScoreRecord] {
        item.part.scores.compactMap { rule, hour in
            guard !hour.isEmpty, let basis = item.bases[rule] else { return nil }
            return ScoreRecord(
                camera: item.camera,
                rule: rule,
                hour: item.part.hour,
                basis: basis.version,
                threshold: basis.threshold,
                cells: hour.bytes
            )
        }
    }

    private static func motion(_ item: Item) -> MotionRecord? {
        guard !item.part.motion.fields.isEmpty else { return nil }
        return MotionRecord(
            camera: item.camera,
            hour: item.part.hour,
            pictures: item.part.looks,
            fields: item.part.motion.fields
        )
    }
}
