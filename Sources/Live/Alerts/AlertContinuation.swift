import Flow
import Spool

/// Lets an alert that a process left behind go on under its own name, when the next process sees it still.
///
/// A restarted process knows nothing of what ran: it sees the condition hold and starts an alert, whose start is that of
/// its own first pictures. Without this, one thing at the river would be two alerts that begin within a second or two.
struct AlertContinuation {
    /// Longest time from the last statement of the old alert to the start of the new one, seconds: the interval between
    /// statements of a running alert, and the time that a restart takes.
    static let window = 15.0
    /// The same of an alert that was ended, because its process was stopped in order or lost its parent.
    static let endedWindow = 3.0

    private struct Going {
        let id: String
        let startedAt: MediaTime
    }

    private var left: [Int64: LastAlert]
    private var going: [Int64: Going] = [:]

    /// `left`: the newest alerts of the process before this one.
    init(left: [LastAlert]) {
        self.left = Dictionary(left.map { ($0.key, $0) }) { $1 }
    }

    /// The statement as it is to be kept: that of an alert which goes on gets its id and start.
    mutating func follow(_ record: AlertRecord) -> AlertRecord {
        guard !left.isEmpty || !going.isEmpty else { return record }
        let key = LastAlert.key(camera: record.camera, rule: record.rule)
        if record.phase == .start {
            going[key] = nil
            if let old = left.removeValue(forKey: key), old.startedAt < record.startedAt,
                // A clock that was set back makes nothing that is to come the continuation of what was.
                -1...(old.hasEnded ? Self.endedWindow : Self.window) ~= record.startedAt.seconds(since: old.statedAt)
            {
                going[key] = Going(id: record.id, startedAt: old.startedAt)
            }
        }
        guard let alert = going[key], alert.id == record.id else { return record }
        if record.phase == .end { going[key] = nil }
        var record = record
        record.startedAt = alert.startedAt
        record.id = AlertID.make(camera: record.camera, rule: record.rule, start: alert.startedAt)
        return record
    }
}
