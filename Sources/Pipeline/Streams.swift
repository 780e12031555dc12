import Flow
import Ingest

/// How the packets of RTSP cameras travel.
enum RTSPTransport: Sendable {
    case tcp
    case udp
    /// Each camera as it can.
    case automatic
}

/// All ways to read a stream behind one interface: RTSP over TCP on an event loop, everything else through libavformat.
struct Streams: Sendable {
    private let fleet: RTSPFleet
    private let pool: StreamPool
    private let router: TransportRouter
    private let beat: Heartbeat
    private let clocks: Clocks

    /// Longest silence of a healthy event loop, seconds.
    private static let longestSilence = 20.0

    /// Makes the readers.
    ///
    /// - Parameters:
    ///   - transport: How RTSP packets travel; over UDP through libavformat, because event loops read TCP only.
    ///   - sink: Takes units and changes of state.
    ///   - clocks: Time.
    ///   - fleet: Makes the event loop for a sink.
    ///   - pool: Makes the pool for a sink.
    init(
        _ transport: RTSPTransport,
        sink: any StreamSink,
        clocks: Clocks = .system,
        fleet: (any StreamSink) -> RTSPFleet,
        pool: (any StreamSink) -> StreamPool
    ) {
        self.clocks = clocks
        self.beat = Heartbeat(name: "rtsp", limit: Self.longestSilence, now: clocks.monotonic())
        self.router = TransportRouter(transport, clocks: clocks)
        let switchboard = Switchboard(sink: sink, router: router)
        self.fleet = fleet(switchboard.fleetSink)
        self.pool = pool(switchboard.poolSink)
        switchboard.connect(self.fleet, self.pool)
    }

    /// Makes `sources` the cameras that are read: new ones begin, missing ones stop, changed ones reconnect.
    func replace(with sources: [StreamSource]) {
        router.replace(with: sources) { split in
            fleet.replace(with: split.fleet)
            pool.replace(with: split.pool)
        }
    }

    /// Tells that a picture of a camera was decoded, and whether it is bit-identical to the one before.
    func sampled(_ camera: String, isSame: Bool) {
        fleet.sampled(camera, isSame: isSame)
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

    /// Whether all units of a camera's stream come; libavformat gives none before the first keyframe.
    func comesWhole(_ camera: String, at url: String) -> Bool {
        let source = StreamSource(camera: camera, url: url)
        return source.isRTSP && !router.isOverUDP(source)
    }
}
