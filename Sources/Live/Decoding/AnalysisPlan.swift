import Detection
import Gate

/// How much of a camera is looked at.
struct SamplingPlan: Sendable, Hashable {
    /// Which of its pictures.
    var sampling: Sampling
    /// Monitoring point class I, II or III as 1…3.
    var pointClass: Int
    /// Bytes of pictures since the last keyframe that are kept for bursts.
    var bufferBytes: Int

    /// Seconds between two samples.
    var interval: Double { sampling.interval }
}

/// What a camera is analysed by.
struct AnalysisPlan: Sendable {
    /// Its rules.
    var rules: [Rule]
    /// Settings of detection that differ from the daemon's, by key.
    var profile: [String: Double] = [:]
    /// How much of it is looked at.
    var sampling: SamplingPlan
}
