import Flow
import Logging
import Logs
import Postgres
import Spool
import Store

/// Looks after alerts of cameras that are this worker's now and that others have brought, or left running.
///
/// Such alerts come from a process that died and has delivered what was in its spool, or from one that did not know yet
/// that it had lost its cameras. An alert that the database refuses is passed over for some minutes, so that it does not
/// hold up the others; what takes too long is done in parts. Cases that no post could take are given out here, too, once
/// somebody got an account.
struct Adoption: Sendable {
    /// Seconds between two looks for alerts to adopt.
    private static let interval = 3.0
    /// Looks for such alerts to one look for alerts that nobody ended.
    private static let endingEvery = 3
    /// Alerts at once at most.
    private static let batch = 500
    /// Seconds for which an alert that the database refuses is passed over.
    private static let passOver = 300.0
    /// Alerts that are passed over at most; when more would be, the database is at fault.
    private static let passedOverLimit = 100

    /// How it goes.
    struct Progress: Sendable {
        fileprivate(set) var adopting = BatchPace(most: Adoption.batch)
        fileprivate(set) var ending = BatchPace(most: Adoption.batch)
        /// Alerts that are passed over, and until when, monotonic seconds.
        fileprivate(set) var passedOver: [String: Double] = [:]
        fileprivate var round = 0
    }

    private let spool: AlertSpool
    private let writer: AlertWriter
    private let authority: @Sendable () -> Authority
    private let loops: LoopMonitor
    private let notes: DeliveryNotes
    private let logger: Logger
    private let flood: FloodGate
    private let unseen: Metric
    private let refused: Metric
    private let clocks: Clocks

    /// Makes it; `run` starts it.
    init(
        spool: AlertSpool,
        writer: AlertWriter,
        authority: @escaping @Sendable () -> Authority,
        loops: LoopMonitor,
        meter: Meter,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.spool = spool
        self.writer = writer
        self.authority = authority
        self.loops = loops
        self.notes = DeliveryNotes(meter: meter, logger: logger, clocks: clocks)
        self.logger = logger
        self.flood = FloodGate(logger, clocks: clocks)
        self.clocks = clocks
        self.unseen = meter.counter(
            "gridwatch_alerts_ended_unseen_total",
            "Alerts of processes that ended before them, ended by the process that took over."
        )
        self.refused = meter.gauge(
            "gridwatch_alerts_not_adopted",
            "Alerts of others that are passed over, because the database refuses what has to follow from them."
        )
    }

    /// Looks until the task is cancelled.
    func run() async {
        var progress = Progress()
        while !Task.isCancelled {
            do {
                try await turn(&progress)
                loops.turned(.adoption)
            } catch is CancellationError {
                return
            } catch {
                loops.turned(.adoption, failed: error)
                flood.log(.warning, "alerts of others wait", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(Self.interval))
        }
    }

    /// One look.
    ///
    /// - Throws: `PostgresError` when the database is away, or refuses everything.
    func turn(_ progress: inout Progress) async throws {
        progress.round += 1
        try await adopt(&progress)
        // The true ends may lie in the spool.
        if progress.round.isMultiple(of: Self.endingEvery), spool.count < Self.batch { try await end(&progress) }
        notes.take(try await writer.staff(authority()))
    }

    private func adopt(_ progress: inout Progress) async throws {
        let now = clocks.monotonic()
        progress.passedOver = progress.passedOver.filter { $0.value > now }
        refused.set(progress.passedOver.count)
        let skipped = Set(progress.passedOver.keys)
        let limit = progress.adopting.limit
        do {
            notes.take(try await writer.adopt(authority(), limit: limit, passingOver: skipped))
            progress.adopting.passed()
        } catch let error as PostgresError {
            if progress.adopting.failed(error, count: limit) { return try await adopt(&progress) }
            guard error.fault != .server, skipped.count < Self.passedOverLimit,
                let alert = try await writer.orphan(of: authority(), passingOver: skipped)
            else { throw error }
            progress.passedOver[alert] = now + Self.passOver
            flood.log(
                .error,
                "an alert of another process is passed over: the database refuses what follows from it",
                metadata: ["alert": "\(alert)", "error": "\(error)"]
            )
        }
    }

    private func end(_ progress: inout Progress) async throws {
        let limit = progress.ending.limit
        do {
            let count = try await writer.endUnseen(authority(), limit: limit)
            progress.ending.passed()
            guard count > 0 else { return }
            unseen.add(count)
            logger.info("alerts of earlier processes ended", metadata: ["count": "\(count)"])
        } catch {
            guard progress.ending.failed(error, count: limit) else { throw error }
            try await end(&progress)
        }
    }
}
