import Flow
import Logging
import Logs
import Store

/// Counts and tells what became of alerts that went to the database.
struct DeliveryNotes: Sendable {
    private let flood: FloodGate
    private let setAside: Metric
    private let late: Metric
    private let heldBack: Metric

    init(meter: Meter, logger: Logger, clocks: Clocks) {
        self.flood = FloodGate(logger, clocks: clocks)
        self.setAside = meter.counter(
            "gridwatch_alerts_set_aside_total",
            "Alert statements put into the quarantine because of what they hold; see gridwatch alerts list."
        )
        self.heldBack = meter.counter(
            "gridwatch_cases_held_back_total",
            "Times that a case was kept from becoming a task, because its grid had enough of them that day."
        )
        self.late = meter.counter(
            "gridwatch_alerts_late_total",
            "Alerts stored as facts only, because their cameras belong to another worker now, which acts on them."
        )
    }

    /// Takes what became of a batch.
    func take(_ report: WriteReport) {
        late.add(report.late)
        heldBack.add(report.casesHeldBack)
        if report.quarantined > 0 {
            setAside.add(report.quarantined)
            let reasons = report.quarantineReasons.sorted().joined(separator: "; ")
            flood.log(.warning, "alerts put aside", metadata: ["count": "\(report.quarantined)", "why": "\(reasons)"])
        }
        if report.casesWithoutPost > 0 {
            flood.log(
                .warning,
                "cases wait: no post answers for their grid",
                metadata: ["count": "\(report.casesWithoutPost)"]
            )
        }
        if report.alertsWithoutNumber > 0 {
            flood.log(
                .error,
                "alerts without a case: the day's numbers are used up",
                metadata: ["count": "\(report.alertsWithoutNumber)"]
            )
        }
    }
}
