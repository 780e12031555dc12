import Flow
import Foundation
import Logging
import Spool
import Store

/// Carries alerts from the spool into the database, in batches, until they are there.
///
/// At least once: a batch leaves the spool after the database has committed it, and the writer folds repeats. While
/// the database is away the spool keeps everything; tries go on with a growing, jittered wait.
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

    /// Seconds between two looks for alerts to adopt.
    private static let adoptionInterval = 3.0

    private let spool: AlertSpool
    private let writer: AlertWriter
    private let authority: @Sendable () -> Authority
    private let settings: Settings
    private let health: HealthBoard
    private let logger: Logger
    private let flood: FloodGate
    private let delivered: Metric
    private let late: Metric
    private let heldBack: Metric
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
        self.delivered = meter.counter(
            "gridwatch_alerts_delivered_total",
            "Alert statements committed to the database."
        )
        self.heldBack = meter.counter(
            "gridwatch_cases_held_back_total",
            "Times that a case was kept from becoming a task, because its grid had enough of them that day."
        )
        self.late = meter.counter(
            "gridwatch_alerts_late_total",
            "Alerts stored as facts only, because their cameras belong to another worker now, which acts on them."
        )
    }

    /// Delivers until the task is cancelled.
    func run() async {
        var backoff = Backoff(base: settings.retryBase, cap: settings.retryCap)
        while !Task.isCancelled {
            beat.touch(now: clocks.monotonic())
            var wait = settings.interval
            do {
                let count = try await deliverBatch()
                backoff.succeeded()
                health.report("delivery", problem: nil)
                if count == settings.batch { wait = 0 }
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
        while ContinuousClock.now < deadline {
            guard let count = try? await deliverBatch() else { return false }
            if count == 0 { return true }
        }
        return false
    }

    /// Whether the loop has stood still for too long.
    var isSilent: Bool { beat.isSilent(now: clocks.monotonic()) }

    /// Delivers one batch and returns how many statements it held.
    private func deliverBatch() async throws -> Int {
        let batch = try await onDisk { try spool.next(limit: settings.batch) }
        if !batch.isEmpty {
            let report = try await writer.write(batch.map(\.record), authority: authority())
            note(report)
            try await onDisk { try spool.remove(batch.map(\.sequence)) }
            delivered.add(batch.count)
        }
        return batch.count
    }

    /// Does what follows from alerts that others have brought of cameras which are this worker's now.
    ///
    /// Runs until the task is cancelled. Such alerts come from a process that died and has delivered what was in its
    /// spool, or from one that did not know yet that it had lost its cameras.
    func adopt() async {
        while !Task.isCancelled {
            if let report = try? await writer.adopt(authority()) { note(report) }
            try? await Task.sleep(for: .seconds(Self.adoptionInterval))
        }
    }

    private func note(_ report: WriteReport) {
        late.add(report.late)
        heldBack.add(report.casesHeldBack)
        if report.quarantined > 0 {
            let reasons = report.quarantineReasons.sorted().joined(separator: "; ")
            flood.log(.warning, "alerts put aside", metadata: ["count": "\(report.quarantined)", "why": "\(reasons)"])
        }
        if report.casesWithoutPost > 0 {
            flood.log(
                .warning,
                "cases wait: no post answers for their grid",
                metadata: ["count": "\(report.casesWithoutPost)"]
            )
        }
        if report.alertsWithoutNumber > 0 {
            flood.log(
                .error,
                "alerts without a case: the day's numbers are used up",
                metadata: ["count": "\(report.alertsWithoutNumber)"]
            )
        }
    }

    private func onDisk<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            disk.async { continuation.resume(with: Result { try body() }) }
        }
    }
}
