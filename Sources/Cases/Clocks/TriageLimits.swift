/// How long a case may wait until somebody has decided whether it is a hazard.
///
/// The clock runs from the moment at which people can see the case until its first dispatch, or its end.
public struct TriageLimits: Sendable, Hashable {
    /// Minutes for severities 1 to 4, each at least 1.
    public let minutes: [Int]

    /// Makes limits; urgent cases within ten minutes, as cities ask of their dispatch desks.
    ///
    /// `minutes`: for severities 1 to 4; what is missing is as the last one.
    public init(minutes: [Int] = [10, 30, 120, 240]) {
        let given = minutes.isEmpty ? [10, 30, 120, 240] : minutes
        self.minutes = (0..<4).map { max(1, given[min($0, given.count - 1)]) }
    }

    /// Minutes for a severity, 1 (most severe) to 4.
    public func minutes(severity: Int) -> Int { minutes[min(max(severity, 1), 4) - 1] }
}
