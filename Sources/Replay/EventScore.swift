internal import Detection
internal import Flow

/// How the alerts of one rule on one clip compare with what truly happened.
///
/// - An event is found when an alert touches it, its tolerance added at both ends.
/// - An alert is false when it touches neither an event (with tolerance) nor an ignore span.
/// - An alert that lies wholly inside ignore spans counts for nothing.
/// - `stationary`, `object_removed`, `loitering`: the alert is due between start + `min_seconds` and the later of
///   start + `min_seconds` + 5 s and the event's end; an event that is shorter than `min_seconds` is none to be found.
public struct EventScore: Sendable, Hashable {
    /// The events that had to be found.
    public let events: [TimeSpan]
    /// Those that were found.
    public let found: [TimeSpan]
    /// Those that were missed.
    public let missed: [TimeSpan]
    /// Alerts that were false.
    public let falseAlerts: [TimeSpan]
    /// For each found event the seconds from its start to the start of the first alert that found it, at least 0.
    public let delays: [Double]

    /// Seconds that an alert with a due time may take.
    private static let grace = 5.0

    /// Compares `alerts`, in any order, with the labels of their rule.
    public init(alerts: [TimeSpan], labels: LabelledRule) {
        let ignored = TimeSpan.joined(labels.ignore)
        let counted = alerts.sorted { ($0.start, $0.end) < ($1.start, $1.end) }.filter { alert in
            !ignored.contains { $0.start <= alert.start && alert.end <= $0.end }
        }
        var events: [TimeSpan] = []
        var found: [TimeSpan] = []
        var missed: [TimeSpan] = []
        var delays: [Double] = []
        var allowed = ignored
        for event in labels.events {
            allowed.append(event.widened(bySeconds: labels.tolerance))
            guard let window = Self.window(event, labels) else { continue }
            events.append(event)
            allowed.append(window)
            if let first = counted.first(where: { $0.touches(window) }) {
                found.append(event)
                delays.append(max(0, first.start.seconds(since: event.start)))
            } else {
                missed.append(event)
            }
        }
        self.events = events
        self.found = found
        self.missed = missed
        self.delays = delays
        falseAlerts = counted.filter { alert in !allowed.contains { $0.touches(alert) } }
    }

    /// When an alert finds `event`; nil when none is due.
    private static func window(_ event: TimeSpan, _ labels: LabelledRule) -> TimeSpan? {
        guard labels.rule.kind.hasDueTime else { return event.widened(bySeconds: labels.tolerance) }
        let due = event.start.advanced(bySeconds: labels.rule.minSeconds ?? 0)
        guard event.end > due else { return nil }
        let latest = max(due.advanced(bySeconds: grace), event.end)
        return TimeSpan(start: due, end: latest).widened(bySeconds: labels.tolerance)
    }
}
