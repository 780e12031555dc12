/// How many tasks the cameras of one grid may give to people by themselves in a day.
///
/// What is left of a day is kept for what is severe: the less severe a case, the sooner it waits for a person's look
/// instead. Nobody knows in the morning what the evening brings, so shares are set aside beforehand.
public struct TaskBudget: Sendable, Hashable {
    /// A budget that admits every task.
    public static let unlimited = TaskBudget(tasksPerDay: 0)

    /// Tasks of a grid and day in Asia/Shanghai; 0 for no limit.
    public var tasksPerDay: Int

    /// Makes a budget; less than 0 counts as 0, no limit.
    public init(tasksPerDay: Int) {
        self.tasksPerDay = max(0, tasksPerDay)
    }

    /// Whether one more task may be given without a person.
    ///
    /// - Parameters:
    ///   - severity: 1 (most severe: always) to 4 (half of the budget at most).
    ///   - given: Tasks that the grid got today.
    /// - Returns: False when the case has to wait for a person's look.
    public func admits(severity: Int, given: Int) -> Bool {
        guard tasksPerDay > 0 else { return true }
        return switch severity {
        case ...1: true
        case 2: given < tasksPerDay
        case 3: given < (tasksPerDay * 4 + 4) / 5
        default: given < (tasksPerDay + 1) / 2
        }
    }
}
