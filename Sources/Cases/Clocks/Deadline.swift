/// How a task stands against its time.
public enum Lamp: String, Sendable, Hashable, CaseIterable, Codable {
    /// Less than half of the time is used.
    case green
    /// Half of it is used: a reminder is due.
    case blue
    /// Four fifths are used: a warning is due.
    case yellow
    /// All of it is used.
    case red
}

/// When a task is due: a number of minutes from its dispatch.
public struct Deadline: Sendable, Hashable {
    /// Microseconds since the Unix epoch.
    public let dispatchedAt: Int64
    /// Microseconds since the Unix epoch.
    public let dueAt: Int64

    /// Makes a deadline.
    ///
    /// - Parameters:
    ///   - dispatchedAt: Microseconds since the Unix epoch.
    ///   - minutes: Time to handle, at least 1.
    public init(dispatchedAt: Int64, minutes: Int) {
        self.init(dispatchedAt: dispatchedAt, dueAt: dispatchedAt + Int64(max(1, minutes)) * 60_000_000)
    }

    /// Makes a deadline from both of its ends, microseconds since the Unix epoch.
    public init(dispatchedAt: Int64, dueAt: Int64) {
        self.dispatchedAt = dispatchedAt
        self.dueAt = dueAt
    }

    /// Microseconds that are left; negative when overdue.
    public func remaining(at now: Int64) -> Int64 { dueAt - now }

    /// The lamp: blue from 50 %, yellow from 80 %, red from 100 % of the time.
    public func lamp(at now: Int64) -> Lamp {
        let total = dueAt - dispatchedAt
        let used = now - dispatchedAt
        if used >= total { return .red }
        if used * 5 >= total * 4 { return .yellow }
        return used * 2 >= total ? .blue : .green
    }
}
