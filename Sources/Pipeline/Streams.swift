import Flow
import Ingest

/// All ways to read a stream behind one interface: RTSP over TCP on an event loop, everything else through libavformat.
struct Streams: Sendable {
    private let fleet: RTSPFleet
    private let pool: StreamPool
    private let usesFleet: Bool
    private let beat: Heartbeat
    private let clocks: Clocks

    /// Longest silence of a healthy event loop, seconds.
    private static let longestSilence = 20.0

    /// Makes the readers; `rtspOverUDP`: RTSP goes through libavformat too, because event loops read TCP only.
    init(fleet: RTSPFleet, pool: StreamPool, rtspOverUDP: Bool, clocks: Clocks = .system) {
        self.clocks = clocks
        self.beat = Heartbeat(name: "rtsp", limit: Self.longestSilence, now: clocks.monotonic())
        self.fleet = fleet
        self.pool = pool
        self.usesFleet = !rtspOverUDP
    }

    /// Makes `sources` the cameras that are read: new ones begin, missing ones stop, changed ones reconnect.
    func replace(with sources: [StreamSource]) {
        fleet.replace(with: sources.filter(isForFleet))
        pool.replace(with: sources.filter { !isForFleet($0) })
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

    private func isForFleet(_ source: StreamSource) -> Bool { comesWhole(source.url) }

    /// Ends all streams and returns when that is done; blocks the thread.
    func stop() {
        fleet.stop()
        pool.stop()
    }

    /// Whether all units of the stream at an address come; libavformat gives none before the first keyframe.
    func comesWhole(_ url: String) -> Bool {
        guard usesFleet else { return false }
        let scheme = url.prefix(8).lowercased()
        return scheme.hasPrefix("rtsp://") || scheme.hasPrefix("rtsps://")
    }
}
