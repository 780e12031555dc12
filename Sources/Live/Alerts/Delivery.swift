import Flow
import Foundation
import Logging
import Logs
import Postgres
import Spool
import Store

/// Carries alerts from the spool into the database, in batches, until they are there.
///
/// At least once: a batch leaves the spool after the database has committed it, and the writer folds repeats. While
/// the database is away the spool keeps everything; tries go on with a growing, jittered wait. A batch that the database
/// refuses or needs too long for is tried again in parts (`DeliveryPace`): no statement holds up the others for good, and
/// none is given up for what lies not in it. See docs/adr/0040-no-row-is-given-up-for-the-moment.md.
struct Delivery: Sendable {
    /// Tunables.
    struct Settings: Sendable, Hashable {
        /// Statements in one transaction at most.
        var batch = 500
        /// Wait when the spool is empty, seconds.
        var interval = 0.2
        /// First wait after a failure, seconds.
        var retryBase = 0.5
        /// Longest wait after a failure, seconds.
        var retryCap = 30.0

        /// The defaults.
        init() {}
    }

    private let spool: AlertSpool
    private let writer: AlertWriter
    private let authority: @Sendable () -> Authority
    private let settings: Settings
    private let health: HealthBoard
    private let logger: Logger
    private let flood: FloodGate
    private let notes: DeliveryNotes
    private let delivered: Metric
    private let slow: Metric
    private let aside: Metric
    private let clocks: Clocks
    private let beat: Heartbeat
    private let disk = DispatchQueue(label: "gridwatch.delivery.spool")

    /// Makes a delivery; `run` starts it.
    init(
        spool: AlertSpool,
        writer: AlertWriter,
        authority: @escaping @Sendable () -> Authority,
        settings: Settings,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.clocks = clocks
        self.beat = Heartbeat(name: "delivery", limit: settings.retryCap + 60, now: clocks.monotonic())
        self.spool = spool
        self.writer = writer
        self.authority = authority
        self.settings = settings
        self.health = health
        self.logger = logger
        self.flood = FloodGate(logger, clocks: clocks)
        self.notes = DeliveryNotes(meter: meter, logger: logger, clocks: clocks)
        self.delivered = meter.counter(
            "gridwatch_alerts_delivered_total",
            "Alert statements committed to the database."
        )
        self.slow = meter.counter(
            "gridwatch_delivery_timeouts_total",
            "Batches that the database refused or needed too long for; each is tried again in parts."
        )
        self.aside = meter.gauge(
            "gridwatch_alerts_aside",
            "Alert statements that wait in the spool because the database takes each of them not even alone."
        )
    }

    /// Delivers until the task is cancelled.
    func run() async {
        var backoff = Backoff(base: settings.retryBase, cap: settings.retryCap)
        var pace = DeliveryPace(batch: settings.batch)
        while !Task.isCancelled {
            beat.touch(now: clocks.monotonic())
            var wait = settings.interval
            do {
                let limit = pace.limit
                let count = try await deliverBatch(&pace)
                backoff.succeeded()
                health.report("delivery", problem: problem(pace))
                if count == limit { wait = 0 }
            } catch is CancellationError {
                return
            } catch {
                wait = backoff.failed(random: Double.random(in: 0..<1))
                health.report("delivery", problem: "alerts wait in the spool: \(error)")
                logger.warning(
                    "alerts wait in the spool",
                    metadata: ["error": "\(error)", "again_in_s": "\(Int(wait.rounded(.up)))"]
                )
            }
            if wait > 0 { try? await Task.sleep(for: .seconds(wait)) }
        }
    }

    /// Delivers until the spool is empty or `deadline` passes, for an orderly stop.
    ///
    /// - Returns: True when the spool is empty.
    func flush(deadline: ContinuousClock.Instant) async -> Bool {
        var pace = DeliveryPace(batch: settings.batch)
        while ContinuousClock.now < deadline {
            guard let count = try? await deliverBatch(&pace) else { return false }
            if count == 0 { return spool.count == 0 }
        }
        return false
    }

    /// Whether the loop has stood still for too long.
    var isSilent: Bool { beat.isSilent(now: clocks.monotonic()) }

    /// Delivers one batch, or finds out how much less the database can take.
    ///
    /// - Returns: How many statements are done with or are to be tried again at once; 0 when there is nothing to do.
    /// - Throws: `PostgresError` when the database is away or slow: wait.
    private func deliverBatch(_ pace: inout DeliveryPace) async throws -> Int {
        let batch = try await nextBatch(&pace)
        guard !batch.isEmpty else { return 0 }
        defer { aside.set(pace.aside.count) }
        let sequences = batch.map(\.sequence)
        let report: WriteReport
        do {
            report = try await writer.write(batch.map(\.record), authority: authority())
        } catch  where Self.mayPassInParts(error) {
            slow.add()
            switch pace.refused(sequences, now: clocks.monotonic()) {
            case .smaller: break
            case .aside: tellAside(batch[0], error)
            case .slow: throw error
            }
            return batch.count
        }
        notes.take(report)
        try await onDisk { try spool.remove(sequences) }
        delivered.add(batch.count)
        pace.wrote(sequences)
        return batch.count
    }

    /// Whether an error may come from some of the rows, or from how many they are.
    private static func mayPassInParts(_ error: any Error) -> Bool {
        if let error = error as? PostgresError { return error.fault != .server }
        return !(error is CancellationError)
    }

    /// The row aside that is due, alone; else the first rows that are not aside.
    private func nextBatch(_ pace: inout DeliveryPace) async throws -> [SpooledAlert] {
        if let due = pace.takeDue(now: clocks.monotonic()) {
            let row = try await onDisk { try spool.next(limit: 1, after: due - 1).first }
            if let row, row.sequence == due { return [row] }
            pace.isGone(due)
        }
        let (aside, limit) = (pace.aside, pace.limit)
        return try await onDisk {
            let rows = try spool.next(limit: limit + aside.count)
            return Array(rows.lazy.filter { !aside.contains($0.sequence) }.prefix(limit))
        }
    }

    private func problem(_ pace: DeliveryPace) -> String? {
        guard !pace.aside.isEmpty else { return nil }
        return
            "\(pace.aside.count) alerts wait in the spool, because the database does not take them or needs too long "
            + "for each of them: see what locks or slows down their cases (pg_stat_activity, the log); the others are "
            + "delivered, and these are tried again"
    }

    private func tellAside(_ alert: SpooledAlert, _ error: any Error) {
        flood.log(
            .error,
            "an alert waits: the database does not take it",
            metadata: [
                "alert": "\(alert.record.id)", "camera": "\(alert.record.camera)", "row": "\(alert.sequence)",
                "error": "\(error)",
            ]
        )
    }

    private func onDisk<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            disk.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
