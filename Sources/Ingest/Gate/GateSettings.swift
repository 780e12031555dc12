/// The tunables of the gate; the defaults are meant to be right, and each gate adapts itself to its camera within them.
public struct GateSettings: Sendable, Hashable {
    /// Activity, in usual deviations of the camera's own sizes, from which a keyframe is decoded at once.
    ///
    /// Default 3, range 1…20.
    public var threshold: Float = 3
    /// The same while the last picture showed something: activity is then a change against the last few seconds.
    ///
    /// Default 2.2, range 1…20.
    public var busyThreshold: Float = 2.2
    /// Longest time between two decoded keyframes while pictures show something, seconds.
    ///
    /// The first one that follows is decoded at once. Default 4, range 0…3600.
    public var followUpSeconds: Float = 4
    /// Keyframes that are all decoded when a stream begins.
    ///
    /// Default 3, range 0…100.
    public var calibrationKeyframes: UInt8 = 3
    /// Bounds of the factor by which a camera's own thresholds adapt.
    ///
    /// Default 0.6…6, range 0.1…10.
    public var gain: ClosedRange<Float> = 0.6...6
    /// Share of the beginnings that the gate did not see, above which it turns itself off for the camera.
    ///
    /// A moving share over about five beginnings. Default 0.5, range 0…1; 1 never turns it off.
    public var missShare: Float = 0.5
    /// Seconds between decoded keyframes where the gate has turned itself off.
    ///
    /// Default 4, range 0…3600.
    public var fallbackSeconds: Float = 4
    /// Seconds after which it tries again.
    ///
    /// Default 600, range 1…86400.
    public var fallbackPeriod: Float = 600
    /// Shortest time between two bursts, seconds.
    ///
    /// Default 10, range 0…3600.
    public var burstGap: Float = 10
    /// Time between keyframes from which a burst does not wait for the next keyframe, seconds.
    ///
    /// Default 3, range 0.5…3600.
    public var longGroup: Float = 3

    /// The defaults.
    public init() {}
}
