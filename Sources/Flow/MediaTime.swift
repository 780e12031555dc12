/// An instant on the pipeline's clock, in whole microseconds.
///
/// Live, the clock counts from the Unix epoch (UTC) and is `Clocks.steady`; in replay it counts from the first frame of
/// the clip. No stage asks a wall clock: it takes the time of the unit it works on, which is what makes replay and live the same pipeline.
public struct MediaTime: Hashable, Comparable, Sendable, Codable {
    /// Microseconds since the clock's origin; negative before it.
    public var microseconds: Int64

    /// The origin of the clock.
    public static let zero = MediaTime(microseconds: 0)

    /// Makes an instant from whole microseconds.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Makes an instant from seconds, rounded to the nearest microsecond.
    public init(seconds: Double) {
        self.microseconds = Int64((seconds * 1_000_000).rounded())
    }

    /// Seconds since the origin.
    public var seconds: Double { Double(microseconds) / 1_000_000 }

    /// The instant `seconds` later (earlier when negative).
    public func advanced(bySeconds seconds: Double) -> MediaTime {
        MediaTime(microseconds: microseconds &+ Int64((seconds * 1_000_000).rounded()))
    }

    /// The instant so many microseconds later (earlier when negative).
    public func shifted(by microseconds: Int64) -> MediaTime {
        MediaTime(microseconds: self.microseconds &+ microseconds)
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is later.
    public func seconds(since earlier: MediaTime) -> Double {
        Double(microseconds &- earlier.microseconds) / 1_000_000
    }

    /// Orders instants by time.
    public static func < (left: MediaTime, right: MediaTime) -> Bool {
        left.microseconds < right.microseconds
    }

    /// Reads the microseconds as one number.
    public init(from decoder: any Decoder) throws {
        self.microseconds = try decoder.singleValueContainer().decode(Int64.self)
    }

    /// Writes the microseconds as one number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(microseconds)
    }
}
