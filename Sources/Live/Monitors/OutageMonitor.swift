import Flow
import Foundation
import Ingest
import Logging
import Store
import Synchronization

/// Turns states of streams into what people should know: a fault case for a camera that stays away, one incident when
/// many fail at once, when the database is away, or when the clock jumps.
///
/// Faults are alerts of their own kind and go the way of all alerts, through spool and store, to the maintenance unit.
final class OutageMonitor: StatusListener {
    /// Seconds between two looks.
    private static let interval = 1.0
    /// Statements that may wait for the recorder.
    private static let pendingLimit = 20_000

    /// Seconds between two statements about the reason of one fault: cameras that try again fail in many ways.
    private static let reasonsApart = 600.0

    /// A fault that is open.
    private struct Fault {
        let start: MediaTime
        /// Why, as it was told last.
        var reason: String
        var toldAt: Double
    }

    private struct State {
        var faults: FaultDetector<String>
        var judge: OutageJudge<String>
        var hosts: [String: String] = [:]
        /// Why cameras are out of service, by camera.
        var reasons: [String: String] = [:]
        var openFaults: [String: Fault] = [:]
        var pending: [AlertRecorder.Item] = []
    }

    private let state: Mutex<State>
    private let recorder: AlertRecorder
    private let incidents: IncidentOutbox
    private let loops: LoopMonitor
    private let standing: LeaseStanding
    private let clocks: Clocks
    private let faults: Metric
    private let openIncidents: Metric
    private let droppedFaults: Metric

    /// Makes a monitor; `run` starts it.
    ///
    /// `standing`: a lease that does not hold means that the database is away.
    init(
        faults: FaultDetectorSettings,
        outages: OutageSettings,
        recorder: AlertRecorder,
        incidents: IncidentOutbox,
        loops: LoopMonitor,
        meter: Meter,
        standing: LeaseStanding,
        clocks: Clocks = .system
    ) {
        self.state = Mutex(State(faults: FaultDetector(settings: faults), judge: OutageJudge(settings: outages)))
        self.recorder = recorder
        self.incidents = incidents
        self.loops = loops
        self.standing = standing
        self.clocks = clocks
        self.faults = meter.gauge("gridwatch_camera_faults", "Cameras that are a fault case now.")
        self.droppedFaults = meter.counter(
            "gridwatch_camera_faults_dropped_total",
            "Begins and ends of camera faults that were dropped, because the disk refused alerts for too long."
        )
        self.openIncidents = meter.gauge(
            "gridwatch_incidents",
            "Incidents that are open now, as this process sees them."
        )
    }

    /// Takes the cameras that are watched, with the host that each is reached at.
    func replace(with hosts: [String: String?]) {
        let now = clocks.monotonic()
        state.withLock { state in
            for camera in state.hosts.keys where hosts[camera] == nil {
                state.judge.remove(camera)
                if case .faultEnded(let camera, let at) = state.faults.remove(camera, now: now) {
                    end(camera, at: at, &state)
                }
                state.hosts[camera] = nil
                state.reasons[camera] = nil
            }
            for (camera, host) in hosts where state.hosts[camera] != host ?? "" {
                state.judge.add(camera, platform: nil, host: host)
                state.hosts[camera] = host ?? ""
            }
        }
    }

    /// Takes a change of a stream; any thread.
    func changed(_ status: StreamStatus) {
        let now = clocks.monotonic()
        state.withLock { state in
            state.faults.changed(status.camera, to: status.state, now: now)
            state.judge.changed(status.camera, to: status.state, now: now)
            note(status, now: now, &state)
        }
    }

    /// Remembers why a camera is out of service, and says so when it is a fault already and the reason is another now.
    private func note(_ status: StreamStatus, now: Double, _ state: inout State) {
        switch status.state {
        case .connecting: return
        case .online, .patrol:
            state.reasons[status.camera] = nil
            return
        default: break
        }
        let reason = status.reason ?? status.state.rawValue
        state.reasons[status.camera] = reason
        // One that comes and goes fails in another way each time: that it does says more.
        guard let fault = state.openFaults[status.camera], fault.reason != reason,
            fault.reason != CameraFaultKind.unsteady.rawValue, now - fault.toldAt >= Self.reasonsApart
        else { return }
        let told = Fault(start: fault.start, reason: reason, toldAt: now)
        state.openFaults[status.camera] = told
        let statement = record(status.camera, .update, told, at: clocks.wall(), end: nil)
        state.pending.append(AlertRecorder.Item(record: recorder.named(statement), jpeg: nil))
    }

    /// Looks once a second until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            look()
            do {
                try await incidents.write()
                loops.turned(.watch)
            } catch {
                loops.turned(.watch, failed: error)
            }
            try? await Task.sleep(for: .seconds(Self.interval))
        }
    }

    /// Faults and incidents as they stand now.
    func look() {
        let now = clocks.monotonic()
        let wall = clocks.wall()
        let isAway = standing.trouble != nil
        let actions = state.withLock { state in
            state.judge.database(isAway: isAway, now: now)
            state.judge.clocks(wall: wall.seconds, monotonic: now)
            let actions = state.judge.advance(now: now)
            let judge = state.judge
            for action in state.faults.advance(now: now, explainedUntil: { judge.explainedUntil($0) }) {
                switch action {
                case .faultBegan(let camera, let since, let kind): begin(camera, since: since, kind, &state)
                case .faultEnded(let camera, let at): end(camera, at: at, &state)
                }
            }
            faults.set(state.faults.openFaults)
            openIncidents.set(state.judge.open.count)
            offerPending(&state)
            return actions
        }
        for action in actions { incidents.take(action, wallOf: { self.wall(of: $0) }) }
    }

    private func begin(_ camera: String, since: Double, _ kind: CameraFaultKind, _ state: inout State) {
        let reason = kind == .unsteady ? kind.rawValue : state.reasons[camera] ?? kind.rawValue
        let fault = Fault(start: wall(of: since), reason: reason, toldAt: clocks.monotonic())
        state.openFaults[camera] = fault
        state.pending.append(
            AlertRecorder.Item(
                record: recorder.named(record(camera, .start, fault, at: clocks.wall(), end: nil)),
                jpeg: nil
            )
        )
    }

    private func end(_ camera: String, at: Double, _ state: inout State) {
        guard let fault = state.openFaults.removeValue(forKey: camera) else { return }
        let end = max(wall(of: at), fault.start)
        let statement = record(camera, .end, fault, at: max(clocks.wall(), end), end: end)
        state.pending.append(AlertRecorder.Item(record: recorder.named(statement), jpeg: nil))
    }

    /// What the recorder cannot take now is offered again; beyond the bound the oldest go, whose cameras will be told
    /// of again when they change.
    private func offerPending(_ state: inout State) {
        var handed = 0
        while handed < state.pending.count, recorder.offer(state.pending[handed]) { handed += 1 }
        let dropped = max(0, state.pending.count - handed - Self.pendingLimit)
        if dropped > 0 { droppedFaults.add(dropped) }
        state.pending.removeFirst(handed + dropped)
    }

    private func record(
        _ camera: String,
        _ phase: AlertPhase,
        _ fault: Fault,
        at: MediaTime,
        end: MediaTime?
    ) -> AlertRecord {
        AlertRecord(
            id: AlertID.make(camera: camera, rule: CameraFault.rule, start: fault.start),
            camera: camera,
            rule: CameraFault.rule,
            kind: CameraFault.kind,
            hazardType: CameraFault.hazardType,
            severity: 3,
            autoDispatch: true,
            phase: phase,
            startedAt: fault.start,
            statedAt: at,
            endedAt: end,
            score: 1,
            box: .full,
            evidence: nil,
            settingsVersion: "supervision",
            reason: fault.reason
        )
    }

    /// The wall time of a monotonic instant of the past.
    private func wall(of monotonic: Double) -> MediaTime {
        clocks.wall().advanced(bySeconds: monotonic - clocks.monotonic())
    }
}
