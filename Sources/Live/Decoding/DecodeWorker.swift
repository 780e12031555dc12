import Analysis
import Detection
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
    private let index: Int
    private let sink: any CameraOutputSink
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
    private let chunks = ChunkPool()
    /// The cameras of this thread; touched by jobs and units on the thread only.
    private var cameras: [String: Watched] = [:]
    /// Shortest sampling interval of the cameras of which something came since `takeShortestInterval`, seconds.
    private var shortestInterval = Double.infinity
    /// Sums over the cameras; on the thread only.
    private var totals = Totals()

    /// A camera, and what is not part of it.
    private struct Watched {
        let camera: LiveCamera
        var pending = PendingStatements()
        /// Who brought its units last and wants to know what they showed.
        var listener: (any SampleListener)?
    }

    /// Makes worker number `index` and starts its thread.
    ///
    /// `beat` gets a sign of life with each piece of work, not with each turn: on a busy machine a turn may be long.
    init(
        index: Int,
        beat: Heartbeat,
        limits: Limits,
        clocks: Clocks,
        crumbs: Breadcrumbs?,
        sink: any CameraOutputSink
    ) {
        self.index = index
        self.beat = beat
        self.limits = limits
        self.clocks = clocks
        self.crumbs = crumbs
        self.sink = sink
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
            for id in worker.cameras.keys { worker.finish(id) }
            worker.cameras = [:]
        }
        condition.lock()
        inbox.isClosed = true
        condition.broadcast()
        condition.unlock()
        finished.wait()
    }

    /// All that a worker has counted so far.
    struct Counts: Equatable {
        /// What went through the decode queue.
        var queue = DecodeCounts()
        /// Sums over the cameras.
        var totals = Totals()
        /// Bursts that were decoded, and those for which there was no time.
        var bursts = (decoded: 0, refused: 0)

        static func == (left: Counts, right: Counts) -> Bool {
            left.queue == right.queue && left.totals == right.totals && left.bursts == right.bursts
        }
    }

    /// What the cameras of a worker hold and count together.
    struct Totals: Equatable {
        /// Bytes of pictures that are kept for bursts.
        var bufferedBytes = 0
        /// Gates that have turned themselves off.
        var gatesOff = 0
        /// Samples beyond the sampling interval that were left because of other work, of class I, II and III; only grows.
        var declined = SIMD3<Int>(0, 0, 0)

        mutating func change(_ camera: LiveCamera, by sign: Int) {
            bufferedBytes += sign * camera.pipeline.bufferedBytes
            gatesOff += camera.pipeline.isGateOff ? sign : 0
        }
    }

    /// Gives a camera its plan; nil, or one without rules: its pictures are not looked at any more.
    ///
    /// What was learnt of the scene of one that had a plan stays. On the worker's thread.
    ///
    /// - Throws: `DetectionError` for rules that cannot be used; the camera goes on with those that it had, if any.
    func follow(_ plan: AnalysisPlan?, _ id: String, _ factory: LiveCameraFactory) throws(DetectionError) {
        guard let plan, !plan.rules.isEmpty else { return end(id) }
        guard let known = cameras[id]?.camera else {
            cameras[id] = Watched(camera: try factory.camera(id, plan, chunks))
            return
        }
        let settings = try factory.settings(of: plan)
        follow(plan.sampling, id)
        pass(try known.revise(rules: plan.rules, settings: settings), id)
    }

    /// Changes how much of a camera is looked at; on the worker's thread.
    func follow(_ sampling: SamplingPlan, _ id: String) {
        guard let camera = cameras[id]?.camera else { return }
        totals.change(camera, by: -1)
        camera.follow(sampling)
        totals.change(camera, by: 1)
    }

    /// What came of a camera since the last picture that detection looked at; on the worker's thread.
    ///
    /// Nil when nothing of it is looked at.
    func tally(of id: String) -> SightTally? { cameras[id]?.camera.tally }

    /// Ends a camera and its open alerts.
    private func end(_ id: String) {
        queue.remove(id)
        guard let camera = cameras[id]?.camera else { return }
        totals.change(camera, by: -1)
        finish(id)
        cameras[id] = nil
    }

    /// Ends what is open of a camera, which may have pictures in its decoder still.
    private func finish(_ id: String) {
        guard let camera = cameras[id]?.camera else { return }
        trail?.enter(id, .analysing)
        pass(camera.finish(), id)
        trail?.leave()
    }

    /// The thread is in the middle of a piece of work, and slow at most.
    ///
    /// - Parameter threads: The kernel's numbers of threads that are; this one may be among them.
    func excuse(ifAmong threads: Set<Int32>) {
        guard threads.contains(kernelThread.load(ordering: .relaxed)) else { return }
        beat.touch(now: clocks.monotonic())
    }

    private func run() {
        trail = crumbs?.attach()
        kernelThread.store(trail?.thread ?? 0, ordering: .relaxed)
        bench.onUnit = { [trail] in trail?.step() }
        while let work = next() {
            for batch in work.batches {
                beat.touch(now: clocks.monotonic())
                guard let camera = cameras[batch.camera]?.camera else { continue }
                cameras[batch.camera]?.listener = batch.listener
                shortestInterval = min(shortestInterval, camera.sampling.interval)
                trail?.enter(batch.camera, .other)
                totals.change(camera, by: -1)
                for unit in batch.units {
                    trail?.step()
                    take(unit, camera)
                }
                totals.change(camera, by: 1)
                trail?.leave()
            }
            // After the units: a job that ends a camera ends it behind what came before.
            for job in work.jobs {
                job(self)
                beat.touch(now: clocks.monotonic())
            }
            decodeNext()
            beat.touch(now: clocks.monotonic())
            sink.turned(index, Counts(queue: queue.counts, totals: totals, bursts: bench.burstCounts))
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

    private func take(_ unit: AccessUnit, _ camera: LiveCamera) {
        guard camera.isSampled else { return pass(camera.take(unit, bench), camera.id) }
        guard let sample = camera.admit(unit) else { return }
        let pointClass = camera.sampling.pointClass
        let index = min(max(pointClass, 1), 3) - 1
        if sample.isExtra, queue.count >= Self.extraLimits[index] {
            totals.declined[index] += 1
            return camera.pipeline.declined()
        }
        let now = clocks.monotonic()
        let isTaken = queue.offer(
            sample,
            from: camera.id,
            pointClass: pointClass,
            due: now,
            interval: camera.sampling.interval,
            bytes: sample.size,
            now: now
        )
        if !isTaken { camera.pipeline.lost() }
    }

    private func decodeNext() {
        guard let sample = queue.take(now: clocks.monotonic()), let camera = cameras[sample.key]?.camera else { return }
        trail?.enter(camera.id, .decoding)
        totals.change(camera, by: -1)
        defer { totals.change(camera, by: 1) }
        pass(camera.look(at: sample.payload, bench), camera.id)
        trail?.leave()
    }

    /// Passes on what came of a camera.
    private func pass(_ outputs: CameraOutputs, _ id: String) {
        guard var watched = cameras[id] else { return }
        sink.take(outputs, of: id, &watched.pending)
        cameras[id]?.pending = watched.pending
        if let look = outputs.look { watched.listener?.sampled(id, isSame: look.isSame) }
    }

    /// The shortest sampling interval of the cameras of which something came since the last call, in seconds.
    ///
    /// Infinite when nothing came. On the worker's thread.
    func takeShortestInterval() -> Double {
        defer { shortestInterval = .infinity }
        return shortestInterval
    }
}
