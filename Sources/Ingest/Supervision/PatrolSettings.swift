/// The limits of a `PatrolPlan`; times in seconds.
public struct PatrolSettings: Sendable, Hashable {
    /// Most sessions at once.
    public var sessions: Int
    /// How often a camera of class I, II and III should be seen.
    public var intervals: SIMD3<Double>
    /// Longest visit.
    public var timeout: Double
    /// Length of a visit that is reckoned with until some were measured.
    public var expectedVisit: Double
    /// How far the intervals of class I, II and III may be stretched while a more important class keeps its own.
    public var stretchLimits: SIMD3<Double>

    /// Makes the limits; what is out of range is moved to the nearest value that works.
    public init(
        sessions: Int,
        intervals: SIMD3<Double> = SIMD3(120, 300, 900),
        timeout: Double = 15,
        expectedVisit: Double = 4,
        stretchLimits: SIMD3<Double> = SIMD3(1, 2, 4)
    ) {
        self.sessions = min(max(1, sessions), 10_000)
        self.intervals = pointwiseMax(intervals, SIMD3(repeating: 1))
        self.timeout = max(1, timeout)
        self.expectedVisit = min(max(0.1, expectedVisit), self.timeout)
        self.stretchLimits = pointwiseMax(stretchLimits, SIMD3(repeating: 1))
    }
}

/// How well a patrol keeps its intervals, for one class or for all.
public struct PatrolCoverage: Sendable, Hashable {
    /// Cameras in the plan.
    public var cameras = 0
    /// Cameras that were seen within their interval, counted back from now.
    public var seenInTime = 0
    /// Cameras that were never seen.
    public var neverSeen = 0
    /// Mean time beyond the interval since the last picture, over all cameras, seconds; of those never seen, since
    /// they came into the plan.
    public var meanLateness = 0.0
    /// How far the interval is stretched now, because the sessions do not suffice; 1 when they do.
    public var stretch = 1.0

    /// Part of the cameras that were seen in time, 0…1.
    public var share: Double { cameras == 0 ? 1 : Double(seenInTime) / Double(cameras) }
}
