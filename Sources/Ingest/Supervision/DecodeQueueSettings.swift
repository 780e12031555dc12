/// The bounds of a `DecodeQueue` and how the classes share a decoder that cannot keep up.
public struct DecodeQueueSettings: Sendable, Hashable {
    /// Longest interval between two samples that is reckoned with, seconds.
    static let longestInterval = 3600.0

    /// Most bytes that wait.
    public var bytes: Int
    /// Most samples that wait.
    public var samples: Int
    /// Part of its interval that a sample may wait.
    public var share: Double
    /// How far the intervals of class I, II and III may be stretched while a more important class still has its own.
    ///
    /// What class III gets at the least is one sample in so many intervals.
    public var stretchLimits: SIMD3<Double>

    /// Makes the bounds; what is out of range is moved to the nearest value that works.
    public init(
        bytes: Int = 64 << 20,
        samples: Int = 20_000,
        share: Double = 0.5,
        stretchLimits: SIMD3<Double> = SIMD3(1, 4, 16)
    ) {
        self.bytes = max(1, bytes)
        self.samples = max(1, samples)
        self.share = min(max(0.05, share), 1)
        self.stretchLimits = pointwiseMax(stretchLimits, SIMD3(repeating: 1))
    }
}

/// What went through a `DecodeQueue`; the index of each array is the class: 0 is I, 2 is III.
public struct DecodeCounts: Sendable, Hashable {
    /// Samples offered.
    public var offered = [0, 0, 0]
    /// Samples taken by the decoder.
    public var taken = [0, 0, 0]
    /// Samples taken after their deadline; part of `taken`.
    public var late = [0, 0, 0]
    /// Samples lost because a newer one of the same camera came.
    public var replaced = [0, 0, 0]
    /// Samples lost because the queue was full.
    public var shed = [0, 0, 0]
    /// Samples refused because one alone is larger than the bound of the queue.
    public var tooLarge = [0, 0, 0]

    /// Nothing went through yet.
    public init() {}
}
