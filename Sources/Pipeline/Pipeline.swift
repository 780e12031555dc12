public import Flow
import Foundation
import Ingest
public import Logging
public import Postgres
public import ServiceLifecycle
public import Settings
import Spool
import Store

/// The live pipeline, put together: this file reads like the picture in docs/ARCHITECTURE.md.
///
///     registry ─▶ Ingest ─▶ Gate ─▶ Decode ─▶ Detection ─▶ Rules ─▶ Spool ─▶ Store ─▶ Cases
///      Fleet    StreamPool └────────── LiveWorkers ──────────┘  AlertRecorder  Delivery
///
/// Threads: `StreamPool` reads, `LiveWorkers` decode and judge, `AlertRecorder` makes durable, all on threads of their
/// own; `Fleet`, `Delivery` and `StateReporter` are tasks that wait for the database. Nothing on the left ever waits
/// for something on the right, except that a full disk holds alerts back.
public final class Pipeline: Service {
    /// Longest time that stopping may spend on bringing the last alerts into the database, seconds.
    private static let flushTime = 5.0

    /// What is wrong right now; also written by others who know more, such as the web server.
    public let health: HealthBoard

    private let streams: StreamPool
    private let workers: LiveWorkers
    private let recorder: AlertRecorder
    private let delivery: Delivery
    private let fleet: Fleet
    private let states: StateReporter
    private let logger: Logger

    /// Puts the pipeline together and starts its threads; nothing is read before `run`.
    ///
    /// - Parameters:
    ///   - settings: All settings of the daemon.
    ///   - database: Connections to the database; it may be away.
    ///   - meter: Where every stage counts.
    ///   - logger: For the operator.
    /// - Throws: `SpoolError` or a file error when the storage directory cannot be used.
    public init(settings: DaemonSettings, database: PostgresPool, meter: Meter, logger: Logger) throws {
        let health = HealthBoard()
        try settings.storage.makeFolders()
        let spool = try AlertSpool(
            directory: settings.storage.spoolDirectory,
            capacityBytes: settings.storage.spoolMaxMB << 20,
            meter: meter,
            notice: { logger.error("\($0)") }
        )
        let evidence = EvidenceStore(
            directory: settings.storage.evidenceDirectory,
            minimumFreeBytes: settings.storage.evidenceMinFreeMB << 20
        )
        let recorder = AlertRecorder(spool: spool, evidence: evidence, meter: meter, health: health, logger: logger)
        let states = StateReporter(desk: CameraStates(pool: database), meter: meter, logger: logger)
        let workers = LiveWorkers(
            threads: settings.workers.threads == 0
                ? ProcessInfo.processInfo.activeProcessorCount : settings.workers.threads,
            queueUnits: settings.workers.queueUnits,
            sampling: settings.ingest.decode == .everyFrame ? .everyFrame : .keyframes(every: 0),
            detection: settings.detection,
            evidence: EvidenceStyle(settings.alerts),
            recorder: recorder,
            states: states,
            meter: meter,
            logger: logger
        )
        let streams = StreamPool(settings: StreamPool.Settings(settings.ingest), sink: workers, meter: meter)
        self.health = health
        self.recorder = recorder
        self.states = states
        self.workers = workers
        self.streams = streams
        self.logger = logger
        self.delivery = Delivery(
            spool: spool,
            writer: AlertWriter(pool: database),
            settings: Delivery.Settings(settings.delivery),
            meter: meter,
            health: health,
            logger: logger
        )
        self.fleet = Fleet(
            reader: FleetReader(pool: database),
            streams: streams,
            workers: workers,
            states: states,
            meter: meter,
            health: health,
            logger: logger
        )
    }

    /// Watches the registry's cameras until the service group stops it, then drains from left to right.
    public func run() async {
        await cancelWhenGracefulShutdown { [self] in
            await withTaskGroup(of: Void.self) { group in
                group.addTask { await self.fleet.run() }
                group.addTask { await self.states.run() }
                group.addTask { await self.delivery.run() }
            }
        }
        await drain()
    }

    /// Core loops that give no sign of life: the watchdog is not fed while there are any.
    ///
    /// Call it every few seconds; each call asks the workers for a sign that the next call looks for.
    public func silentLoops() -> [String] {
        workers.silentWorkers() + (delivery.isSilent ? ["delivery"] : [])
    }

    private func drain() async {
        logger.info("stopping: streams close, open alerts end, the spool empties")
        await withCheckedContinuation { continuation in
            let thread = Thread { [streams, workers, recorder] in
                streams.stop()
                workers.drain()
                recorder.drain()
                continuation.resume()
            }
            thread.start()
        }
        let isEmpty = await delivery.flush(deadline: .now + .seconds(Self.flushTime))
        logger.info("stopped", metadata: ["spool": isEmpty ? "empty" : "keeps alerts for the next start"])
    }
}
