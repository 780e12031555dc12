import Analysis
import Detection
import Flow
import Gate
import Ingest
import Logging
import Logs
import Media
import Synchronization

/// The worker threads of the live pipeline: takes units from event loops and I/O threads, runs each camera on its one
/// worker.
///
/// Whoever brings units never waits: what does not fit is dropped and counted, and its camera goes on with the next
/// keyframe.
final class DecodeWorkers: StreamSink {
    /// How much of a camera is looked at.
    struct Tuning: Sendable, Hashable {
        var sampling: Sampling
        var pointClass: Int
        /// Bytes of pictures since the last keyframe that are kept for bursts.
        var bufferBytes: Int
    }

    /// What a camera is analysed with.
    struct Assignment: Sendable {
        var rules: [Rule]
        /// Settings of detection that differ from the daemon's, by key.
        var profile: [String: Double] = [:]
        var tuning: Tuning
    }

    /// Longest time without a sign of life of a healthy worker, seconds.
    private static let longestSilence = 20.0

    private let workers: [DecodeWorker]
    private let reports: DecodeMetrics
    private let lanes: LiveCameraFactory
    private let states: StateReporter
    private let dropped: Metric
    private let standstill: StandstillMonitor

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: How many.
    ///   - queueUnits: Units that may wait per thread.
    ///   - lanes: Makes what runs of each camera on its thread.
    ///   - states: Takes what is known of each camera.
    ///   - meter: Where it counts.
    ///   - crumbs: Where each thread notes which camera it works on; nil for nowhere.
    ///   - clocks: Time.
    init(
        threads: Int,
        queueUnits: Int,
        lanes: LiveCameraFactory,
        states: StateReporter,
        meter: Meter,
        crumbs: Breadcrumbs?,
        clocks: Clocks = .system
    ) {
        let beats = (0..<max(1, threads)).map { index in
            Heartbeat(name: "worker-\(index)", limit: Self.longestSilence, now: clocks.monotonic())
        }
        let reports = DecodeMetrics(states: states, meter: meter, beats: beats, clocks: clocks)
        self.reports = reports
        self.lanes = lanes
        self.states = states
        self.standstill = StandstillMonitor(meter: meter, clocks: clocks)
        self.dropped = meter.counter(
            "gridwatch_units_dropped_total",
            "Access units dropped before decoding.",
            labels: [("reason", "worker_queue_full")]
        )
        self.workers = beats.map { beat in
            DecodeWorker(
                beat: beat,
                limits: DecodeWorker.Limits(units: queueUnits),
                clocks: clocks,
                crumbs: crumbs,
                delegate: reports
            )
        }
        reports.own(workers)
    }

    /// Who hears of each decoded sample, and whether its picture was the same as the one before; any thread.
    func onSample(_ body: @escaping @Sendable (_ camera: String, _ isSame: Bool) -> Void) {
        reports.onSample(body)
    }

    /// Gives cameras their rules; what was learnt of the scene of one that had some stays.
    ///
    /// Nil, or no rules: its pictures are not looked at any more.
    func assign(_ changes: [(camera: String, assignment: Assignment?)]) {
        let byWorker = Dictionary(grouping: changes) { index(of: $0.camera) }
        for (index, changes) in byWorker {
            workers[index].submit { [lanes] worker in
                for (camera, assignment) in changes { lanes.assign(assignment, to: camera, on: worker) }
            }
        }
    }

    /// Changes how much of cameras is looked at; their rules stay as they are, and what was learnt of them.
    func retune(_ changes: [(camera: String, tuning: Tuning)]) {
        for (index, changes) in Dictionary(grouping: changes, by: { index(of: $0.camera) }) {
            workers[index].submit { worker in
                for (camera, tuning) in changes { worker.retune(camera, tuning) }
            }
        }
    }

    /// Asks why cameras are not looked at; the answers go to the states, from the workers' threads.
    func askWhyUnseen(_ cameras: [String]) {
        for (index, cameras) in Dictionary(grouping: cameras, by: { index(of: $0) }) {
            workers[index].submit { [states] worker in
                for camera in cameras {
                    states.unseen(camera, worker.lanes[camera]?.tally, isLosing: worker.isLosing(camera))
                }
            }
        }
    }

    /// Takes units from an I/O thread or event loop; drops and counts them when the camera's worker is behind.
    func accept(_ batches: [StreamBatch]) {
        var lost = 0
        for (index, batches) in Dictionary(grouping: batches, by: { index(of: $0.camera) }) {
            lost += workers[index].offer(batches)
        }
        if lost > 0 { dropped.add(lost) }
    }

    /// Passes on a change of a stream's state.
    func changed(_ status: StreamStatus) {
        states.stream(status)
    }

    /// Names of workers that give no sign of life; asks each for one, to be there at the next call.
    func silentWorkers() -> [String] {
        for worker in workers { worker.submit { _ in } }
        return reports.silent()
    }

    /// Takes which threads, by the kernel's numbers, are in the middle of a piece of work and slow at most.
    func excuse(_ threads: Set<Int32>) {
        for worker in workers { worker.excuse(ifAmong: threads) }
    }

    /// The shortest sampling interval of cameras of which something came since the call before, in seconds.
    ///
    /// As the threads told at that call: each call asks them anew. Infinite when nothing came.
    func shortestInterval() -> Double {
        for (index, worker) in workers.enumerated() {
            worker.submit { [reports] worker in reports.due(every: worker.takeShortestInterval(), worker: index) }
        }
        return reports.shortestInterval
    }

    /// Tells `health` when pictures or alerts of this process stand still; call it once a second.
    func lookForStandstill(_ health: HealthBoard) {
        standstill.look(self, health)
    }

    /// Works off what waits, ends all open alerts, and stops the threads.
    func drain() {
        for worker in workers { worker.drain() }
    }

    private func index(of camera: String) -> Int {
        Int(StableHash.of(camera) % UInt64(workers.count))
    }
}

/// Makes what runs of a camera on its worker, and changes it.
struct LiveCameraFactory: Sendable {
    let detection: DetectionSettings
    let calendar: CityCalendar
    let evidence: EvidenceStyle
    let recorder: AlertRecorder
    let scores: ScoreReporter
    let clips: AlertClips
    let log: FloodGate

    /// Gives a camera its rules; on the worker's thread.
    ///
    /// Rules that are refused are said; the camera goes on with those that it had, if any.
    func assign(_ assignment: DecodeWorkers.Assignment?, to camera: String, on worker: DecodeWorker) {
        guard let assignment, !assignment.rules.isEmpty else { return worker.end(camera) }
        do throws(DetectionError) {
            let settings = try detection.with(assignment.profile)
            guard let lane = worker.lanes[camera] else {
                return worker.begin(try lane(of: camera, assignment, settings, worker.chunks))
            }
            worker.retune(camera, assignment.tuning)
            try lane.revise(rules: assignment.rules, settings: settings)
        } catch {
            log.log(.error, "rules refused", metadata: ["camera": "\(camera)", "error": "\(error)"])
        }
    }

    private func lane(
        of camera: String,
        _ assignment: DecodeWorkers.Assignment,
        _ settings: DetectionSettings,
        _ chunks: ChunkPool
    ) throws(DetectionError) -> LiveCamera {
        let pipeline = CameraPipeline(
            analyzer: try CameraAnalyzer(rules: assignment.rules, settings: settings, calendar: calendar),
            sampling: assignment.tuning.sampling,
            evidence: evidence,
            bufferBytes: assignment.tuning.bufferBytes,
            chunks: chunks
        )
        return LiveCamera(
            camera: camera,
            tuning: assignment.tuning,
            pipeline: pipeline,
            rules: assignment.rules,
            settings: settings,
            recorder: recorder,
            scores: scores,
            clips: clips
        )
    }
}
