import Flow
import Foundation
public import Logging
import NIOCore
import NIOPosix
import RTSP
import Synchronization

/// Many simulated cameras: an RTSP server that plays clips from memory in endless rounds.
///
/// Each clip is read and cut into packets once, however many cameras show it. A client that reads too slowly loses
/// pictures up to a keyframe; nobody else notices.
public final class CameraFarm: Sendable {
    private struct Listener {
        var group: MultiThreadedEventLoopGroup
        var channel: any Channel
    }

    private enum State {
        case idle
        case starting
        case listening(Listener)
        case stopped
    }

    /// Why some of the clips are not served; empty when all are.
    public let skippedClips: [SimulatorError]

    private let options: Options
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
        try options.check()
        let library = try ClipLibrary(paths: options.clips, limit: options.maximumClipBytes)
        for problem in library.skipped {
            logger.warning("clip skipped", metadata: ["reason": "\(problem.message)"])
        }
        let seed = UInt64.random(in: 0...UInt64.max)
        let cameras = options.cameras.enumerated().map { index, path in
            FarmCamera(path: path, clip: library.clips[index % library.clips.count], seed: seed)
        }
        self.options = options
        self.logger = logger
        self.catalogue = FarmCatalogue(cameras: cameras)
        self.skippedClips = library.skipped
    }

    /// The URLs of the cameras, without credentials, in the order of the options.
    ///
    /// With port 0 the port is known once `start()` has returned. A farm that listens on all addresses is named by
    /// the loopback address.
    public func urls() -> [String] {
        let port: Int? = state.withLock { state in
            guard case .listening(let listener) = state else { return nil }
            return listener.channel.localAddress?.port
        }
        var host = options.host
        if host == "0.0.0.0" { host = "127.0.0.1" }
        if host == "::" { host = "::1" }
        if host.contains(":") { host = "[\(host)]" }
        return options.cameras.map { "rtsp://\(host):\(port ?? options.port)/\(Self.escaped($0))" }
    }

    /// What the farm does and has done so far.
    public var statistics: FarmStatistics { counters.snapshot }

    /// Listens; clients are served from now on.
    ///
    /// Does nothing when the farm listens already. A farm that was started must be `run()`, which also ends it.
    ///
    /// - Throws: `cannotListen`, and `stopped` for a farm that has run before.
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
        let group = MultiThreadedEventLoopGroup(numberOfThreads: options.threads)
        do {
            let channel = try await bootstrap(group).bind(host: options.host, port: options.port).get()
            state.withLock { $0 = .listening(Listener(group: group, channel: channel)) }
        } catch {
            try? await group.shutdownGracefully()
            state.withLock { $0 = .idle }
            let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
            throw SimulatorError(
                .cannotListen,
                "cannot listen on \(options.host) port \(options.port): \(reason); choose another address or port"
            )
        }
        logger.info("camera farm listens", metadata: ["cameras": "\(options.cameras.count)", "first": "\(urls()[0])"])
    }

    /// Serves until the task is cancelled, then closes all connections and returns.
    ///
    /// - Throws: What `start()` throws, and `stopped` when the server socket was lost.
    public func run() async throws {
        try await start()
        guard case .listening(let listener) = state.withLock({ $0 }) else { return }
        let channel = listener.channel
        await withTaskCancellationHandler {
            _ = try? await channel.closeFuture.get()
        } onCancel: {
            channel.close(promise: nil)
        }
        state.withLock { $0 = .stopped }
        try? await listener.group.shutdownGracefully()
        guard Task.isCancelled else {
            throw SimulatorError(.stopped, "the server socket of the camera farm was closed unexpectedly")
        }
    }

    private func bootstrap(_ group: MultiThreadedEventLoopGroup) -> ServerBootstrap {
        let farm = FarmContext(
            catalogue: catalogue,
            session: options.session,
            account: options.account,
            counters: counters,
            logger: logger,
            start: .now(),
            startedAt: MediaTime(seconds: Date().timeIntervalSince1970)
        )
        var tickers: [ObjectIdentifier: LoopTicker] = [:]
        for eventLoop in group.makeIterator() {
            let ticker = LoopTicker(farm: farm, eventLoop: eventLoop)
            ticker.start()
            tickers[ObjectIdentifier(eventLoop)] = ticker
        }
        let maximum = options.maximumConnections
        return ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            // What the kernel and NIO hold for a client that does not read: so much and no more.
            .childChannelOption(.socketOption(.so_sndbuf), value: 256 << 10)
            .childChannelOption(.writeBufferWaterMark, value: .init(low: 64 << 10, high: 512 << 10))
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 2048))
            .childChannelInitializer { [tickers] channel in
                guard let ticker = tickers[ObjectIdentifier(channel.eventLoop)],
                    farm.counters.connections.load(ordering: .relaxed) < maximum
                else { return channel.close() }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(FarmConnection(farm: farm, ticker: ticker))
                }
            }
    }

    /// The path with everything escaped that a URL may not hold.
    private static func escaped(_ path: String) -> String {
        path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
    }
}
