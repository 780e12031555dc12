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
    /// Longest time without a sign of life of a healthy worker, seconds.
    private static let longestSilence = 20.0

    private let workers: [DecodeWorker]
    private let beats: [Heartbeat]
    private let factory: LiveCameraFactory
    private let states: StateReporter
    private let clocks: Clocks
    private let intervals: Mutex<[Double]>
    private let dropped: Metric
    private let standstill: StandstillMonitor
    private let log: FloodGate

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - threads: How many, at least 1.
    ///   - queueUnits: Units that may wait per thread.
    ///   - factory: Makes cameras of their plans.
    ///   - states: Takes changes of streams, and why cameras are not looked at.
    ///   - sink: Takes what came of cameras.
    ///   - meter: Where they count.
    ///   - crumbs: Where each thread notes which camera it works on; nil for nowhere.
    ///   - log: For the operator.
    ///   - clocks: Time.
    init(
        threads: Int,
        queueUnits: Int,
        factory: LiveCameraFactory,
        states: StateReporter,
        sink: any CameraOutputSink,
        meter: Meter,
        crumbs: Breadcrumbs?,
        log: FloodGate,
        clocks: Clocks = .system
    ) {
        let beats = (0..<threads).map { index in
            Heartbeat(name: "worker-\(index)", limit: Self.longestSilence, now: clocks.monotonic())
        }
        self.beats = beats
        self.factory = factory
        self.states = states
        self.clocks = clocks
        self.log = log
        self.intervals = Mutex(beats.map { _ in .infinity })
        self.standstill = StandstillMonitor(meter: meter, clocks: clocks)
        self.dropped = meter.counter(
            "gridwatch_units_dropped_total",
            "Access units dropped before decoding.",
            labels: [("reason", "worker_queue_full")]
        )
        self.workers = beats.enumerated().map { index, beat in
            DecodeWorker(
                index: index,
                beat: beat,
                limits: DecodeWorker.Limits(units: queueUnits),
                clocks: clocks,
                crumbs: crumbs,
                sink: sink
            )
        }
    }

    /// Gives cameras their plans; what was learnt of the scene of one that had a plan stays.
    ///
    /// Nil, or no rules: its pictures are not looked at any more. Rules that are refused are said; the camera goes on with
    /// those that it had, if any.
    func follow(_ changes: [(camera: String, plan: AnalysisPlan?)]) {
        for (index, changes) in Dictionary(grouping: changes, by: { index(of: $0.camera) }) {
            workers[index].submit { [factory, log] worker in
                for (camera, plan) in changes {
                    do throws(DetectionError) {
                        try worker.follow(plan, camera, factory)
                    } catch {
                        log.log(
                            .error,
                            "rules refused",
                            metadata: ["camera": "\(camera)", "error": "\(error)"]
                        )
                    }
                }
            }
        }
    }

    /// Changes how much of cameras is looked at; their rules stay as they are, and what was learnt of them.
    func follow(_ changes: [(camera: String, sampling: SamplingPlan)]) {
        for (index, changes) in Dictionary(grouping: changes, by: { index(of: $0.camera) }) {
            workers[index].submit { worker in
                for (camera, sampling) in changes { worker.follow(sampling, camera) }
            }
        }
    }

    /// Asks why cameras are not looked at; the answers go to the states, from the workers' threads.
    func askWhyUnseen(_ cameras: [String]) {
        for (index, cameras) in Dictionary(grouping: cameras, by: { index(of: $0) }) {
            workers[index].submit { [states] worker in
                for camera in cameras {
                    states.unseen(camera, worker.tally(of: camera), isLosing: worker.isLosing(camera))
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
        return beats.filter { $0.isSilent(now: clocks.monotonic()) }.map(\.name)
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
            worker.submit { [self] worker in
                let interval = worker.takeShortestInterval()
                intervals.withLock { $0[index] = interval }
            }
        }
        return intervals.withLock { $0.min() ?? .infinity }
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
