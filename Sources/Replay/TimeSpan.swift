public import Flow

/// A stretch of time, both ends included.
///
/// Whole microseconds, so that edges that touch on paper touch in the computer too.
public struct TimeSpan: Sendable, Hashable, Codable {
    /// First instant.
    public var start: MediaTime
    /// Last instant, not before `start`.
    public var end: MediaTime

    /// Makes a span.
    public init(start: MediaTime, end: MediaTime) {
        self.start = start
        self.end = end
    }

    /// Makes a span from seconds.
    public init(_ start: Double, _ end: Double) {
        self.init(start: MediaTime(seconds: start), end: MediaTime(seconds: end))
    }

    /// Reads the form of label files, `[start, end]` in seconds.
    public init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        let (start, end) = (try values.decode(Double.self), try values.decode(Double.self))
        guard values.isAtEnd, start >= 0, end >= start, end <= 1e9 else {
            throw DecodingError.dataCorruptedError(
                in: values,
                debugDescription: "is no [start, end] in seconds with 0 ≤ start ≤ end"
            )
        }
        self.init(start, end)
    }

    /// Writes `[start, end]` in seconds.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(start.seconds)
        try values.encode(end.seconds)
    }

    /// True when both have an instant in common.
    public func touches(_ other: TimeSpan) -> Bool {
        start <= other.end && other.start <= end
    }

    /// The span with `seconds` more at both ends.
    public func widened(bySeconds seconds: Double) -> TimeSpan {
        TimeSpan(start: start.advanced(bySeconds: -seconds), end: end.advanced(bySeconds: seconds))
    }

    /// The spans in order, those that touch joined.
    public static func joined(_ spans: [TimeSpan]) -> [TimeSpan] {
        var result: [TimeSpan] = []
        for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            if let last = result.last, last.touches(span) {
                result[result.count - 1].end = max(last.end, span.end)
            } else {
                result.append(span)
            }
        }
        return result
    }
}
