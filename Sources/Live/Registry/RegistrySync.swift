import Detection
import Flow
import Foundation
import Ingest
import Logging
import Logs
import Settings
import Store

/// Keeps the pipeline's cameras equal to the registry, as far as they are in the shards that this worker owns.
///
/// Reads the registry when it says that it changed and when shards come or go, and every minute in case a word was
/// missed or a schedule of sampling begins. Only what changed is touched.
struct RegistrySync: Sendable {
    /// Seconds between two looks at the registry when it says nothing.
    private static let interval = 60.0
    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0
    /// Seconds for which a start waits for the database before it goes on with what was known.
    private static let patience = 6.0

    /// What a camera of the registry means for the stages.
    private struct Watched: Equatable {
        var source: StreamSource
        var rulesRevision: UInt64
        var profile: AssignedProfile?
        var sampling: SamplingPlan

        /// Whether detection goes on as it is.
        func judges(as other: Watched) -> Bool {
            rulesRevision == other.rulesRevision && profile == other.profile
        }
    }

    private let reader: AssignmentReader
    private let streams: Streams
    private let workers: DecodeWorkers
    private let states: StateReporter
    private let outages: OutageMonitor
    private let ingest: DaemonSettings.Ingest
    private let loops: LoopMonitor
    private let health: HealthBoard
    private let logger: Logger
    private let flood: FloodGate
    private let clocks: Clocks
    private let watched: Metric
    private let age: Metric
    private let copy: RegistryCopyFile
    private let crashes: CrashMemory

    /// Makes the fleet; `run` starts it.
    init(
        reader: AssignmentReader,
        streams: Streams,
        workers: DecodeWorkers,
        states: StateReporter,
        outages: OutageMonitor,
        ingest: DaemonSettings.Ingest,
        copy: RegistryCopyFile,
        crashes: CrashMemory,
        loops: LoopMonitor,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.reader = reader
        self.streams = streams
        self.workers = workers
        self.states = states
        self.outages = outages
        self.ingest = ingest
        self.copy = copy
        self.crashes = crashes
        self.loops = loops
        self.health = health
        self.logger = logger
        self.flood = FloodGate(logger, clocks: clocks)
        self.clocks = clocks
        self.watched = meter.gauge("gridwatch_cameras", "Cameras that the registry wants watched.")
        self.age = meter.gauge(
            "gridwatch_registry_age_seconds",
            "Seconds since the registry was last read, also by an earlier process; 0 while it can be read."
        )
    }

    /// Follows the registry until the task is cancelled; without the database everything keeps running as it is.
    ///
    /// A process that starts while the database is away begins with the copy that an earlier one left, see
    /// docs/adr/0027-start-from-what-was-known.md.
    ///
    /// - Parameters:
    ///   - lease: Says which shards are this worker's, and among how many workers.
    ///   - signal: Woken when there is reason to look.
    func run(_ lease: LeaseHolder, signal: WakeSignal) async {
        health.report("registry", problem: "the camera registry has not been read yet")
        var progress = Progress(startedAt: clocks.monotonic())
        while !Task.isCancelled {
            let wait = await turn(lease, &progress)
            loops.turned(.registry)
            await signal.wait(atMost: wait)
        }
    }

    /// What is known so far.
    private struct Progress {
        var startedAt: Double
        var known: [String: Watched] = [:]
        /// A hash of what was kept for a start without the database.
        var kept: Int?
        /// When the registry was last read, monotonic seconds; before the start for a copy.
        var readAt: Double?
        /// When the cameras were last gone through, monotonic seconds.
        var appliedAt = -Double.infinity
        var hasLookedForCopy = false
    }

    /// One look at the registry.
    ///
    /// - Returns: Seconds until the next one at the latest.
    private func turn(_ lease: LeaseHolder, _ progress: inout Progress) async -> Double {
        let holding = lease.holding
        guard holding.isConfirmed else {
            // Nothing is this process's own yet: what the registry says is of no use before the lease is there.
            if lease.problem != nil || clocks.monotonic() - progress.startedAt > Self.patience {
                startFromCopy(lease, &progress)
                followSchedules(holding, of: lease.name, &progress)
                report(lease.problem ?? "the database does not answer", progress)
            }
            return min(Self.retryInterval, Self.patience)
        }
        do {
            let cameras = try await reader.read(shards: Set(holding.epochs.keys))
            progress.known = apply(cameras, known: progress.known, holding)
            progress.readAt = clocks.monotonic()
            progress.appliedAt = clocks.monotonic()
            keep(cameras, holding, of: lease.name, &progress)
            age.set(0)
            health.report("registry", problem: nil)
            return Self.interval
        } catch {
            flood.log(.warning, "registry cannot be read", metadata: ["error": "\(error)"])
            followSchedules(holding, of: lease.name, &progress)
            report("\(error)", progress)
            return Self.retryInterval
        }
    }

    /// Begins with what an earlier process of this name knew; once.
    private func startFromCopy(_ lease: LeaseHolder, _ progress: inout Progress) {
        guard !progress.hasLookedForCopy else { return }
        progress.hasLookedForCopy = true
        guard let (copy, age) = copy.load(worker: lease.name) else { return }
        let holding = lease.assume(copy)
        guard !holding.isConfirmed else { return }
        progress.readAt = clocks.monotonic() - age
        progress.appliedAt = clocks.monotonic()
        progress.kept = copy.hashValue
        progress.known = apply(spared(copy.cameras), known: progress.known, holding)
        logger.warning(
            "the database is away: watching what was known",
            metadata: ["cameras": "\(copy.cameras.count)", "age_s": "\(Int(age))"]
        )
    }

    /// Goes through the cameras again while the database is away: intervals change at an hour, and a quarantine ends.
    ///
    /// By the copy, so that nothing is held in memory for it, and only when it says what is watched.
    private func followSchedules(_ holding: LeaseHolder.Holding, of worker: String, _ progress: inout Progress) {
        guard !progress.known.isEmpty, clocks.monotonic() - progress.appliedAt >= Self.interval else { return }
        progress.appliedAt = clocks.monotonic()
        guard let (copy, _) = copy.load(worker: worker), copy.hashValue == progress.kept else { return }
        progress.known = apply(spared(copy.cameras), known: progress.known, holding)
    }

    /// Cameras as they were known, but for those on which this process crashed lately: their quarantine is not in the copy.
    private func spared(_ cameras: [CameraAssignment]) -> [CameraAssignment] {
        let spared = crashes.spared(at: clocks.wall())
        return cameras.map { camera in
            guard let end = spared[camera.id] else { return camera }
            flood.log(.error, "crashed on its stream: left alone", metadata: ["camera": "\(camera.id)"])
            var camera = camera
            camera.quarantinedUntil = max(end, camera.quarantinedUntil ?? end)
            return camera
        }
    }

    /// Says that the registry cannot be read, and by what is watched meanwhile.
    private func report(_ problem: String, _ progress: Progress) {
        guard let readAt = progress.readAt else {
            return health.report("registry", problem: "the camera registry cannot be read: \(problem)")
        }
        let seconds = Int(max(0, clocks.monotonic() - readAt))
        age.set(seconds)
        health.report(
            "registry",
            problem:
                "the camera registry cannot be read: \(problem); \(progress.known.count) cameras are watched by what "
                + "was known \(seconds) s ago"
        )
    }

    /// Keeps what was read for a start without the database.
    private func keep(
        _ cameras: [CameraAssignment],
        _ holding: LeaseHolder.Holding,
        of worker: String,
        _ progress: inout Progress
    ) {
        let next = RegistryCopy(
            worker: worker,
            shards: Array(holding.epochs.keys),
            workers: holding.workers,
            rank: holding.rank,
            cameras: cameras
        )
        guard next.hashValue != progress.kept else { return copy.confirm() }
        progress.kept = next.hashValue
        copy.keep(next)
    }

    private func apply(
        _ cameras: [CameraAssignment],
        known: [String: Watched],
        _ holding: LeaseHolder.Holding
    ) -> [String: Watched] {
        var wanted: [String: Watched] = [:]
        var changes: [(camera: String, plan: AnalysisPlan?)] = []
        var resampled: [(camera: String, sampling: SamplingPlan)] = []
        for camera in cameras {
            let now = watched(camera, holding)
            wanted[camera.id] = now
            if let before = known[camera.id], before.judges(as: now) {
                if before.sampling != now.sampling { resampled.append((camera.id, now.sampling)) }
            } else {
                changes.append((camera.id, plan(camera, now.sampling)))
            }
        }
        for camera in known.keys where wanted[camera] == nil { changes.append((camera, nil)) }
        workers.follow(changes)
        workers.follow(resampled)
        if wanted != known {
            logger.info("watching", metadata: ["cameras": "\(cameras.count)"])
            states.watch(
                Dictionary(cameras.map { ($0.id, expectation(of: $0, wanted[$0.id])) }) { first, _ in first }
            )
            outages.replace(with: Dictionary(cameras.map { ($0.id, $0.host) }) { first, _ in first })
            streams.replace(with: cameras.compactMap { wanted[$0.id]?.source })
        }
        watched.set(cameras.count)
        return wanted
    }

    private func watched(_ camera: CameraAssignment, _ holding: LeaseHolder.Holding) -> Watched {
        let interval = interval(of: camera)
        let bufferBytes = ingest.bufferBytes(ofClass: camera.pointClass)
        var source = StreamSource(camera: camera.id, url: camera.url, pointClass: camera.pointClass)
        source.keepsPictures = ingest.decode == .everyFrame || bufferBytes > 0
        source.interval = interval
        source.patrolSessions = camera.patrolSessions.map { total in
            // Every worker gets its part of what the platform gives; the first ones get what is left over.
            total / holding.workers + (holding.rank < total % holding.workers ? 1 : 0)
        }
        source.quarantinedUntil = camera.quarantinedUntil
        source.transport = camera.transport.flatMap(RTSPTransport.init)
        return Watched(
            source: source,
            rulesRevision: camera.rulesRevision,
            profile: camera.profile,
            sampling: SamplingPlan(
                sampling: ingest.sampling(interval: interval),
                pointClass: camera.pointClass,
                bufferBytes: bufferBytes
            )
        )
    }

    /// How often detection should look at a camera; nil when nobody has to: no rules, or a recording, which ends.
    private func expectation(of camera: CameraAssignment, _ watched: Watched?) -> Sight.Expectation? {
        guard let watched, !camera.rules.isEmpty, camera.url.contains("://") else { return nil }
        return Sight.Expectation(interval: watched.source.interval, isPatrol: camera.patrolSessions != nil)
    }

    /// Seconds between two samples of a camera now: its own word, else that of its tags, else that of its class.
    private func interval(of camera: CameraAssignment) -> Double {
        let now = clocks.wall()
        for override in camera.samplingOverrides {
            guard let text = override.schedule else { return Double(override.interval) }
            let schedule = try? JSONDecoder().decode(Schedule.self, from: Data(text.utf8))
            if schedule?.contains(now) == true { return Double(override.interval) }
        }
        return ingest.interval(ofClass: camera.pointClass)
    }

    private func plan(_ camera: CameraAssignment, _ sampling: SamplingPlan) -> AnalysisPlan {
        AnalysisPlan(rules: rules(of: camera), profile: profile(of: camera), sampling: sampling)
    }

    /// Its thresholds; a profile that this version cannot use is said, and the camera is judged as the settings say.
    private func profile(of camera: CameraAssignment) -> [String: Double] {
        guard let profile = camera.profile else { return [:] }
        do throws(DetectionError) {
            _ = try DetectionSettings().with(profile.settings)
            return profile.settings
        } catch {
            flood.log(
                .error,
                "profile refused",
                metadata: ["camera": "\(camera.id)", "profile": "\(profile.id)", "error": "\(error)"]
            )
            return [:]
        }
    }

    /// The rules that this version can run; a bad rule is said and left out, the camera's others still hold.
    private func rules(of camera: CameraAssignment) -> [Rule] {
        let readable = camera.rules.compactMap { assigned in
            usable(assigned.id, of: camera) {
                var rule = try JSONDecoder().decode(Rule.self, from: Data(assigned.definition.utf8))
                rule.id = assigned.id
                rule.hazardType = assigned.hazardType
                return rule
            }
        }
        // Only rules without such a condition can be asked about: leaving one out breaks no other.
        return readable.compactMap { rule in
            usable(rule.id, of: camera) {
                try rule.validate(among: readable)
                return rule
            }
        }
    }

    private func usable(_ id: String, of camera: CameraAssignment, _ rule: () throws -> Rule) -> Rule? {
        do {
            return try rule()
        } catch {
            flood.log(
                .error,
                "rule refused",
                metadata: ["camera": "\(camera.id)", "rule": "\(id)", "error": "\(error)"]
            )
            return nil
        }
    }
}
