import Flow
import Ingest
import Synchronization

/// Counts what the decode workers do; any thread.
final class DecodeMetrics: Sendable {
    /// What a worker had counted when it told last.
    private let told: Mutex<[DecodeWorker.Counts]>
    /// Pictures that detection looked at.
    let pictures: Metric
    /// Access units that could not be decoded.
    let broken: Metric
    private let buffered: Metric
    private let gatesOff: Metric
    private let bursts: Metric
    private let burstsRefused: Metric
    private let taken: [Metric]
    private let late: [Metric]
    private let declined: [Metric]
    private let lost: [(path: any KeyPath<DecodeCounts, [Int]> & Sendable, metrics: [Metric])]

    /// `workers`: how many there are.
    init(meter: Meter, workers: Int) {
        self.told = Mutex((0..<workers).map { _ in DecodeWorker.Counts() })
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

    /// A worker has turned once more, and has counted so much so far.
    func turned(_ worker: Int, _ now: DecodeWorker.Counts) {
        let before = told.withLock { told in
            defer { told[worker] = now }
            return told[worker]
        }
        buffered.add(now.totals.bufferedBytes - before.totals.bufferedBytes)
        gatesOff.add(now.totals.gatesOff - before.totals.gatesOff)
        for index in 0..<3 { declined[index].add(now.totals.declined[index] - before.totals.declined[index]) }
        bursts.add(now.bursts.decoded - before.bursts.decoded)
        burstsRefused.add(now.bursts.refused - before.bursts.refused)
        guard now.queue != before.queue else { return }
        for index in 0..<3 {
            taken[index].add(now.queue.taken[index] - before.queue.taken[index])
            late[index].add(now.queue.late[index] - before.queue.late[index])
            for (path, metrics) in lost {
                metrics[index].add(now.queue[keyPath: path][index] - before.queue[keyPath: path][index])
            }
        }
    }
}
