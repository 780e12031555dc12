import TestSupport
import Testing

@testable import Ingest

/// Cameras that offer a sample each interval to a decoder that needs `work` seconds for each.
private struct Overload {
    var queue: DecodeQueue<Int, Int>
    /// Class index of each camera.
    let classes: [Int]
    let interval: Double
    let work: Double
    let bytes: Int
    /// Longest time without a decoded sample, per camera.
    var longestGap: [Double]
    private var lastTaken: [Double]

    init(counts: [Int], interval: Double, overload: Double, bytes: Int = 30_000, settings: DecodeQueueSettings) {
        classes = counts.enumerated().flatMap { Array(repeating: $0.offset, count: $0.element) }
        self.interval = interval
        self.bytes = bytes
        work = overload * interval / Double(classes.count)
        queue = DecodeQueue(settings: settings)
        longestGap = Array(repeating: 0, count: classes.count)
        lastTaken = Array(repeating: 0, count: classes.count)
    }

    mutating func run(seconds: Double) {
        var random = SeededRandom(5)
        var arrivals = SlotHeap()
        for camera in classes.indices { arrivals.set(camera, rank: random.unit() * interval) }
        var now = 0.0
        while now < seconds {
            while let (camera, at) = arrivals.first, at <= now {
                arrivals.set(camera, rank: at + interval * (0.95 + 0.1 * random.unit()))
                _ = queue.offer(
                    camera,
                    from: camera,
                    pointClass: classes[camera] + 1,
                    due: at,
                    interval: interval,
                    bytes: bytes,
                    now: at
                )
            }
            if let sample = queue.take(now: now) {
                longestGap[sample.key] = max(longestGap[sample.key], now - lastTaken[sample.key])
                lastTaken[sample.key] = now
                now += work
            } else {
                now = arrivals.first?.rank ?? seconds
            }
        }
        for camera in classes.indices { longestGap[camera] = max(longestGap[camera], now - lastTaken[camera]) }
    }

    /// Part of the offered samples of a class that were lost.
    func loss(_ index: Int) -> Double {
        let counts = queue.counts
        return Double(counts.replaced[index] + counts.shed[index]) / Double(max(1, counts.offered[index]))
    }

    /// Longest gap of a class, in intervals.
    func gap(_ index: Int) -> Double {
        (classes.indices.filter { classes[$0] == index }.map { longestGap[$0] }.max() ?? 0) / interval
    }
}

@Suite(.ownThread) struct SupervisionDecodeQueueTests {
    private func put(
        _ queue: inout DecodeQueue<String, Int>,
        _ key: String,
        _ payload: Int,
        pointClass: Int = 3,
        due: Double = 0,
        interval: Double = 2,
        bytes: Int = 10,
        now: Double = 0
    ) -> Bool {
        queue.offer(payload, from: key, pointClass: pointClass, due: due, interval: interval, bytes: bytes, now: now)
    }

    @Test("three times overloaded: class I loses nothing, II little, III is still seen every few intervals")
    func overloaded() {
        var sim = Overload(counts: [50, 150, 800], interval: 2, overload: 3, settings: .init())
        sim.run(seconds: 200)
        #expect(sim.loss(0) == 0)
        #expect(sim.loss(1) < 0.02)
        #expect(sim.gap(0) <= 2.5)
        #expect(sim.gap(2) <= 16)
        #expect(sim.queue.counts.offered[0] > 4000, "the simulation hardly ran")
        #expect(sim.loss(2) > 0.5, "it was no overload")
    }

    @Test("the same while the bound in bytes is far too small for all samples that wait")
    func overloadedAndFull() {
        var sim = Overload(counts: [50, 150, 800], interval: 2, overload: 3, settings: .init(bytes: 200 * 30_000))
        sim.run(seconds: 200)
        #expect(sim.loss(0) == 0)
        #expect(sim.loss(1) < 0.02)
        #expect(sim.gap(2) <= 20)
        #expect(sim.queue.counts.shed[2] > 500)
        #expect(sim.queue.counts.shed[0] == 0)
    }

    @Test("when even class I and II are too much, I still loses nothing and nobody starves")
    func hopeless() {
        var sim = Overload(counts: [200, 300, 500], interval: 2, overload: 3, settings: .init())
        sim.run(seconds: 200)
        #expect(sim.loss(0) < 0.01)
        #expect(sim.gap(1) <= 10)
        #expect(sim.gap(2) <= 40)
    }

    @Test("a decoder that keeps up loses nothing and stretches nothing")
    func underload() {
        var sim = Overload(counts: [100, 300, 600], interval: 2, overload: 0.8, settings: .init())
        sim.run(seconds: 120)
        #expect(sim.queue.counts.replaced == [0, 0, 0] && sim.queue.counts.shed == [0, 0, 0])
        #expect(sim.queue.stretch == [1, 1, 1])
    }

    @Test("the newest sample of a camera replaces the one that waits and keeps its deadline")
    func newestWins() {
        var queue = DecodeQueue<String, Int>()
        #expect(put(&queue, "a", 1, due: 0))
        #expect(put(&queue, "b", 2, due: 1, now: 1))
        #expect(put(&queue, "a", 3, due: 2, now: 2))
        #expect(queue.count == 2 && queue.bytes == 20)
        #expect(queue.counts.replaced == [0, 0, 1])
        let first = queue.take(now: 2)
        #expect(first?.key == "a" && first?.payload == 3 && first?.deadline == 1)
        #expect(queue.take(now: 2)?.payload == 2)
        #expect(queue.take(now: 2) == nil)
        #expect(queue.bytes == 0 && queue.count == 0)
        #expect(put(&queue, "a", 4, due: 4, now: 4))
        #expect(queue.take(now: 4)?.deadline == 5, "a decoded sample leaves no debt")
    }

    @Test("beyond the bound class III goes before II before I; a shed camera keeps its place")
    func shedding() {
        var queue = DecodeQueue<String, Int>(settings: .init(bytes: 30))
        #expect(put(&queue, "one", 1, pointClass: 1))
        #expect(put(&queue, "two", 2, pointClass: 2))
        #expect(put(&queue, "three", 3, pointClass: 3))
        #expect(!put(&queue, "late three", 4, pointClass: 3, due: 0.5, now: 0.5), "the least urgent of III is itself")
        #expect(put(&queue, "two again", 5, pointClass: 2, due: 0.6, now: 0.6))
        #expect(put(&queue, "one again", 6, pointClass: 1, due: 0.7, now: 0.7))
        #expect(queue.counts.shed == [0, 1, 2])
        var order: [String] = []
        while let sample = queue.take(now: 1) { order.append(sample.key) }
        #expect(order == ["one", "two", "one again"])
        #expect(put(&queue, "three", 7, pointClass: 3, due: 2, now: 2))
        #expect(put(&queue, "new", 8, pointClass: 1, due: 2, now: 2))
        let made = queue.take(now: 2)
        #expect(made?.key == "three" && made?.deadline == 1 && made?.payload == 7)
        #expect(queue.counts.late == [0, 0, 1])
    }

    @Test("a sample larger than the whole queue is refused and disturbs nobody")
    func tooLarge() {
        var queue = DecodeQueue<String, Int>(settings: .init(bytes: 30))
        #expect(put(&queue, "a", 1))
        #expect(!put(&queue, "b", 2, pointClass: 1, bytes: 31))
        #expect(queue.counts.tooLarge == [1, 0, 0] && queue.count == 1)
    }

    @Test("a bound in samples holds as well, and a removed camera leaves nothing behind")
    func countBound() {
        var queue = DecodeQueue<String, Int>(settings: .init(samples: 2))
        for key in ["a", "b", "c"] { _ = put(&queue, key, 0) }
        #expect(queue.count == 2 && queue.counts.shed == [0, 0, 1])
        for key in ["a", "b", "c", "a"] { queue.remove(key) }
        #expect(queue.count == 0 && queue.bytes == 0)
        #expect(put(&queue, "d", 1, due: 50, now: 50))
        #expect(queue.take(now: 50)?.deadline == 51, "the slot of a removed camera brings no old deadline")
    }

    @Test("random calls keep the sums right and order by deadline while nothing is stretched")
    func randomCalls() {
        var random = SeededRandom(2)
        var queue = DecodeQueue<Int, Int>(settings: .init(bytes: 4000))
        var waiting: [Int: Int] = [:]
        for step in 0..<20_000 {
            let camera = Int.random(in: 0..<50, using: &random)
            let size = Int.random(in: 0...300, using: &random)
            // All at one time: nothing is measured, so nothing is stretched.
            switch Int.random(in: 0..<5, using: &random) {
            case 0:
                queue.remove(camera)
                waiting[camera] = nil
            case 1:
                guard let sample = queue.take(now: 0) else { continue }
                #expect(waiting[sample.key] != nil)
                waiting[sample.key] = nil
            default:
                _ = queue.offer(
                    step,
                    from: camera,
                    pointClass: camera % 3 + 1,
                    due: random.unit() * 100,
                    interval: 2,
                    bytes: size,
                    now: 0
                )
                waiting[camera] = size
                // Others may have been shed: their number is what is missing.
                if queue.count < waiting.count { waiting = [:] }
                if waiting.isEmpty { while queue.take(now: 0) != nil {} }
            }
            #expect(queue.bytes == waiting.values.reduce(0, +) && queue.count == waiting.count)
            #expect(queue.bytes <= 4000)
        }
    }
}
