import Detection
import Flow
import Ingest
import Media
import Synchronization

/// Collects what the worker threads tell: pictures, failures, signs of life, what their queues shed.
final class DecodeMetrics: DecodeWorkerDelegate {
    /// A closure of its own type: bare in a `Mutex`, each look at it would wrap it once more.
    private struct Listener: Sendable {
        let hear: @Sendable (_ camera: String, _ isSame: Bool) -> Void
    }

    private let states: StateReporter
    private let clocks: Clocks
    private let beats: [Heartbeat]
    private let numbers = Mutex<[ObjectIdentifier: Int]>([:])
    /// What a worker had counted when it was last asked.
    private struct Told: Sendable {
        var counts = DecodeCounts()
        var totals = DecodeWorker.Totals()
        var bursts = (decoded: 0, refused: 0)
    }

    private let told: Mutex<[Told]>
    private let intervals: Mutex<[Double]>
    private let listener = Mutex<Listener?>(nil)
    private let pictures: Metric
    private let broken: Metric
    private let buffered: Metric
    private let gatesOff: Metric
    private let bursts: Metric
    private let burstsRefused: Metric
    private let taken: [Metric]
    private let late: [Metric]
    private let declined: [Metric]
    private let lost: [(path: any KeyPath<DecodeCounts, [Int]> & Sendable, metrics: [Metric])]

    init(states: StateReporter, meter: Meter, beats: [Heartbeat], clocks: Clocks) {
        self.states = states
        self.clocks = clocks
        self.beats = beats
        self.told = Mutex(beats.map { _ in Told() })
        self.intervals = Mutex(beats.map { _ in .infinity })
        self.pictures = meter.counter("gridwatch_pictures_total", "Pictures that detection looked at.")
        self.broken = meter.counter("gridwatch_units_broken_total", "Access units that could not be decoded.")
        self.buffered = meter.gauge("gridwatch_gop_buffer_bytes", "Bytes of pictures that are kept for bursts.")
        self.gatesOff = meter.gauge(
            "gridwatch_gates_off",
            "Cameras whose gate has turned itself off, because it missed."
        )
        self.bursts = meter.counter("gridwatch_bursts_total", "Groups of pictures that were decoded as a burst.")
        self.burstsRefused = meter.counter(
            "gridwatch_bursts_refused_total",
            "Groups of pictures that were not looked at, because bursts had their share of the time."
        )
        func byClass(_ name: String, _ help: String, _ labels: [(String, String)] = []) -> [Metric] {
            ["I", "II", "III"].map { meter.counter(name, help, labels: labels + [("class", $0)]) }
        }
        self.taken = byClass("gridwatch_samples_total", "Samples that were decoded.")
        self.late = byClass("gridwatch_samples_late_total", "Samples that were decoded after their deadline.")
        let name = "gridwatch_samples_dropped_total"
        let help = "Samples that were not decoded, because the workers are behind."
        self.declined = byClass(name, help, [("reason", "busy")])
        self.lost = [
            (\.replaced, byClass(name, help, [("reason", "newer")])),
            (\.shed, byClass(name, help, [("reason", "queue_full")])),
            (\.tooLarge, byClass(name, help, [("reason", "too_large")])),
        ]
    }

    /// Says which worker is which; once, before any unit comes.
    func own(_ workers: [DecodeWorker]) {
        numbers.withLock { numbers in
            for (index, worker) in workers.enumerated() { numbers[ObjectIdentifier(worker)] = index }
        }
    }

    /// Who hears of samples.
    func onSample(_ body: @escaping @Sendable (_ camera: String, _ isSame: Bool) -> Void) {
        listener.withLock { $0 = Listener(hear: body) }
    }

    /// Names of the workers that were silent for too long.
    func silent() -> [String] {
        beats.filter { $0.isSilent(now: clocks.monotonic()) }.map(\.name)
    }

    /// Notes the shortest sampling interval among the cameras of a worker of which something came.
    func due(every interval: Double, worker: Int) {
        intervals.withLock { $0[worker] = interval }
    }

    /// The shortest of those that the workers told last, seconds.
    var shortestInterval: Double { intervals.withLock { $0.min() ?? .infinity } }

    func looked(_ lane: LiveCamera, pictures count: Int) {
        pictures.add(count)
        states.picture(
            lane.camera,
            StateReporter.Look(
                scene: lane.scene,
                quality: lane.quality,
                interval: lane.interval,
                time: lane.lastPicture,
                keyframeGap: lane.tally.keyframeGap
            )
        )
        listener.withLock { $0 }?.hear(lane.camera, lane.lastPictureIsSame)
    }

    func failed(_ lane: LiveCamera, _ error: MediaError) {
        // Its words are kept by the lane, and told when no picture follows.
        broken.add()
    }

    func turned(_ worker: DecodeWorker) {
        guard let number = numbers.withLock({ $0[ObjectIdentifier(worker)] }) else { return }
        let now = Told(counts: worker.decodeCounts, totals: worker.totals, bursts: worker.burstCounts)
        let before = told.withLock { told in
            defer { told[number] = now }
            return told[number]
        }
        buffered.add(now.totals.bufferedBytes - before.totals.bufferedBytes)
        gatesOff.add(now.totals.gatesOff - before.totals.gatesOff)
        for index in 0..<3 { declined[index].add(now.totals.declined[index] - before.totals.declined[index]) }
        bursts.add(now.bursts.decoded - before.bursts.decoded)
        burstsRefused.add(now.bursts.refused - before.bursts.refused)
        guard now.counts != before.counts else { return }
        for index in 0..<3 {
            taken[index].add(now.counts.taken[index] - before.counts.taken[index])
            late[index].add(now.counts.late[index] - before.counts.late[index])
            for (path, metrics) in lost {
                metrics[index].add(now.counts[keyPath: path][index] - before.counts[keyPath: path][index])
            }
        }
    }
}
