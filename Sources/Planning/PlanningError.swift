/// What keeps a machine from being measured.
public struct PlanningError: Error, CustomStringConvertible, Sendable {
    /// One sentence for the operator: what, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
