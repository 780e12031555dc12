import Flow
import Ingest

/// All ways to read a stream behind one interface: RTSP over TCP on an event loop, everything else through libavformat.
struct Streams: Sendable {
    private let fleet: RTSPFleet
    private let pool: StreamPool
    private let router: TransportRouter
    private let beat: Heartbeat
    private let clocks: Clocks

    /// Longest silence of a healthy event loop, seconds.
    private static let longestSilence = 20.0
    /// Seconds between two looks at what waits for a try over UDP.
    private static let lookInterval = 1.0

    /// Makes the readers.
    ///
    /// - Parameters:
    ///   - transport: How RTSP packets travel; over UDP through libavformat, because event loops read TCP only.
    ///   - sink: Takes units and changes of state.
    ///   - meter: Where is counted how many go which way.
    ///   - clocks: Time.
    ///   - fleet: Makes the event loop for a sink.
    ///   - pool: Makes the pool for a sink.
    init(
        _ transport: TransportPlan.Settings,
        sink: any StreamSink,
        meter: Meter,
        clocks: Clocks = .system,
        fleet: (any StreamSink) -> RTSPFleet,
        pool: (any StreamSink) -> StreamPool
    ) {
        self.clocks = clocks
        self.beat = Heartbeat(name: "rtsp", limit: Self.longestSilence, now: clocks.monotonic())
        let router = TransportRouter(transport, sink: sink, meter: meter, clocks: clocks)
        let switchboard = Switchboard(sink: sink, router: router)
        self.router = router
        self.fleet = fleet(switchboard.fleetSink)
        self.pool = pool(switchboard.poolSink)
        router.connect(TransportRouter.Readers(fleet: self.fleet, pool: self.pool))
        self.fleet.every(Self.lookInterval) { router.advance() }
    }

    /// Makes `sources` the cameras that are read: new ones begin, missing ones stop, changed ones reconnect.
    func replace(with sources: [StreamSource]) {
        router.replace(with: sources)
    }

    /// The event loop, when it gives no sign of life; asks it for one, to be there at the next call.
    func silentLoops() -> [String] {
        fleet.ping { [beat, clocks] in beat.touch(now: clocks.monotonic()) }
        return beat.isSilent(now: clocks.monotonic()) ? [beat.name] : []
    }

    /// Ends all streams and returns when that is done; blocks the thread.
    func stop() {
        fleet.stop()
        pool.stop()
    }

    /// Whether the packets of an RTSP camera travel over UDP now, through libavformat.
    func isOverUDP(_ camera: String) -> Bool {
        router.isOverUDP(camera)
    }
}
