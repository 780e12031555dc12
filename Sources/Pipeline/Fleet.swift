import Detection
import Flow
import Foundation
import Ingest
import Logging
import Store

/// Keeps the pipeline's cameras equal to the registry: reads it again and again, applies what changed.
struct Fleet: Sendable {
    /// Seconds between two looks at the registry.
    private static let interval = 30.0
    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0

    private let reader: FleetReader
    private let streams: StreamPool
    private let workers: LiveWorkers
    private let states: StateReporter
    private let health: HealthBoard
    private let logger: Logger
    private let watched: Metric

    /// Makes the fleet; `run` starts it.
    init(
        reader: FleetReader,
        streams: StreamPool,
        workers: LiveWorkers,
        states: StateReporter,
        meter: Meter,
        health: HealthBoard,
        logger: Logger
    ) {
        self.reader = reader
        self.streams = streams
        self.workers = workers
        self.states = states
        self.health = health
        self.logger = logger
        self.watched = meter.gauge("gridwatch_cameras", "Cameras that the registry wants watched.")
    }

    /// Follows the registry until the task is cancelled; without the database everything keeps running as it is.
    func run() async {
        health.report("registry", problem: "the camera registry has not been read yet")
        var known: [String: CameraAssignment] = [:]
        while !Task.isCancelled {
            var wait = Self.interval
            do {
                let cameras = try await reader.read()
                known = apply(cameras, known: known)
                health.report("registry", problem: nil)
            } catch {
                wait = Self.retryInterval
                health.report("registry", problem: "the camera registry cannot be read: \(error)")
                logger.warning("registry cannot be read", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: .seconds(wait))
        }
    }

    private func apply(_ cameras: [CameraAssignment], known: [String: CameraAssignment]) -> [String: CameraAssignment] {
        let wanted = Dictionary(cameras.map { ($0.id, $0) }) { first, _ in first }
        for camera in known.keys where wanted[camera] == nil { workers.assign(camera, nil) }
        for camera in cameras where known[camera.id]?.rules != camera.rules {
            workers.assign(camera.id, LiveWorkers.Assignment(rules: rules(of: camera)))
        }
        if wanted != known {
            logger.info("watching", metadata: ["cameras": "\(cameras.count)"])
            states.keep(only: Set(wanted.keys))
            streams.replace(
                with: cameras.map { StreamSource(camera: $0.id, url: $0.url, pointClass: $0.pointClass) }
            )
        }
        watched.set(cameras.count)
        return wanted
    }

    /// The rules that this version can run; a bad rule is said and left out, the camera's others still hold.
    private func rules(of camera: CameraAssignment) -> [Rule] {
        camera.rules.compactMap { assigned in
            do {
                var rule = try JSONDecoder().decode(Rule.self, from: Data(assigned.definition.utf8))
                rule.id = assigned.id
                rule.hazardType = assigned.hazardType
                guard rule.kind.isImplemented else {
                    logger.notice(
                        "rule left out: its kind is not there yet",
                        metadata: ["camera": "\(camera.id)", "rule": "\(rule.id)", "kind": "\(rule.kind.rawValue)"]
                    )
                    return nil
                }
                return rule
            } catch {
                logger.error(
                    "rule refused",
                    metadata: ["camera": "\(camera.id)", "rule": "\(assigned.id)", "error": "\(error)"]
                )
                return nil
            }
        }
    }
}
