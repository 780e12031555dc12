import Analysis
import Cases
import Detection
import Flow
import Foundation
import Gate
import Ingest
import Logging
import Logs
import Postgres
import Settings
import Spool
import Store

extension DaemonSettings.Storage {
    /// Makes the folders that are not there; nobody but the daemon's group reads them.
    func makeFolders(slot: Int) throws {
        for folder in [spoolDirectory(slot: slot), evidenceDirectory] {
            try FileManager.default.createDirectory(
                atPath: folder,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750]
            )
        }
    }
}

extension DaemonSettings {
    /// Threads of one ingest process that decode and judge.
    var workerThreads: Int {
        guard workers.threads == 0 else { return workers.threads }
        return max(1, ProcessInfo.processInfo.activeProcessorCount / ingest.processes)
    }
}

extension DaemonSettings.Ingest {
    /// How much is decoded of a camera that is to be looked at every so many seconds.
    func sampling(interval: Double) -> Sampling {
        switch decode {
        case .gated: .gated(floor: interval)
        case .keyframes: .keyframes(every: 0)
        case .everyFrame: .everyFrame
        }
    }

    /// Seconds between two samples of a camera of class I, II or III (1…3) that nothing else is said of.
    func interval(ofClass pointClass: Int) -> Double {
        switch pointClass {
        case 1: samplingClass1
        case 2: samplingClass2
        default: samplingClass3
        }
    }

    /// Bytes of pictures since the last keyframe that are kept of a camera of that class.
    func bufferBytes(ofClass pointClass: Int) -> Int {
        switch pointClass {
        case 1: gopKBClass1 << 10
        case 2: gopKBClass2 << 10
        default: gopKBClass3 << 10
        }
    }
}

extension FaultDetectorSettings {
    init(_ settings: DaemonSettings.Supervision) {
        self.init(beginsAfter: settings.faultAfter)
    }
}

extension OutageSettings {
    init(_ settings: DaemonSettings.Supervision) {
        self.init(share: settings.outageShare)
    }
}

extension RTSPFleet.Settings {
    init(_ settings: DaemonSettings) {
        self.init()
        readInterval = settings.ingest.readInterval
        pace = ConnectPacerSettings(
            connectsPerSecond: Double(settings.ingest.connectsPerSecond),
            hostConnectsPerSecond: Double(settings.ingest.connectsPerHost),
            hostHandshakes: settings.ingest.handshakesPerHost
        )
        life = CameraLifeSettings(
            connectWithin: 2 * settings.ingest.openTimeout,
            stalledAfter: settings.supervision.stall,
            frozenAfter: settings.supervision.freeze,
            backoff: Backoff(base: settings.ingest.reconnectBase, cap: settings.ingest.reconnectCap)
        )
        verifiesCertificates = settings.ingest.rtspsVerify
        localAddresses = settings.ingest.localAddresses
        responseTimeout = settings.ingest.openTimeout
    }
}

extension StreamPool.Settings {
    init(_ settings: DaemonSettings.Ingest) {
        self.init()
        threads = settings.ioThreads
        openTimeout = settings.openTimeout
        readTimeout = settings.readTimeout
        turn = settings.turn
        reconnectBase = settings.reconnectBase
        reconnectCap = settings.reconnectCap
        keyframesOnly = settings.decode != .everyFrame
        localAddresses = settings.localAddresses
    }
}

extension CityCalendar {
    init(_ settings: DaemonSettings.Calendar) throws(DetectionError) {
        self.init(
            holidays: try Self.days(settings.holidays),
            workdays: try Self.days(settings.workdays),
            latitude: settings.latitude,
            longitude: settings.longitude
        )
    }
}

extension EvidenceStyle {
    init(_ settings: DaemonSettings.Alerts) {
        self.init()
        maxWidth = settings.evidenceWidth
        quality = settings.evidenceQuality
    }
}

extension Delivery.Settings {
    init(_ settings: DaemonSettings.Delivery) {
        self.init()
        batch = settings.batch
        interval = settings.interval
        retryBase = settings.retryBase
        retryCap = settings.retryCap
    }
}

extension RTSPTransport {
    init(_ settings: DaemonSettings.Ingest.Transport) {
        self =
            switch settings {
            case .auto: .automatic
            case .tcp: .tcp
            case .udp: .udp
            }
    }
}

extension TransportPlan.Settings {
    init(_ settings: DaemonSettings.Ingest) {
        // A try may hold a thread for nothing: most of them stay with what is read.
        self.init(usual: RTSPTransport(settings.rtspTransport), tries: min(16, settings.ioThreads / 4))
    }
}

extension Streams {
    init(_ settings: DaemonSettings, sink: any StreamSink, meter: Meter, crumbs: Breadcrumbs?) {
        self.init(
            TransportPlan.Settings(settings.ingest),
            sink: sink,
            meter: meter,
            fleet: { RTSPFleet(settings: RTSPFleet.Settings(settings), sink: $0, meter: meter, crumbs: crumbs) },
            pool: { StreamPool(settings: StreamPool.Settings(settings.ingest), sink: $0, meter: meter, crumbs: crumbs) }
        )
    }
}

/// What every part of an ingest process stands on.
struct Ground: Sendable {
    let settings: DaemonSettings
    let place: ProcessPlace
    let database: PostgresPool
    let meter: Meter
    let health = HealthBoard()
    let standing = LeaseStanding()
    let loops: LoopMonitor
    let logger: Logger

    init(
        _ settings: DaemonSettings,
        _ place: ProcessPlace,
        _ database: PostgresPool,
        _ meter: Meter,
        _ logger: Logger
    ) {
        self.settings = settings
        self.place = place
        self.database = database
        self.meter = meter
        self.logger = logger
        self.loops = LoopMonitor(meter: meter, health: health, standing: standing)
    }
}

extension StateReporter {
    convenience init(_ ground: Ground, outages: OutageMonitor) {
        self.init(
            table: CameraStates(pool: ground.database),
            worker: ground.place.name,
            outages: outages,
            loops: ground.loops,
            meter: ground.meter,
            logger: ground.logger
        )
    }
}

extension OutageMonitor {
    convenience init(_ ground: Ground, recorder: AlertRecorder) {
        let settings = ground.settings.supervision
        self.init(
            faults: FaultDetectorSettings(settings),
            outages: OutageSettings(settings),
            recorder: recorder,
            incidents: IncidentOutbox(
                incidents: Incidents(pool: ground.database),
                worker: ground.place.name,
                health: ground.health,
                logger: ground.logger
            ),
            loops: ground.loops,
            meter: ground.meter,
            standing: ground.standing
        )
    }
}

extension LeaseHolder {
    convenience init(_ ground: Ground) throws {
        let place = ground.place
        let instance = try Installation.identity(directory: ground.settings.storage.directory)
        self.init(
            leases: ShardLeases(pool: ground.database),
            worker: WorkerIdentity(id: place.name),
            host: ProcessInfo.processInfo.hostName,
            capacity: ground.settings.ingest.maxCameras,
            version: place.version,
            instance: place.isSupervised ? instance : "",
            stats: { [meter = ground.meter] in ProcessStats(meter).json },
            standing: ground.standing,
            loops: ground.loops,
            meter: ground.meter,
            health: ground.health,
            logger: ground.logger
        )
    }
}

extension Delivery {
    init(_ ground: Ground, spool: AlertSpool, lease: LeaseHolder) {
        self.init(
            spool: spool,
            writer: AlertWriter(ground.settings.cases, database: ground.database),
            authority: { lease.authority },
            settings: Settings(ground.settings.delivery),
            meter: ground.meter,
            health: ground.health,
            logger: ground.logger
        )
    }
}

extension Adoption {
    init(_ ground: Ground, spool: AlertSpool, lease: LeaseHolder) {
        self.init(
            spool: spool,
            writer: AlertWriter(ground.settings.cases, database: ground.database),
            authority: { lease.authority },
            loops: ground.loops,
            meter: ground.meter,
            logger: ground.logger
        )
    }
}

extension RegistryCopyFile {
    convenience init(_ ground: Ground) {
        self.init(
            path: ProcessPlace.fleetCopy(ground.settings.storage, slot: ground.place.slot),
            meter: ground.meter,
            health: ground.health,
            logger: ground.logger
        )
    }
}

extension AlertWriter {
    init(_ settings: DaemonSettings.Cases, database: PostgresPool) {
        self.init(
            pool: database,
            budget: TaskBudget(tasksPerDay: settings.tasksPerGrid),
            triage: TriageLimits(minutes: settings.triageMinutes)
        )
    }
}

extension AlertSpool {
    convenience init(
        _ settings: DaemonSettings.Storage,
        slot: Int,
        meter: Meter,
        notice: @escaping @Sendable (String) -> Void
    ) throws(SpoolError) {
        try self.init(
            directory: settings.spoolDirectory(slot: slot),
            capacityBytes: settings.spoolMaxMB << 20,
            meter: meter,
            notice: notice
        )
    }
}

extension EvidenceStore {
    init(_ settings: DaemonSettings.Storage) {
        self.init(directory: settings.evidenceDirectory, minimumFreeBytes: settings.evidenceMinFreeMB << 20)
    }
}

extension ScoreReporter {
    convenience init(_ ground: Ground, clocks: Clocks = .system) {
        self.init(
            archive: ScoreArchive(pool: ground.database),
            days: ground.settings.storage.scoreDays,
            loops: ground.loops,
            meter: ground.meter,
            logger: ground.logger,
            clocks: clocks
        )
    }
}

extension AlertClips {
    convenience init(_ settings: DaemonSettings.Storage, meter: Meter, logger: Logger) {
        self.init(
            directory: settings.alertClipsDirectory,
            limit: settings.alertClipsMaxMB << 20,
            meter: meter,
            logger: logger
        )
    }
}

extension LiveCameraFactory {
    init(_ settings: DaemonSettings, recorder: AlertRecorder, clips: AlertClips) throws(DetectionError) {
        self.init(
            detection: settings.detection,
            calendar: try CityCalendar(settings.calendar),
            evidence: EvidenceStyle(settings.alerts),
            slots: clips.slots,
            named: { recorder.named($0) }
        )
    }
}

extension DecodeWorkers {
    convenience init(
        _ settings: DaemonSettings,
        factory: LiveCameraFactory,
        recorder: AlertRecorder,
        scores: ScoreReporter,
        clips: AlertClips,
        states: StateReporter,
        meter: Meter,
        crumbs: Breadcrumbs?,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        let threads = settings.workerThreads
        let metrics = DecodeMetrics(meter: meter, workers: threads)
        self.init(
            threads: threads,
            queueUnits: settings.workers.queueUnits,
            factory: factory,
            states: states,
            sink: OutputRouter(recorder: recorder, scores: scores, clips: clips, states: states, metrics: metrics),
            meter: meter,
            crumbs: crumbs,
            log: FloodGate(logger),
            clocks: clocks
        )
    }
}
