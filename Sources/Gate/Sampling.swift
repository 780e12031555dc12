/// How much of a stream is looked at.
public enum Sampling: Sendable, Hashable, CustomStringConvertible {
    /// The live mode: a keyframe at least every `floor` seconds, more while the stream's sizes show activity.
    ///
    /// One pooled decoder serves many cameras; frames between keyframes are decoded in bursts, see `Gate`.
    case gated(floor: Double)
    /// Keyframes only, at most one per `every` seconds (0: each one). One pooled decoder serves many cameras.
    case keyframes(every: Double)
    /// Every unit is decoded, at most `perSecond` pictures a second are looked at.
    case frames(perSecond: Double)
    /// Every unit is decoded and looked at.
    case everyFrame

    /// Seconds that a floor or an interval of keyframes may have.
    private static let intervals = 0.0...3600.0
    /// Pictures a second that may be asked for.
    private static let highestRate = 240.0
    /// Share of the interval by which a unit or picture may be early, so that a steady stream is not sampled at half rate.
    static let slack = 0.02

    /// Reads `every`, `keyframes`, `keyframes:10`, `gated:10` or `5fps`.
    ///
    /// - Returns: Nil when the text is none of these; intervals are 0 to 3600 seconds, rates up to 240.
    public init?(_ text: String) {
        let lower = text.lowercased()
        if lower == "every" || lower == "every_frame" {
            self = .everyFrame
        } else if lower == "keyframes" {
            self = .keyframes(every: 0)
        } else if lower == "gated" {
            self = .gated(floor: 10)
        } else if let seconds = Self.interval(of: lower, after: "keyframes:") {
            self = .keyframes(every: seconds)
        } else if let seconds = Self.interval(of: lower, after: "gated:") {
            self = .gated(floor: seconds)
        } else if lower.hasSuffix("fps"), let rate = Double(lower.dropLast(3)), rate > 0, rate <= Self.highestRate {
            self = .frames(perSecond: rate)
        } else {
            return nil
        }
    }

    private static func interval(of text: String, after prefix: String) -> Double? {
        guard text.hasPrefix(prefix), let seconds = Double(text.dropFirst(prefix.count)), intervals.contains(seconds)
        else { return nil }
        return seconds
    }

    /// Whether a picture is looked at, that comes so many seconds after the last one that was.
    ///
    /// Pictures are chosen in the order in which they are shown: streams with B pictures code them in another one.
    public func wants(pictureAfter seconds: Double) -> Bool {
        switch self {
        case .frames(let rate): seconds < 0 || seconds >= (1 - Self.slack) / rate
        case .gated, .keyframes, .everyFrame: true
        }
    }

    /// True where single keyframes are decoded, rather than every unit in order.
    public var isSampled: Bool {
        switch self {
        case .gated, .keyframes: true
        case .frames, .everyFrame: false
        }
    }

    /// Longest time between two pictures that are looked at, as far as the stream allows, seconds; 0: no limit is set.
    public var interval: Double {
        switch self {
        case .gated(let seconds), .keyframes(let seconds): seconds
        case .frames(let rate): 1 / rate
        case .everyFrame: 0
        }
    }

    /// The form that `init(_:)` reads.
    public var description: String {
        switch self {
        case .gated(let floor): "gated:\(floor)"
        case .keyframes(let every): every == 0 ? "keyframes" : "keyframes:\(every)"
        case .frames(let rate): "\(rate)fps"
        case .everyFrame: "every"
        }
    }
}
