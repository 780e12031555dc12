import Analysis
import Flow
import Foundation
import Gate
import Ingest
import Media
import Synchronization

/// One worker thread of the live pipeline: takes units of its cameras, lets their gates choose, decodes the most urgent.
///
/// The gates run at once on everything that came, which costs microseconds; what they choose waits in a `DecodeQueue`,
/// at most one sample per camera, so a worker that cannot keep up always looks at what is newest and most urgent.
/// Cameras of which every picture is wanted are decoded in order instead, without that queue.
///
/// Safety: `inbox` is guarded by `condition`; everything else is used on the worker's own thread only.
final class DecodeWorker: @unchecked Sendable {
    /// Work that is not a unit: rules, signs of life; runs on the worker's thread, in order.
    typealias Job = @Sendable (DecodeWorker) -> Void

    /// What a thread may hold before it looks at it.
    struct Limits: Sendable {
        /// Units.
        var units: Int
        /// Bytes of units.
        var bytes = 64 << 20
    }

    private struct Inbox {
        var batches: [StreamBatch] = []
        var jobs: [Job] = []
        var units = 0
        var bytes = 0
        /// Cameras that lost units: nothing of them is taken until their next keyframe.
        var losing: Set<String> = []
        var isClosed = false
        var isEmpty: Bool { batches.isEmpty && jobs.isEmpty }

        /// Takes what there is room for; returns the number of units that were not taken.
        mutating func take(_ batch: StreamBatch, _ limits: Limits) -> Int {
            guard !isClosed else { return batch.units.count }
            var wanted = batch
            if losing.contains(batch.camera) {
                wanted.units = Array(batch.units.drop { !$0.isKeyframe })
            }
            let size = wanted.units.reduce(0) { $0 + $1.bytes.count }
            guard !wanted.units.isEmpty, units + wanted.units.count <= limits.units, bytes + size <= limits.bytes else {
                losing.insert(batch.camera)
                return batch.units.count
            }
            losing.remove(batch.camera)
            batches.append(wanted)
            units += wanted.units.count
            bytes += size
            return batch.units.count - wanted.units.count
        }
    }

    /// Samples that may wait while cameras of class I, II and III still get more than their interval asks for.
    private static let extraLimits = [512, 128, 32]

    private let limits: Limits
    private let clocks: Clocks
    private let delegate: any DecodeWorkerDelegate
    private let crumbs: Breadcrumbs?
    private let beat: Heartbeat
    private var trail: BreadcrumbTrail?
    private let kernelThread = Atomic<Int32>(0)
    private let condition = NSCondition()
    private var inbox = Inbox()
    private let finished = DispatchGroup()
    private var queue = DecodeQueue<String, CameraPipeline.Sample>()
    private let bench = DecoderBench()
    /// Memory for the pictures that the cameras of this thread keep; on the thread only.
    let chunks = ChunkPool()
    /// The cameras of this thread; touched by jobs and units on the thread only.
    private(set) var lanes: [String: LiveCamera] = [:]
    /// Shortest sampling interval of the cameras of which something came since `takeShortestInterval`, seconds.
    private var shortestInterval = Double.infinity
    /// Sums over the lanes; on the thread only.
    private(set) var totals = Totals()

    /// Makes a worker and starts its thread.
    ///
    /// `beat` gets a sign of life with each piece of work, not with each turn: on a busy machine a turn may be long.
    init(
        beat: Heartbeat,
        limits: Limits,
        clocks: Clocks,
        crumbs: Breadcrumbs?,
        delegate: any DecodeWorkerDelegate
    ) {
        self.beat = beat
        self.limits = limits
        self.clocks = clocks
        self.crumbs = crumbs
        self.delegate = delegate
        finished.enter()
        NamedThread.start(beat.name, stack: 4 << 20) { [self] in
            run()
            finished.leave()
        }
    }

    /// Takes units of this thread's cameras without waiting.
    ///
    /// - Returns: Units that were not taken, because the thread is behind.
    func offer(_ batches: [StreamBatch]) -> Int {
        condition.lock()
        defer { condition.unlock() }
        let lost = batches.reduce(0) { $0 + inbox.take($1, limits) }
        if !inbox.batches.isEmpty { condition.signal() }
        return lost
    }

    /// Whether units of a camera are being dropped, because the thread is behind.
    func isLosing(_ camera: String) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        return inbox.losing.contains(camera)
    }

    /// Hands over a job; the callers are few and come by the second, so they are not bounded.
    func submit(_ job: @escaping Job) {
        condition.lock()
        defer { condition.unlock() }
        guard !inbox.isClosed else { return }
        inbox.jobs.append(job)
        condition.signal()
    }

    /// Works off what waits, ends the cameras' open alerts and returns when the thread has ended.
    func drain() {
        submit { worker in
            for lane in worker.lanes.values { worker.finish(lane) }
            worker.lanes = [:]
        }
        condition.lock()
        inbox.isClosed = true
        condition.broadcast()
        condition.unlock()
        finished.wait()
    }

    /// What the cameras of a worker hold and count together; see `DecodeWorker.totals`.
    struct Totals: Equatable {
        /// Bytes of pictures that are kept for bursts.
        var bufferedBytes = 0
        /// Gates that have turned themselves off.
        var gatesOff = 0
        /// Samples beyond the sampling interval that were left because of other work, of class I, II and III; only grows.
        var declined = SIMD3<Int>(0, 0, 0)

        mutating func change(_ lane: LiveCamera, by sign: Int) {
            bufferedBytes += sign * lane.bufferedBytes
            gatesOff += lane.isGateOff ? sign : 0
        }
    }

    /// Begins a camera; on the worker's thread.
    func begin(_ lane: LiveCamera) {
        lanes[lane.camera] = lane
    }

    /// Ends a camera and its open alerts; on the worker's thread.
    func end(_ camera: String) {
        queue.remove(camera)
        guard let lane = lanes.removeValue(forKey: camera) else { return }
        totals.change(lane, by: -1)
        finish(lane)
    }

    /// Ends what is open of a camera, which may have pictures in its decoder still.
    private func finish(_ lane: LiveCamera) {
        trail?.enter(lane.camera, .analysing)
        lane.finish()
        trail?.leave()
    }

    /// The thread is in the middle of a piece of work, and slow at most.
    ///
    /// - Parameter threads: The kernel's numbers of threads that are; this one may be among them.
    func excuse(ifAmong threads: Set<Int32>) {
        guard threads.contains(kernelThread.load(ordering: .relaxed)) else { return }
        beat.touch(now: clocks.monotonic())
    }

    /// Changes how much of a camera is looked at; on the worker's thread.
    func retune(_ camera: String, _ tuning: DecodeWorkers.Tuning) {
        guard let lane = lanes[camera] else { return }
        totals.change(lane, by: -1)
        lane.retune(tuning)
        totals.change(lane, by: 1)
    }

    private func run() {
        trail = crumbs?.attach()
        kernelThread.store(trail?.thread ?? 0, ordering: .relaxed)
        bench.onUnit = { [trail] in trail?.step() }
        while let work = next() {
            for batch in work.batches {
                beat.touch(now: clocks.monotonic())
                guard let lane = lanes[batch.camera] else { continue }
                shortestInterval = min(shortestInterval, lane.interval)
                trail?.enter(batch.camera, .other)
                totals.change(lane, by: -1)
                for unit in batch.units {
                    trail?.step()
                    take(unit, lane)
                }
                totals.change(lane, by: 1)
                trail?.leave()
            }
            // After the units: a job that ends a camera ends it behind what came before.
            for job in work.jobs {
                job(self)
                beat.touch(now: clocks.monotonic())
            }
            decodeNext()
            beat.touch(now: clocks.monotonic())
            delegate.turned(self)
        }
    }

    /// What has come; waits only when there is nothing to decode either.
    ///
    /// Nil when the worker is closed and empty.
    private func next() -> Inbox? {
        condition.lock()
        defer { condition.unlock() }
        while inbox.isEmpty, !inbox.isClosed, queue.count == 0 { condition.wait() }
        if inbox.isEmpty, inbox.isClosed { return nil }
        let work = inbox
        inbox.batches = []
        inbox.jobs = []
        inbox.units = 0
        inbox.bytes = 0
        return work
    }

    private func take(_ unit: AccessUnit, _ lane: LiveCamera) {
        guard lane.isSampled else { return look(lane) { () throws(MediaError) in try lane.take(unit, bench) } }
        guard let sample = lane.admit(unit) else { return }
        let index = min(max(lane.pointClass, 1), 3) - 1
        if sample.isExtra, queue.count >= Self.extraLimits[index] {
            totals.declined[index] += 1
            return lane.declined()
        }
        let now = clocks.monotonic()
        let isTaken = queue.offer(
            sample,
            from: lane.camera,
            pointClass: lane.pointClass,
            due: now,
            interval: lane.interval,
            bytes: sample.size,
            now: now
        )
        if !isTaken { lane.lost() }
    }

    private func decodeNext() {
        guard let sample = queue.take(now: clocks.monotonic()), let lane = lanes[sample.key] else { return }
        trail?.enter(lane.camera, .decoding)
        totals.change(lane, by: -1)
        defer { totals.change(lane, by: 1) }
        look(lane) { () throws(MediaError) in try lane.look(at: sample.payload, bench) }
        trail?.leave()
    }

    /// Runs a lane's decoding and tells what came of it.
    private func look(_ lane: LiveCamera, _ body: () throws(MediaError) -> Void) {
        let before = lane.picturesSeen
        do throws(MediaError) {
            try body()
        } catch {
            lane.interrupted()
            delegate.failed(lane, error)
        }
        let seen = lane.picturesSeen - before
        if seen > 0 { delegate.looked(lane, pictures: seen) }
    }

    /// The shortest sampling interval of the cameras of which something came since the last call, in seconds.
    ///
    /// Infinite when nothing came. On the worker's thread.
    func takeShortestInterval() -> Double {
        defer { shortestInterval = .infinity }
        return shortestInterval
    }

    /// Bursts decoded so far, and those for which there was no time; on the worker's thread.
    var burstCounts: (decoded: Int, refused: Int) { bench.burstCounts }

    /// What went through the decode queue so far; on the worker's thread.
    var decodeCounts: DecodeCounts { queue.counts }
}

/// What a worker tells, on its thread.
protocol DecodeWorkerDelegate: AnyObject, Sendable {
    /// Pictures of a camera were looked at.
    func looked(_ lane: LiveCamera, pictures: Int)
    /// A unit or sample of a camera could not be decoded.
    func failed(_ lane: LiveCamera, _ error: MediaError)
    /// The worker has turned once more.
    func turned(_ worker: DecodeWorker)
}
