public import Cases

/// How a case stands after an action.
public struct CaseStanding: Sendable, Hashable {
    /// Key.
    public let id: Int
    /// 19 digits.
    public let number: String
    /// Grows with everything that is done with the case.
    public let version: Int
    /// Stage, outcome, newest task, handler and checker.
    public let state: CaseState
    /// Key of the newest task.
    public let taskID: Int?
    /// Post that has the task, or had it last.
    public let assigneePostID: Int?
    /// When handling is due, microseconds since the Unix epoch.
    public let deadlineAt: Int64?
}

extension CaseEntry {
    /// What an action answers.
    var standing: CaseStanding {
        CaseStanding(
            id: id,
            number: number,
            version: version,
            state: state,
            taskID: taskID,
            assigneePostID: assigneePostID,
            deadlineAt: deadlineAt
        )
    }
}
