import Detection
import Flow
import Foundation
import Ingest
import Logging
import Settings
import Store

/// Keeps the pipeline's cameras equal to the registry, as far as they are in the shards that this worker owns.
///
/// Reads the registry when it says that it changed and when shards come or go, and every minute in case a word was
/// missed or a schedule of sampling begins. Only what changed is touched.
struct Fleet: Sendable {
    /// Seconds between two looks at the registry when it says nothing.
    private static let interval = 60.0
    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0

    /// What a camera of the registry means for the stages.
    private struct Watched: Equatable {
        var source: StreamSource
        var rulesRevision: UInt64
        var profile: AssignedProfile?
        var tuning: LiveWorkers.Tuning

        /// Whether detection goes on as it is.
        func judges(as other: Watched) -> Bool {
            rulesRevision == other.rulesRevision && profile == other.profile
        }
    }

    private let reader: FleetReader
    private let streams: Streams
    private let workers: LiveWorkers
    private let states: StateReporter
    private let watch: CameraWatch
    private let ingest: DaemonSettings.Ingest
    private let health: HealthBoard
    private let logger: Logger
    private let flood: FloodGate
    private let clocks: Clocks
    private let watched: Metric

    /// Makes the fleet; `run` starts it.
    init(
        reader: FleetReader,
        streams: Streams,
        workers: LiveWorkers,
        states: StateReporter,
        watch: CameraWatch,
        ingest: DaemonSettings.Ingest,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.reader = reader
        self.streams = streams
        self.workers = workers
        self.states = states
        self.watch = watch
        self.ingest = ingest
        self.health = health
        self.logger = logger
        self.flood = FloodGate(logger, clocks: clocks)
        self.clocks = clocks
        self.watched = meter.gauge("gridwatch_cameras", "Cameras that the registry wants watched.")
    }

    /// Follows the registry until the task is cancelled; without the database everything keeps running as it is.
    ///
    /// - Parameters:
    ///   - keeper: Says which shards are this worker's, and among how many workers.
    ///   - bell: Rung when there is reason to look.
    func run(_ keeper: ShardKeeper, bell: Bell) async {
        health.report("registry", problem: "the camera registry has not been read yet")
        var known: [String: Watched] = [:]
        while !Task.isCancelled {
            var wait = Self.interval
            do {
                let holding = keeper.holding
                let cameras = try await reader.read(shards: Set(holding.epochs.keys))
                known = apply(cameras, known: known, holding)
                health.report("registry", problem: nil)
            } catch {
                wait = Self.retryInterval
                health.report("registry", problem: "the camera registry cannot be read: \(error)")
                logger.warning("registry cannot be read", metadata: ["error": "\(error)"])
            }
            await bell.wait(atMost: wait)
        }
    }

    private func apply(
        _ cameras: [CameraAssignment],
        known: [String: Watched],
        _ holding: ShardKeeper.Holding
    ) -> [String: Watched] {
        var wanted: [String: Watched] = [:]
        var changes: [(camera: String, assignment: LiveWorkers.Assignment?)] = []
        var retuned: [(camera: String, tuning: LiveWorkers.Tuning)] = []
        for camera in cameras {
            let now = watched(camera, holding)
            wanted[camera.id] = now
            if let before = known[camera.id], before.judges(as: now) {
                if before.tuning != now.tuning { retuned.append((camera.id, now.tuning)) }
            } else {
                changes.append((camera.id, assignment(camera, now.tuning)))
            }
        }
        for camera in known.keys where wanted[camera] == nil { changes.append((camera, nil)) }
        workers.assign(changes)
        workers.retune(retuned)
        if wanted != known {
            logger.info("watching", metadata: ["cameras": "\(cameras.count)"])
            states.watch(Dictionary(cameras.map { ($0.id, expectation(of: $0)) }) { first, _ in first })
            watch.replace(with: Dictionary(cameras.map { ($0.id, $0.host) }) { first, _ in first })
            streams.replace(with: cameras.compactMap { wanted[$0.id]?.source })
        }
        watched.set(cameras.count)
        return wanted
    }

    private func watched(_ camera: CameraAssignment, _ holding: ShardKeeper.Holding) -> Watched {
        let interval = interval(of: camera)
        let bufferBytes = bufferBytes(camera.pointClass)
        var source = StreamSource(camera: camera.id, url: camera.url, pointClass: camera.pointClass)
        source.keepsPictures = ingest.decode == .everyFrame || bufferBytes > 0
        source.interval = interval
        source.patrolSessions = camera.patrolSessions.map { total in
            // Every worker gets its part of what the platform gives; the first ones get what is left over.
            total / holding.workers + (holding.rank < total % holding.workers ? 1 : 0)
        }
        source.quarantinedUntil = camera.quarantinedUntil
        return Watched(
            source: source,
            rulesRevision: camera.rulesRevision,
            profile: camera.profile,
            tuning: LiveWorkers.Tuning(
                sampling: sampling(interval: interval),
                pointClass: camera.pointClass,
                bufferBytes: bufferBytes
            )
        )
    }

    /// How often detection should look at a camera; nil when nobody has to: no rules, or a recording, which ends.
    private func expectation(of camera: CameraAssignment) -> Sight.Expectation? {
        guard !camera.rules.isEmpty, camera.url.contains("://") else { return nil }
        return Sight.Expectation(
            interval: interval(of: camera),
            isPatrol: camera.patrolSessions != nil,
            comesWhole: streams.comesWhole(camera.url)
        )
    }

    private func sampling(interval: Double) -> Sampling {
        switch ingest.decode {
        case .gated: .gated(floor: interval)
        case .keyframes: .keyframes(every: 0)
        case .everyFrame: .everyFrame
        }
    }

    /// Seconds between two samples of a camera now: its own word, else that of its tags, else that of its class.
    private func interval(of camera: CameraAssignment) -> Double {
        let now = clocks.wall()
        for override in camera.samplingOverrides {
            guard let text = override.schedule else { return Double(override.interval) }
            let schedule = try? JSONDecoder().decode(Schedule.self, from: Data(text.utf8))
            if schedule?.contains(now) == true { return Double(override.interval) }
        }
        switch camera.pointClass {
        case 1: return ingest.samplingClass1
        case 2: return ingest.samplingClass2
        default: return ingest.samplingClass3
        }
    }

    private func bufferBytes(_ pointClass: Int) -> Int {
        switch pointClass {
        case 1: ingest.gopKBClass1 << 10
        case 2: ingest.gopKBClass2 << 10
        default: ingest.gopKBClass3 << 10
        }
    }

    private func assignment(_ camera: CameraAssignment, _ tuning: LiveWorkers.Tuning) -> LiveWorkers.Assignment {
        LiveWorkers.Assignment(rules: rules(of: camera), profile: profile(of: camera), tuning: tuning)
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
