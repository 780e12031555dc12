public import Flow
import NIOCore
import NIOPosix
import Synchronization

/// Reads thousands of RTSP cameras over TCP on one event loop.
///
/// A camera costs some ten kilobytes and, while it plays, a read every `Settings.readInterval`; no thread and no
/// process. Connects are paced, so that a switch that comes back makes no storm; a camera that fails comes back after a
/// growing wait, for ever. Everything that is not RTSP over TCP goes through `StreamPool`, with the same sink.
public final class RTSPFleet: Sendable {
    private let group: MultiThreadedEventLoopGroup
    private let loop: FleetLoop
    private let wanted = Mutex<Set<String>>([])

    /// Makes a fleet and starts its event loop; it reads nothing until `replace(with:)`.
    ///
    /// - Parameters:
    ///   - settings: Tunables.
    ///   - sink: Takes units and changes of state, on the event loop; must not wait.
    ///   - meter: Where the fleet counts.
    ///   - crumbs: Where the event loop notes which camera it works on; nil for nowhere.
    ///   - clocks: Time.
    public init(
        settings: Settings = Settings(),
        sink: any StreamSink,
        meter: Meter,
        crumbs: Breadcrumbs? = nil,
        clocks: Clocks = .system
    ) {
        self.group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        self.loop = FleetLoop(
            settings: settings,
            sink: sink,
            meter: meter,
            crumbs: crumbs,
            clocks: clocks,
            eventLoop: group.next()
        )
        loop.eventLoop.execute { [loop] in loop.start() }
    }

    /// Makes `sources` the cameras that are read: new ones begin, missing ones stop, changed ones reconnect.
    public func replace(with sources: [StreamSource]) {
        wanted.withLock { $0 = Set(sources.map(\.camera)) }
        loop.run { [loop] in loop.replace(with: sources) }
    }

    /// Takes one camera in, or in the place of the one with its id; the others go on.
    public func add(_ source: StreamSource) {
        wanted.withLock { _ = $0.insert(source.camera) }
        loop.run { [loop] in loop.take(source) }
    }

    /// Ends one camera at once; the others go on.
    public func remove(_ camera: String) {
        wanted.withLock { _ = $0.remove(camera) }
        loop.run { [loop] in loop.remove(camera) }
    }

    /// Cameras that the fleet reads or waits to read.
    public var count: Int { wanted.withLock { $0.count } }

    /// Asks the event loop for a sign of life; `body` runs on it, and not at all once the fleet has been stopped.
    public func ping(_ body: @escaping @Sendable () -> Void) {
        loop.run(body)
    }

    /// Calls `body` on the event loop every so many seconds until the fleet is stopped; it must not wait.
    public func every(_ seconds: Double, _ body: @escaping @Sendable () -> Void) {
        loop.run { [loop] in
            let delay = TimeAmount.nanoseconds(Int64(seconds * 1e9))
            loop.eventLoop.scheduleRepeatedTask(initialDelay: delay, delay: delay) { _ in body() }
        }
    }

    /// Takes leave of every camera and returns when the event loop has ended; at most about two seconds.
    ///
    /// Blocks the thread; never call it on an event loop or in a Swift task.
    public func stop() {
        let ended = loop.eventLoop.flatSubmit { [loop] in loop.stop() }
        try? ended.wait()
        loop.end()
        try? group.syncShutdownGracefully()
    }
}
