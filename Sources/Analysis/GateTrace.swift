public import Flow
public import Gate

/// What the gate of one clip let through, and when, for measuring it.
public struct GateTrace: Sendable, Hashable {
    /// Times of the clip's keyframes.
    public var keyframes: [MediaTime] = []
    /// Keyframes that were decoded, by reason.
    public var reasons: [GateReason: Int] = [:]
    /// Times of the decoded keyframes.
    public var decoded: [MediaTime] = []
    /// Groups that were decoded in bursts.
    public var bursts = 0
    /// Pictures that were decoded in bursts, keyframes included.
    public var burstPictures = 0
    /// Times of the pictures of bursts that detection looked at.
    public var looked: [MediaTime] = []
    /// Keyframes that came while the gate had turned itself off.
    public var keyframesOff = 0

    /// Makes an empty trace.
    public init() {}
}
