/// What the last frame showed, for whoever chooses which frames are worth a decode.
public struct FrameSummary: Sendable, Hashable {
    /// Share of the picture, 0…1, that objects cover which do not belong to the empty scene, in a region or not.
    public var foregroundShare: Double
    /// False while the whole picture changes: nothing can be said about objects then.
    public var isJudged: Bool
    /// True when a rule has seen something, but not enough of it for an alert yet.
    public var isPending: Bool
    /// True while an alert runs.
    public var isAlerting: Bool
}
