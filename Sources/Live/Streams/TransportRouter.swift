import Flow
import Ingest
import Synchronization

/// Sends each RTSP camera the way that works for it, see `TransportPlan`, and moves it between the two readers.
///
/// One lock over the plan, the moves and what people hear, so that all three come in the same order; neither reader calls
/// back while it is told to move a camera. Any thread.
final class TransportRouter: Sendable {
    /// What cameras move between.
    struct Readers: Sendable {
        var fleet: RTSPFleet
        var pool: StreamPool
    }

    private struct State {
        var plan: TransportPlan
        var readers: Readers?
    }

    private let state: Mutex<State>
    private let sink: any StreamSink
    private let clocks: Clocks
    private let overUDP: Metric
    private let waiting: Metric

    /// Makes a router without cameras, before its readers.
    init(_ settings: TransportPlan.Settings, sink: any StreamSink, meter: Meter, clocks: Clocks) {
        self.overUDP = meter.gauge(
            "gridwatch_rtsp_over_udp",
            "Cameras that were found to send over UDP or are tried so; those of a visited platform count once."
        )
        self.waiting = meter.gauge(
            "gridwatch_rtsp_udp_waiting",
            "Cameras that wait for a try over UDP, because TCP brings nothing."
        )
        self.state = Mutex(State(plan: TransportPlan(settings: settings)))
        self.sink = sink
        self.clocks = clocks
    }

    /// Takes the readers that cameras move between.
    func connect(_ readers: Readers) {
        state.withLock { $0.readers = readers }
    }

    /// Makes `sources` the cameras that are read.
    func replace(with sources: [StreamSource]) {
        state.withLock { state in
            let placement = state.plan.replace(with: sources)
            state.readers?.fleet.replace(with: placement.fleet)
            state.readers?.pool.replace(with: placement.pool)
            for var status in placement.statuses {
                status.since = clocks.wall()
                sink.changed(status)
            }
        }
    }

    /// Takes a change of a stream that the fleet reads.
    func fleetSaid(_ status: StreamStatus) {
        tell { plan, now in plan.fleetSaid(status, now: now) }
    }

    /// Takes a change of a stream that the pool reads.
    func poolSaid(_ status: StreamStatus) {
        tell { plan, now in plan.poolSaid(status, now: now, random: Double.random(in: 0..<1)) }
    }

    /// Takes that units of a camera came over UDP.
    func poolGave(_ camera: String) {
        tell { plan, now in plan.poolGave(camera, now: now) }
    }

    /// Lets time pass: begins tries over UDP that are due.
    func advance() {
        tell { plan, now in
            defer {
                overUDP.set(plan.overUDP)
                waiting.set(plan.waiting)
            }
            return plan.advance(now: now)
        }
    }

    /// Whether the packets of a camera travel over UDP now.
    func isOverUDP(_ camera: String) -> Bool {
        state.withLock { $0.plan.isOverUDP(camera) }
    }

    private func tell(_ event: (inout TransportPlan, _ now: Double) -> TransportPlan.Answer) {
        state.withLock { state in
            let answer = event(&state.plan, clocks.monotonic())
            for source in answer.moves { move(source, state.readers) }
            for status in answer.statuses { sink.changed(status) }
        }
    }

    private func move(_ source: StreamSource, _ readers: Readers?) {
        if source.overUDP {
            readers?.fleet.remove(source.camera)
            readers?.pool.add(source)
        } else {
            readers?.pool.remove(source.camera)
            readers?.fleet.add(source)
        }
    }
}
