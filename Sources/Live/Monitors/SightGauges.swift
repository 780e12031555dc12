import Flow
import Ingest

/// The metrics of what is seen of all cameras of a process.
struct SightGauges: Sendable {
    /// What is counted at once.
    struct Sum {
        /// Cameras by state.
        var states: [String: Int] = [:]
        /// Cameras that are not looked at as they should be, by the reason.
        var reasons: [SightReason: Int] = [:]
        /// Cameras that were seen within their interval, and those that were not.
        var seen = 0
        var overdue = 0
    }

    private let online: Metric
    private let blind: Metric
    private let inTime: Metric
    private let overdue: Metric
    private let states: [(name: String, metric: Metric)]
    private let reasons: [(reason: SightReason, metric: Metric)]

    init(_ meter: Meter) {
        online = meter.gauge(
            "gridwatch_cameras_online",
            "Cameras whose streams are open now, and of which nothing says that nobody can look at them."
        )
        blind = meter.gauge(
            "gridwatch_cameras_blind",
            "Cameras that send, but none of whose pictures can be looked at."
        )
        inTime = meter.gauge("gridwatch_cameras_in_time", "Cameras that were seen within their interval.")
        overdue = meter.gauge("gridwatch_cameras_overdue", "Cameras that were not seen within their interval.")
        states = StreamState.allCases.map { state in
            let help = "Cameras in each state."
            return (
                state.rawValue,
                meter.gauge("gridwatch_camera_states", help, labels: [("state", state.rawValue)])
            )
        }
        reasons = SightReason.allCases.map { reason in
            let help = "Cameras with open streams that are not looked at as they should be, by what is in the way."
            return (
                reason,
                meter.gauge("gridwatch_cameras_unseen", help, labels: [("reason", reason.rawValue)])
            )
        }
    }

    func set(_ sum: Sum) {
        online.set(sum.states[StreamState.online.rawValue] ?? 0)
        blind.set(sum.states[StreamState.blind.rawValue] ?? 0)
        inTime.set(sum.seen)
        overdue.set(sum.overdue)
        for (name, metric) in states { metric.set(sum.states[name] ?? 0) }
        for (reason, metric) in reasons { metric.set(sum.reasons[reason] ?? 0) }
    }
}
