/// What a rule watches for.
public enum RuleKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Something is inside the region that does not belong to the empty scene, moving or standing still.
    case intrusion
    /// Something crosses a line in a direction.
    case line
    /// Something was left in the region.
    case stationary
    /// Something that belongs to the region is gone.
    case objectRemoved = "object_removed"
    /// At least `minCount` people or vehicles are in the region.
    case crowd
    /// One object stays in the region for `minSeconds`, moving or not.
    case loitering
    /// The camera is covered, turned or blinded.
    case tamper
    /// Nothing ever happens here: every alert is false. Judged like `intrusion`, used to measure false alerts.
    case quiet
}
