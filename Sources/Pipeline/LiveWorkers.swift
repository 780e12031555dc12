import Detection
import Flow
import Ingest
import Logging
import Media
import Synchronization

/// The worker threads of the live pipeline: takes units from the I/O threads, runs each camera on its one worker.
///
/// A worker has one pooled keyframe decoder for all its cameras. When its queue is full a unit is dropped and counted,
/// and its camera goes on with the next keyframe: the I/O threads never wait.
final class LiveWorkers: StreamSink {
    /// What a camera is analysed with.
    struct Assignment: Sendable {
        var rules: [Rule]
    }

    /// Longest time without a sign of life of a healthy worker, seconds.
    private static let longestSilence = 20.0

    /// A worker's own things.
    ///
    /// Safety: touched by jobs of one worker thread only; `WorkerPool` runs a camera's jobs on that thread in order.
    private final class Bench: @unchecked Sendable {
        let decoder = KeyframeDecoder()
        var lanes: [String: CameraLane] = [:]
    }

    private let pool: WorkerPool
    private let benches: [Bench]
    private let sampling: Sampling
    private let detection: DetectionSettings
    private let evidence: EvidenceStyle
    private let recorder: AlertRecorder
    private let states: StateReporter
    private let logger: Logger
    private let clocks: Clocks
    private let beats: [Heartbeat]
    private let losing = Mutex<Set<String>>([])
    private let dropped: Metric
    private let broken: Metric
    private let pictures: Metric

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: How many.
    ///   - queueUnits: Units that may wait per thread.
    ///   - sampling: How much of each stream is looked at.
    ///   - detection: Settings of detection, for all cameras.
    ///   - evidence: Style of evidence pictures.
    ///   - recorder: Takes what is found.
    ///   - states: Takes what is known of each camera.
    ///   - meter: Where it counts.
    ///   - logger: For the operator.
    ///   - clocks: Time, for the signs of life.
    init(
        threads: Int,
        queueUnits: Int,
        sampling: Sampling,
        detection: DetectionSettings,
        evidence: EvidenceStyle,
        recorder: AlertRecorder,
        states: StateReporter,
        meter: Meter,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.pool = WorkerPool(name: "worker", threads: threads, queueCapacity: queueUnits)
        self.benches = (0..<pool.threads).map { _ in Bench() }
        self.sampling = sampling
        self.detection = detection
        self.evidence = evidence
        self.recorder = recorder
        self.states = states
        self.logger = logger
        self.clocks = clocks
        self.beats = (0..<pool.threads).map { index in
            Heartbeat(name: "worker-\(index)", limit: Self.longestSilence, now: clocks.monotonic())
        }
        self.dropped = meter.counter(
            "gridwatch_units_dropped_total",
            "Access units dropped before decoding.",
            labels: [("reason", "worker_queue_full")]
        )
        self.broken = meter.counter("gridwatch_units_broken_total", "Access units that could not be decoded.")
        self.pictures = meter.counter("gridwatch_pictures_total", "Pictures that detection looked at.")
    }

    /// Gives a camera its rules; a camera that had some begins anew.
    ///
    /// No rules: its pictures are not looked at.
    ///
    /// Waits for room in the worker's queue, so never call it on a worker or an I/O thread.
    func assign(_ camera: String, _ assignment: Assignment?) {
        let index = pool.index(for: camera)
        let bench = benches[index]
        _ = pool.submitWaiting(to: index) { [self] in
            bench.lanes.removeValue(forKey: camera)?.finish()
            guard let assignment, !assignment.rules.isEmpty else { return }
            do throws(DetectionError) {
                bench.lanes[camera] = try lane(camera, assignment.rules)
            } catch {
                logger.error("rules refused", metadata: ["camera": "\(camera)", "error": "\(error)"])
            }
        }
    }

    private func lane(_ camera: String, _ rules: [Rule]) throws(DetectionError) -> CameraLane {
        let analyzer = try CameraAnalyzer(rules: rules, settings: detection)
        return CameraLane(
            camera: camera,
            pipeline: CameraPipeline(analyzer: analyzer, sampling: sampling, evidence: evidence),
            settingsVersion: detection.version,
            recorder: recorder
        )
    }

    /// Takes a unit from an I/O thread; drops and counts it when the camera's worker is behind.
    func accept(_ unit: AccessUnit, from camera: String) {
        if !unit.isKeyframe, losing.withLock({ $0.contains(camera) }) {
            dropped.add()
            return
        }
        let index = pool.index(for: camera)
        let bench = benches[index]
        let isTaken = pool.submit(to: index) { [self] in
            work(unit, camera, bench)
            beats[index].touch(now: clocks.monotonic())
        }
        if isTaken {
            if unit.isKeyframe { losing.withLock { _ = $0.remove(camera) } }
        } else {
            dropped.add()
            losing.withLock { _ = $0.insert(camera) }
        }
    }

    /// Passes on a change of a stream's state.
    func changed(_ status: StreamStatus) {
        states.stream(status)
    }

    private func work(_ unit: AccessUnit, _ camera: String, _ bench: Bench) {
        guard let lane = bench.lanes[camera] else { return }
        let before = lane.picturesSeen
        do throws(MediaError) {
            try lane.take(unit, bench.decoder)
        } catch {
            broken.add()
            lane.interrupted()
            states.problem(camera, error.message, at: unit.time)
        }
        let seen = lane.picturesSeen - before
        if seen > 0 {
            pictures.add(seen)
            states.picture(camera, scene: lane.scene.rawValue, at: unit.time)
        }
    }

    /// Names of workers that give no sign of life; asks each for one, to be there at the next call.
    func silentWorkers() -> [String] {
        for (index, beat) in beats.enumerated() {
            _ = pool.submit(to: index) { [clocks] in beat.touch(now: clocks.monotonic()) }
        }
        return beats.filter { $0.isSilent(now: clocks.monotonic()) }.map(\.name)
    }

    /// Works off what waits, ends all open alerts, and stops the threads.
    func drain() {
        for (index, bench) in benches.enumerated() {
            _ = pool.submitWaiting(to: index) {
                for lane in bench.lanes.values { lane.finish() }
                bench.lanes = [:]
            }
        }
        pool.drain()
    }
}
