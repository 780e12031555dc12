import Cases
import Detection
public import Flow
import Foundation
import Ingest
public import Logging
public import Postgres
public import ServiceLifecycle
public import Settings
import Spool
import Store
import Synchronization

/// The live pipeline of one ingest process, put together: this file reads like the picture in docs/ARCHITECTURE.md.
///
///     registry ─▶ Ingest ─▶ Gate ─▶ Decode ─▶ Detection ─▶ Rules ─▶ Spool ─▶ Store ─▶ Cases
///  RegistrySync  Streams  └───────── DecodeWorkers ─────────┘  AlertRecorder  Delivery
///
/// Threads: `Streams` reads (an event loop for RTSP, a pool for the rest), `DecodeWorkers` decode and judge,
/// `AlertRecorder` makes durable, all on threads of their own; `LeaseHolder`, `RegistrySync`, `Delivery`, `StateReporter`,
/// `ScoreReporter` and `OutageMonitor` are tasks that wait for the database. Nothing on the left ever waits for something
/// on the right, except that a full disk holds alerts back.
public final class Pipeline: Service {
    /// Longest time that stopping may spend on bringing the last alerts into the database, seconds.
    private static let flushTime = 5.0

    /// What is wrong right now; also written by others who know more, such as the web server.
    public let health: HealthBoard

    private let streams: Streams
    private let workers: DecodeWorkers
    private let recorder: AlertRecorder
    private let delivery: Delivery
    private let adoption: Adoption
    private let loops: LoopMonitor
    private let lease: LeaseHolder
    private let registry: RegistrySync
    private let copy: RegistryCopyFile
    private let states: StateReporter
    private let scores: ScoreReporter
    private let clips: AlertClips
    private let outages: OutageMonitor
    private let changes: RegistryChanges
    private let hangs: HangMonitor?
    private let registryChanged = WakeSignal()
    private let takeLeftSpools: @Sendable (_ isOver: @escaping @Sendable () -> Bool) -> Void
    private let isStopping = Atomic<Bool>(false)
    private let logger: Logger

    /// Puts the pipeline together and starts its threads; nothing is read before `run`.
    ///
    /// - Parameters:
    ///   - settings: All settings of the daemon.
    ///   - place: Which ingest process of which machine this is.
    ///   - database: Connections to the database; it may be away.
    ///   - meter: Where every stage counts.
    ///   - logger: For the operator.
    /// - Throws: `SpoolError` or a file error when the storage directory cannot be used.
    public init(
        settings: DaemonSettings,
        place: ProcessPlace,
        database: PostgresPool,
        meter: Meter,
        logger: Logger
    ) throws {
        let ground = Ground(settings, place, database, meter, logger)
        let (health, loops) = (ground.health, ground.loops)
        self.loops = loops
        try settings.storage.makeFolders(slot: place.slot)
        // The spool first: its lock keeps a second daemon away from the files of this one.
        let spool = try AlertSpool(settings.storage, slot: place.slot, meter: meter) { logger.error("\($0)") }
        var crashes = CrashMemory(path: ProcessPlace.crashes(settings.storage, slot: place.slot))
        let crumbs = Self.crumbs(settings, place, &crashes, logger)
        hangs = crumbs.map { HangMonitor(crumbs: $0, logger: logger) }
        takeLeftSpools = { isOver in
            guard place.slot == 0 else { return }
            let processes = settings.ingest.processes
            LeftSpools.take(into: spool, settings.storage, processes: processes, logger: logger, until: isOver)
        }
        let evidence = EvidenceStore(settings.storage)
        recorder = AlertRecorder(spool: spool, evidence: evidence, meter: meter, health: health, logger: logger)
        outages = OutageMonitor(ground, recorder: recorder)
        states = StateReporter(ground, outages: outages)
        scores = ScoreReporter(ground)
        clips = AlertClips(settings.storage, meter: meter, logger: logger)
        workers = DecodeWorkers(
            settings,
            factory: try LiveCameraFactory(settings, recorder: recorder, clips: clips),
            recorder: recorder,
            scores: scores,
            clips: clips,
            states: states,
            meter: meter,
            crumbs: crumbs,
            logger: logger
        )
        streams = Streams(settings, sink: workers, meter: meter, crumbs: crumbs)
        lease = try LeaseHolder(ground)
        adoption = Adoption(ground, spool: spool, lease: lease)
        delivery = Delivery(ground, spool: spool, lease: lease)
        copy = RegistryCopyFile(ground)
        registry = RegistrySync(
            reader: AssignmentReader(pool: database),
            streams: streams,
            workers: workers,
            states: states,
            outages: outages,
            ingest: settings.ingest,
            copy: copy,
            crashes: crashes,
            loops: loops,
            meter: meter,
            health: health,
            logger: logger
        )
        changes = RegistryChanges(pool: database, logger: logger)
        self.health = health
        self.logger = logger
    }

    /// Watches the registry's cameras, as many as are this process's, until the service group stops it; then drains from
    /// left to right.
    public func run() async {
        takeLeftSpools { [self] in isStopping.load(ordering: .relaxed) }
        await cancelWhenGracefulShutdown { [self] in await watchAll() }
        await drain()
    }

    private func watchAll() async {
        // A loop that hangs in its first round has begun, too.
        for name in LoopMonitor.Name.allCases { loops.turned(name) }
        await withTaskGroup(of: Void.self) { group in
            // Before all else in the process: a lease that is renewed too late gives its cameras away.
            group.addTask(priority: .high) { [self] in
                // The lease outlives the rest: who still watches must not look dead to the others.
                await lease.run { [self] _ in registryChanged.wake() }
            }
            group.addTask { [self] in await registry.run(lease, signal: registryChanged) }
            group.addTask { [self] in await states.run(ask: workers.askWhyUnseen) }
            group.addTask { [self] in await scores.run() }
            group.addTask { [self] in await outages.run() }
            group.addTask { [self] in await delivery.run() }
            group.addTask { [self] in await adoption.run() }
            group.addTask { [self] in
                for await change in changes {
                    if change.contains(.registry) { registryChanged.wake() }
                    if change.contains(.shards) { lease.signal.wake() }
                }
            }
            await group.waitForAll()
        }
    }

    /// Core loops that give no sign of life: the watchdog is not fed while there are any.
    ///
    /// Call it every few seconds; each call asks the workers for a sign that the next call looks for.
    public func silentLoops() -> [String] {
        workers.silentWorkers() + streams.silentLoops() + (delivery.isSilent ? ["delivery"] : []) + loops.dead
    }

    /// Ends the process when a thread hangs; call it once a second, before `silentLoops`.
    public func lookForHangs() {
        hangs?.look(workers)
    }

    /// Tells `health` when pictures, alerts or loops stand still; call it once a second.
    public func lookForStandstill() {
        workers.lookForStandstill(health)
        recorder.lookForStandstill()
        loops.look()
    }

    private func drain() async {
        logger.info("stopping: streams close, open alerts end, the spool empties")
        isStopping.store(true, ordering: .relaxed)
        loops.stop()
        await withCheckedContinuation { continuation in
            let thread = Thread { [streams, workers, recorder, clips] in
                streams.stop()
                workers.drain()
                clips.drain()
                recorder.drain()
                continuation.resume()
            }
            thread.start()
        }
        await scores.flush()
        let isEmpty = await delivery.flush(deadline: .now + .seconds(Self.flushTime))
        if await lease.resign() { copy.forget() } else { copy.flush() }
        logger.info("stopped", metadata: ["spool": isEmpty ? "empty" : "keeps alerts for the next start"])
    }

    /// The file in which threads note what they work on, for the parent process; nil when it cannot be made.
    ///
    /// A full disk must not keep cameras unwatched: without the file nobody knows on whose stream the process crashed.
    static func crumbs(
        _ settings: DaemonSettings,
        _ place: ProcessPlace,
        _ crashes: inout CrashMemory,
        _ logger: Logger
    ) -> Breadcrumbs? {
        guard place.isSupervised else { return nil }
        let path = ProcessPlace.breadcrumbs(settings.storage, slot: place.slot)
        crashes.note(try? BreadcrumbReport(path: path), at: Clocks.system.wall())
        do {
            let crumbs = try Breadcrumbs(path: path, threads: settings.workerThreads + settings.ingest.ioThreads + 1)
            try crumbs.catchSignals()
            return crumbs
        } catch {
            logger.error("a crash will not name its camera", metadata: ["why": "\(error)"])
            return nil
        }
    }
}
