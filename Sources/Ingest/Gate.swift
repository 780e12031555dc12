public import Flow

/// How much of a stream is looked at.
public enum Sampling: Sendable, Hashable, CustomStringConvertible {
    /// Keyframes only, at most one per `every` seconds (0: each one). One pooled decoder serves many cameras.
    case keyframes(every: Double)
    /// Every unit is decoded, at most `perSecond` pictures a second are looked at.
    case frames(perSecond: Double)
    /// Every unit is decoded and looked at.
    case everyFrame

    /// Reads `every`, `keyframes`, `keyframes:10` or `5fps`.
    ///
    /// - Returns: Nil when the text is none of these.
    public init?(_ text: String) {
        let lower = text.lowercased()
        if lower == "every" || lower == "every_frame" {
            self = .everyFrame
        } else if lower == "keyframes" {
            self = .keyframes(every: 0)
        } else if lower.hasPrefix("keyframes:"), let seconds = Double(lower.dropFirst(10)), (0...3600).contains(seconds)
        {
            self = .keyframes(every: seconds)
        } else if lower.hasSuffix("fps"), let rate = Double(lower.dropLast(3)), rate > 0, rate <= 240 {
            self = .frames(perSecond: rate)
        } else {
            return nil
        }
    }

    /// The form that `init(_:)` reads.
    public var description: String {
        switch self {
        case .keyframes(let every): every == 0 ? "keyframes" : "keyframes:\(every)"
        case .frames(let rate): "\(rate)fps"
        case .everyFrame: "every"
        }
    }
}

/// Decides which access units deserve a decode, from their types and times alone.
///
/// One per camera, on the camera's worker. The seam for what comes: sampling by class, activity in the compressed
/// stream, bursts over the buffered group of pictures.
public struct Gate: Sendable {
    /// What to do with a unit.
    public enum Verdict: Sendable, Hashable {
        /// Leave it.
        case skip
        /// Decode it; look at the picture.
        case decode
        /// Decode it only because later units need it.
        case decodeUnseen
    }

    /// Share of the sampling interval by which a unit may be early, so that a steady stream is not sampled at half rate.
    private static let slack = 0.02

    private let sampling: Sampling
    private var lastSeen: MediaTime?
    private var waitsForKeyframe = true

    /// Makes the gate of one camera.
    public init(sampling: Sampling) {
        self.sampling = sampling
    }

    /// Judges the next unit of the camera.
    public mutating func admit(_ unit: AccessUnit) -> Verdict {
        if waitsForKeyframe, !unit.isKeyframe { return .skip }
        waitsForKeyframe = false
        switch sampling {
        case .everyFrame:
            return .decode
        case .keyframes(let every):
            return unit.isKeyframe && isDue(unit.time, every: every) ? .decode : .skip
        case .frames(let rate):
            return isDue(unit.time, every: 1 / rate) ? .decode : .decodeUnseen
        }
    }

    /// Forgets the stream's continuity after a loss: nothing is decoded until the next keyframe.
    public mutating func interrupted() {
        waitsForKeyframe = true
    }

    private mutating func isDue(_ time: MediaTime, every seconds: Double) -> Bool {
        if let lastSeen, time >= lastSeen, time.seconds(since: lastSeen) < seconds * (1 - Self.slack) { return false }
        lastSeen = time
        return true
    }
}
