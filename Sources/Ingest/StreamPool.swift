public import Flow
import Foundation
import Media
import Synchronization

/// Reads many streams through libavformat on a fixed number of threads.
///
/// A thread holds one stream at a time and never longer than a time-out without data; when more cameras than threads
/// are due, a stream gives its thread back after a turn. Broken streams come back after a growing, jittered wait. Cameras
/// of a patrol are visited: opened for a keyframe at each sampling interval, as many at once as their platform allows.
public final class StreamPool: Sendable {
    /// Tunables of the pool; the defaults suit a few hundred cameras on one machine.
    public struct Settings: Sendable, Hashable {
        /// Threads that read, each holding one stream (about 350 KB of libavformat state).
        public var threads = 64
        /// Longest wait for a stream to open, seconds.
        public var openTimeout = 10.0
        /// Longest silence of an open stream, seconds.
        public var readTimeout = 10.0
        /// Longest time for which a stream is read without a keyframe, seconds; a quarter of it while others wait.
        public var keyframeTimeout = 120.0
        /// How long a stream keeps its thread while others wait, seconds.
        public var turn = 10.0
        /// First wait after a failure, seconds.
        public var reconnectBase = 1.0
        /// Longest wait after a failure, seconds.
        public var reconnectCap = 120.0
        /// True: only keyframes are read on; the rest is thrown away before it is copied.
        public var keyframesOnly = true
        /// Which addresses close to this machine are read; files only with `any`.
        public var localAddresses = LocalAddresses.loopback

        /// The defaults.
        public init() {}
    }

    private struct State {
        var schedule: StreamSchedule
        /// Cameras in quarantine that people have not been told of yet.
        var held: [StreamSource] = []
        var readers: [String: StreamReader] = [:]
        var reconnects: [String: Int] = [:]
        /// Cameras whose next connection is no news: the address gave one picture the last time and is asked again at each
        /// sampling interval, or there was no keyframe, which whoever looks at the pictures has said.
        var quiet: Set<String> = []
        var stopping = false
    }

    // Safety: `condition` guards `state`; threads wait on it for due cameras.
    private let condition = MonotonicCondition()
    private nonisolated(unsafe) var state: State
    private let settings: Settings
    private let sink: any StreamSink
    private let clocks: Clocks
    private let crumbs: Breadcrumbs?
    private let finished = DispatchGroup()
    private let unitsRead: Metric
    private let opens: Metric
    private let failures: Metric

    /// Makes a pool and starts its threads; it reads nothing until `replace(with:)`.
    ///
    /// - Parameters:
    ///   - settings: Tunables.
    ///   - sink: Takes units and changes of state, on the pool's threads.
    ///   - meter: Where the pool counts.
    ///   - crumbs: Where each thread notes whose stream it reads; nil for nowhere.
    ///   - clocks: Time.
    public init(
        settings: Settings,
        sink: any StreamSink,
        meter: Meter,
        crumbs: Breadcrumbs? = nil,
        clocks: Clocks = .system
    ) {
        self.settings = settings
        self.sink = sink
        self.crumbs = crumbs
        self.clocks = clocks
        self.unitsRead = meter.counter("gridwatch_ingest_units_total", "Access units read from streams.")
        self.opens = meter.counter("gridwatch_ingest_opens_total", "Streams opened.")
        self.failures = meter.counter("gridwatch_ingest_failures_total", "Streams that failed to open or broke off.")
        let backoff = Backoff(base: settings.reconnectBase, cap: settings.reconnectCap)
        self.state = State(schedule: StreamSchedule(backoff: backoff))
        for index in 0..<max(1, settings.threads) {
            finished.enter()
            NamedThread.start("ingest-\(index)") { [self] in
                work()
                finished.leave()
            }
        }
    }

    /// Makes `sources` the cameras that are read: new ones begin, missing ones stop, changed ones reconnect.
    ///
    /// Those in quarantine begin when that is over.
    public func replace(with sources: [StreamSource]) {
        locked { state in
            follow(state.schedule.replace(with: sources, now: clocks.monotonic(), wall: clocks.wall()), &state)
        }
    }

    /// Takes one camera in; the others go on.
    public func add(_ source: StreamSource) {
        locked { state in
            var changes = StreamSchedule.Changes()
            state.schedule.add(source, now: clocks.monotonic(), wall: clocks.wall(), &changes)
            follow(changes, &state)
        }
    }

    /// Ends one camera; the others go on.
    public func remove(_ camera: String) {
        locked { state in
            var changes = StreamSchedule.Changes()
            state.schedule.remove(camera, &changes)
            follow(changes, &state)
        }
    }

    private func follow(_ changes: StreamSchedule.Changes, _ state: inout State) {
        for camera in changes.interrupted {
            state.readers[camera]?.interrupt()
            state.quiet.remove(camera)
            // Nobody listens any more to the end of one that is gone: it may be back before that.
            if !state.schedule.contains(camera) { state.readers[camera] = nil }
        }
        state.held += changes.held
        condition.broadcast()
    }

    /// Cameras that the pool reads or waits to read.
    public var count: Int { locked { $0.schedule.count } }

    /// Interrupts every stream and returns when all threads have ended; at most about a second.
    public func stop() {
        locked { state in
            state.stopping = true
            for reader in state.readers.values { reader.interrupt() }
            condition.broadcast()
        }
        finished.wait()
    }

    private func locked<R>(_ body: (inout State) -> R) -> R {
        condition.lock()
        defer { condition.unlock() }
        return body(&state)
    }

    private func work() {
        let thread = PoolThread(pool: self, trail: crumbs?.attach())
        while let turn = nextTurn() {
            switch turn {
            case .tell(let source):
                let until = source.quarantinedUntil ?? .zero
                report(
                    source.camera,
                    .quarantined,
                    detail: CameraFailure.crashes.explanation,
                    retryIn: max(0, until.seconds(since: clocks.wall())),
                    failure: .crashes
                )
            case .read(let source, let reader):
                if !locked({ $0.quiet.contains(source.camera) }) { report(source.camera, .connecting) }
                thread.trail?.enter(source.camera, .reading)
                let outcome = reader.run(thread)
                thread.trail?.leave()
                finish(source.camera, reader, outcome)
            }
        }
        thread.trail?.detach()
    }

    /// What a thread does next.
    private enum Turn {
        /// Say that a camera is in quarantine.
        case tell(StreamSource)
        case read(StreamSource, StreamReader)
    }

    private func nextTurn() -> Turn? {
        condition.lock()
        defer { condition.unlock() }
        while !state.stopping {
            if let source = state.held.popLast() { return .tell(source) }
            switch state.schedule.take(now: clocks.monotonic()) {
            case .run(let source):
                let reader = StreamReader(source: source, settings: settings, clocks: clocks)
                state.readers[source.camera] = reader
                return .read(source, reader)
            case .wait(let seconds):
                _ = condition.wait(atMost: max(0.001, seconds))
            }
        }
        return nil
    }

    private func finish(_ camera: String, _ reader: StreamReader, _ outcome: StreamReader.Outcome) {
        let wait: Double? = locked { state in
            guard state.readers[camera] === reader else { return nil }
            state.readers[camera] = nil
            let wait = state.schedule.ended(
                camera,
                outcome.schedule,
                now: clocks.monotonic(),
                random: Double.random(in: 0..<1)
            )
            switch outcome {
            case .snapshot where wait != nil, .withoutKeyframe where wait != nil: state.quiet.insert(camera)
            default: state.quiet.remove(camera)
            }
            condition.signal()
            return wait
        }
        switch outcome {
        case .turnOver, .finished, .snapshot, .interrupted:
            return
        case .withoutKeyframe:
            // Open it was, and nothing else is true of it now: who looks at the pictures says why there are none.
            failures.add()
        case .failed(let error):
            failures.add()
            guard let wait else { return }
            let silent: StreamState = reader.hasOpened && error.code == .timedOut ? .stalled : .offline
            report(camera, error.isRetriable ? silent : .refused, detail: error.message, retryIn: wait)
        }
    }

    private func report(
        _ camera: String,
        _ stream: StreamState,
        detail: String? = nil,
        retryIn: Double? = nil,
        failure: CameraFailure? = nil
    ) {
        let reconnects = locked { $0.reconnects[camera] ?? 0 }
        sink.changed(
            StreamStatus(
                camera: camera,
                state: stream,
                since: clocks.wall(),
                detail: detail,
                retryIn: retryIn,
                reconnects: reconnects,
                failure: failure,
                // libavformat gives nothing before the first keyframe.
                comesWhole: false
            )
        )
    }
}

/// What a reader tells the pool, and the breadcrumbs of the thread that it is on.
private struct PoolThread: StreamReaderDelegate {
    let pool: StreamPool
    let trail: BreadcrumbTrail?

    func opened(_ source: StreamSource) {
        trail?.step()
        pool.opened(source)
    }

    func working() {
        trail?.step()
    }

    func read(_ unit: AccessUnit, from camera: String) {
        trail?.step()
        pool.read(unit, from: camera)
    }

    func settled(_ camera: String) {
        pool.settled(camera)
    }

    func shouldYield() -> Bool {
        pool.shouldYield()
    }
}

extension StreamPool {
    fileprivate func opened(_ source: StreamSource) {
        opens.add()
        let camera = source.camera
        let isNew = locked { state in
            guard !state.quiet.contains(camera) else { return false }
            state.reconnects[camera] = (state.reconnects[camera] ?? -1) + 1
            return true
        }
        if isNew { report(camera, source.patrolSessions == nil ? .online : .patrol) }
    }

    fileprivate func read(_ unit: AccessUnit, from camera: String) {
        unitsRead.add()
        sink.accept([StreamBatch(camera: camera, units: [unit])])
    }

    fileprivate func settled(_ camera: String) {
        locked { $0.schedule.delivered(camera) }
    }

    fileprivate func shouldYield() -> Bool {
        locked { $0.schedule.hasWaiting(now: clocks.monotonic()) }
    }
}
