public import Analysis
import Detection
public import Flow

extension ClipOutcome {
    /// What a run of the pipeline over a clip gave, as it is scored and reported.
    ///
    /// - Parameters:
    ///   - result: What the run gave.
    ///   - looks: Times of the pictures that detection looked at; empty when they were not kept.
    public init(_ result: ClipRun.Result, looks: [MediaTime] = []) {
        self.init(
            alerts: result.alerts.map { alert in
                ClipAlert(
                    rule: alert.rule.id,
                    kind: alert.rule.kind,
                    span: TimeSpan(start: alert.start, end: max(alert.start, alert.end)),
                    score: alert.score,
                    box: alert.box
                )
            },
            framesRead: result.unitsRead,
            framesDecoded: result.picturesSeen,
            looks: looks,
            duration: result.duration.seconds,
            cpuSeconds: result.cpuSeconds
        )
    }
}
