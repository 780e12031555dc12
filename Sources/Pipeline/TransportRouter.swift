import Flow
import Ingest
import Synchronization

/// Sends each RTSP camera the way that works for it: over TCP on the event loop, or over UDP through libavformat.
///
/// Every camera begins over TCP. One that says that it does not send that way goes over UDP, and one that agrees to TCP
/// and sends nothing is tried over UDP once an hour. When UDP fails several times in a row the camera begins anew over
/// TCP: what it can may have changed. What was found is remembered as long as the camera keeps its address. Any thread.
final class TransportRouter: Sendable {
    /// Failures over UDP in a row before TCP is tried again.
    private static let patience = 3
    /// Seconds between two tries over UDP of a camera that is silent over TCP.
    private static let retry = 3600.0
    /// Such tries at once: each holds a thread, and an outage makes many cameras silent.
    private static let mostTrials = 16

    private struct Route {
        var failures = 0
        /// True while nothing shows that UDP is the way.
        var isTrial: Bool
    }

    private struct State {
        var sources: [String: StreamSource] = [:]
        /// The cameras that go over UDP.
        var routes: [String: Route] = [:]
        /// Cameras of which nothing has come over TCP yet.
        var fresh: Set<String> = []
        /// When a silent camera may be tried over UDP again, monotonic seconds.
        var trialAt: [String: Double] = [:]
    }

    private let state = Mutex(State())
    private let transport: RTSPTransport
    private let clocks: Clocks

    /// Makes a router without cameras.
    init(_ transport: RTSPTransport, clocks: Clocks) {
        self.transport = transport
        self.clocks = clocks
    }

    /// Where the cameras belong.
    struct Split {
        var fleet: [StreamSource] = []
        var pool: [StreamSource] = []
    }

    /// Takes the wanted cameras and hands them to `body`, split; nobody else moves one meanwhile.
    func replace(with sources: [StreamSource], _ body: (Split) -> Void) {
        state.withLock { state in
            let wanted = Dictionary(sources.map { ($0.camera, $0) }) { first, _ in first }
            let before = state.sources
            state.routes = state.routes.filter { camera, _ in
                wanted[camera].map { $0.url == before[camera]?.url && $0.patrolSessions == nil } ?? false
            }
            state.fresh = state.fresh.filter { wanted[$0] != nil }
            state.trialAt = state.trialAt.filter { wanted[$0.key] != nil }
            state.sources = wanted
            body(split(state))
        }
    }

    /// Takes a change of a stream that the fleet reads.
    ///
    /// - Returns: Whether the camera goes over UDP from now on, so that nobody need hear of it; `body` has the split.
    func fleetSaid(_ status: StreamStatus, _ body: (Split) -> Void) -> Bool {
        guard transport == .automatic else { return false }
        return state.withLock { state in
            let camera = status.camera
            switch status.state {
            case .connecting: state.fresh.insert(camera)
            case .online, .patrol, .frozen: state.fresh.remove(camera)
            case .stalled, .offline, .refused, .quarantined, .blind: break
            }
            guard let source = state.sources[camera], source.patrolSessions == nil, state.routes[camera] == nil else {
                return false
            }
            let isTrial = status.failure == .silent
            guard status.failure == .otherTransport || isTrial && mayTry(camera, state) else { return false }
            if isTrial { state.trialAt[camera] = clocks.monotonic() + Self.retry }
            state.routes[camera] = Route(isTrial: isTrial)
            body(split(state))
            return true
        }
    }

    /// Takes a change of a stream that the pool reads; `body` gets the split when the camera goes back to TCP.
    func poolSaid(_ status: StreamStatus, _ body: (Split) -> Void) {
        state.withLock { state in
            guard var route = state.routes[status.camera], status.detail != nil else { return }
            route.failures += 1
            state.routes[status.camera] = route.failures < Self.patience ? route : nil
            if route.failures >= Self.patience { body(split(state)) }
        }
    }

    /// Takes that units of cameras came over UDP.
    func poolGave(_ camera: String) {
        state.withLock { state in
            guard state.routes[camera] != nil else { return }
            state.routes[camera] = Route(isTrial: false)
        }
    }

    /// Whether a camera that is silent over TCP is tried over UDP.
    private func mayTry(_ camera: String, _ state: State) -> Bool {
        guard state.fresh.contains(camera) else { return false }
        let trials = state.routes.values.count { $0.isTrial }
        return trials < Self.mostTrials && state.trialAt[camera].map { clocks.monotonic() >= $0 } ?? true
    }

    /// Whether the packets of an RTSP camera travel over UDP now.
    func isOverUDP(_ source: StreamSource) -> Bool {
        state.withLock { isOverUDP(source, $0) }
    }

    private func isOverUDP(_ source: StreamSource, _ state: State) -> Bool {
        transport == .udp || state.routes[source.camera] != nil
    }

    private func split(_ state: State) -> Split {
        var split = Split()
        for var source in state.sources.values {
            source.overUDP = isOverUDP(source, state)
            if source.isRTSP, !source.overUDP { split.fleet.append(source) } else { split.pool.append(source) }
        }
        return split
    }
}
