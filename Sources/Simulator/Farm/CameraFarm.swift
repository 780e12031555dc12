public import Flow
import Foundation
public import Logging
import RTSP
import Synchronization

/// Many simulated cameras: an RTSP server that plays clips from memory in endless rounds.
///
/// Each clip is read and cut into packets once, however many cameras show it. A client that reads too slowly loses
/// pictures up to a keyframe; nobody else notices. One thread serves all.
public final class CameraFarm: Sendable {
    private enum State {
        case idle
        case starting
        case listening(FarmThread, [FarmEndpoint])
        case stopped
    }

    /// Why some of the clips are not served; empty when all are.
    public let skippedClips: [SimulatorError]

    private let options: Options
    private let layout: FarmLayout
    private let logger: Logger
    private let catalogue: FarmCatalogue
    private let counters = FarmCounters()
    private let state = Mutex(State.idle)

    /// Reads the clips; nothing listens yet.
    ///
    /// Blocks the thread while it reads.
    ///
    /// - Throws: `badOption`, `badClip` for a path that does not exist, `noClip`, `tooLarge`.
    public init(options: Options, logger: Logger = Logger(label: "gridwatch.simulator")) throws(SimulatorError) {
        let layout = try options.layout()
        let library = try ClipLibrary(
            paths: options.clips,
            limit: options.maximumClipBytes,
            packetSize: options.packetSize
        )
        var motion: ClipLibrary?
        if options.motionShare > 0 {
            motion = try ClipLibrary(
                paths: options.motionClips,
                limit: options.maximumClipBytes - library.bytes,
                packetSize: options.packetSize
            )
        }
        let skipped = library.skipped + (motion?.skipped ?? [])
        for problem in skipped {
            logger.warning("clip skipped", metadata: ["reason": "\(problem.message)"])
        }
        let programmes = try library.programmes(motion: motion, share: options.motionShare)
        let seed = UInt64.random(in: 0...UInt64.max)
        let own = layout.cameras(ofProcess: options.share.index, outOf: options.cameras.count)
        self.catalogue = FarmCatalogue(
            cameras: own.map { index in
                FarmCamera(
                    path: options.cameras[index],
                    programme: programmes[index % programmes.count],
                    seed: seed,
                    plan: options.faults,
                    quietStart: Int64(options.quietStart * 1_000_000)
                )
            }
        )
        self.options = options
        self.layout = layout
        self.logger = logger
        self.skippedClips = skipped
    }

    /// Where all times of the farm begin, on the clock that only grows; nil: when it starts to listen.
    public var origin: MediaTime? { options.origin }

    /// The URLs of all cameras, without credentials, in the order of the options; also of those that other processes
    /// serve.
    ///
    /// With port 0 the ports of this process are known once `start()` has returned. A farm that listens on all addresses
    /// is named by the loopback address.
    public func urls() -> [String] {
        var bound = layout.endpoints
        for (index, endpoint) in zip(layout.endpoints(ofProcess: options.share.index), endpoints) {
            bound[index] = endpoint
        }
        return layout.urls(options.cameras, bound: bound)
    }

    /// Where this process listens, in the order of the layout; empty before `start()` has returned.
    public var endpoints: [FarmEndpoint] {
        state.withLock { state in
            guard case .listening(_, let endpoints) = state else { return [] }
            return endpoints
        }
    }

    /// What the farm does and has done so far.
    public var statistics: FarmStatistics { counters.snapshot }

    /// When each camera of this process shows motion in the next `seconds`, in microseconds since the farm's origin.
    ///
    /// Cameras that are stopped, slowed or cut off by faults show it all the same.
    public func motions(seconds: Double) -> [(camera: String, motions: [Range<Int64>])] {
        catalogue.cameras.map { ($0.path, $0.motions(until: Int64(seconds * 1e6))) }
    }

    /// Listens; clients are served from now on.
    ///
    /// Does nothing when the farm listens already. A farm that was started must be `run()`, which also ends it.
    ///
    /// - Throws: `cannotListen`, `badOption` when the process may not open enough files for its cameras, and `stopped`
    ///   for a farm that has run before.
    public func start() async throws(SimulatorError) {
        let before = state.withLock { state in
            defer { if case .idle = state { state = .starting } }
            return state
        }
        switch before {
        case .idle: break
        case .listening: return
        case .starting, .stopped: throw SimulatorError(.stopped, "a camera farm is started once; make another one")
        }
        do throws(SimulatorError) {
            let maximum = try connectionLimit()
            let poller = try Poller()
            let wake = try WakeUp()
            let listeners = try listen()
            let context = FarmContext(
                catalogue: catalogue,
                options: options,
                maximumConnections: maximum,
                counters: counters,
                logger: logger
            )
            let thread = FarmThread(wake: wake) {
                FarmLoop(context, poller: poller, wake: wake, listeners: listeners).run()
            }
            state.withLock { $0 = .listening(thread, listeners.map(\.endpoint)) }
        } catch {
            state.withLock { $0 = .idle }
            throw error
        }
        let metadata: Logger.Metadata = ["cameras": "\(catalogue.cameras.count)", "first": "\(urls()[0])"]
        logger.info("camera farm listens", metadata: metadata)
    }

    /// Serves until the task is cancelled, then closes all connections and returns.
    ///
    /// - Throws: What `start()` throws, and `stopped` when the farm's thread has ended by itself.
    public func run() async throws {
        try await start()
        guard case .listening(let thread, _) = state.withLock({ $0 }) else { return }
        await withTaskCancellationHandler {
            await thread.end()
        } onCancel: {
            thread.stop()
        }
        state.withLock { $0 = .stopped }
        guard Task.isCancelled else {
            throw SimulatorError(.stopped, "the thread of the camera farm ended unexpectedly")
        }
    }

    /// How many connections the limit of open files allows.
    private func connectionLimit() throws(SimulatorError) -> Int {
        let files = OpenFileLimit.raise()
        let needed = OpenFileLimit.needed(cameras: catalogue.cameras.count, endpoints: options.addresses)
        guard needed <= files else {
            let limit = "this process may open \(files) files (ulimit -Hn)"
            throw SimulatorError(
                .badOption,
                "\(catalogue.cameras.count) cameras need \(needed) open files, \(limit); use more processes"
            )
        }
        return min(options.maximumConnections, files - options.addresses - 64)
    }

    private func listen() throws(SimulatorError) -> [FarmLoop.Listener] {
        var listeners: [FarmLoop.Listener] = []
        do throws(SimulatorError) {
            for index in layout.endpoints(ofProcess: options.share.index) {
                var endpoint = layout.endpoints[index]
                let (socket, port) = try StreamSocket.listen(at: endpoint)
                endpoint.port = port
                listeners.append(FarmLoop.Listener(endpoint: endpoint, socket: socket))
            }
        } catch {
            for listener in listeners { listener.close() }
            throw error
        }
        let own = layout.cameras(ofProcess: options.share.index, outOf: options.cameras.count)
        let first = layout.endpoints(ofProcess: options.share.index)[0]
        for (position, camera) in own.enumerated() {
            listeners[layout.endpoint(ofCamera: camera) - first].cameras.append(position)
        }
        return listeners
    }
}

/// The thread that serves a farm.
final class FarmThread: Sendable {
    private struct State {
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let wake: WakeUp
    private let state = Mutex(State())

    /// Starts the thread; it is to end when `wake` is called.
    init(wake: WakeUp, body: @escaping @Sendable () -> Void) {
        self.wake = wake
        let thread = Thread { [self] in
            body()
            let waiting = state.withLock { state in
                state.hasEnded = true
                return state.waiting
            }
            for continuation in waiting { continuation.resume() }
        }
        thread.name = "camera-farm"
        thread.start()
    }

    /// Asks the thread to end.
    func stop() { wake.call() }

    /// Returns when the thread has ended.
    func end() async {
        await withCheckedContinuation { continuation in
            let hasEnded = state.withLock { state in
                if !state.hasEnded { state.waiting.append(continuation) }
                return state.hasEnded
            }
            if hasEnded { continuation.resume() }
        }
    }
}
