internal import Foundation

/// How many alerts a day to expect of quiet pictures, by how near they came to one in a much shorter time.
///
/// Peaks over a threshold: evidence is 0 nearly always and 1 is an alert. Of each minute the highest counts. Minutes above
/// `doubt` are rare, and by how much they go above it is taken to fall off exponentially, which is what high values of
/// most things do. Three such minutes can say what none at 1 cannot.
public struct LongRun: Sendable, Hashable {
    /// Evidence from which on a minute counts.
    static let doubt = 0.25
    /// Minutes above `doubt` below which nothing is made of how far they go.
    private static let fewest = 3
    private static let minutesOfADay = 1440.0

    /// Highest evidence of each minute, 0…1, in any order.
    public var peaks: [Double]

    /// Makes it from the highest evidence of each minute.
    public init(peaks: [Double] = []) {
        self.peaks = peaks
    }

    /// The highest of all; 0 without minutes.
    public var highest: Double { peaks.max() ?? 0 }

    /// Minutes with more evidence than `level`.
    public func minutes(above level: Double) -> Int { peaks.count { $0 > level } }

    /// Alerts to expect a day; nil when too few minutes came near to one to say, which is more than 0 and little.
    public var alertsADay: Double? {
        let excesses = self.excesses
        guard excesses.count >= Self.fewest else { return excesses.isEmpty ? 0 : nil }
        let mean = excesses.reduce(0, +) / Double(excesses.count)
        return Self.minutesOfADay * share(excesses.count) * exp(-(1 - Self.doubt) / mean)
    }

    /// Alerts a day that are not exceeded with 95 % confidence each in how often evidence comes and how far it goes.
    ///
    /// Where too few minutes came near to an alert, each that did counts as one.
    public var alertsADayAtMost: Double {
        let excesses = self.excesses
        let most = Self.chiSquare(2 * excesses.count + 2, deviations: 1.645) / 2
        guard excesses.count >= Self.fewest else { return Self.minutesOfADay * share(most) }
        let spread = Self.chiSquare(2 * excesses.count, deviations: -1.645)
        let mean = 2 * excesses.reduce(0, +) / spread
        return Self.minutesOfADay * share(most) * exp(-(1 - Self.doubt) / mean)
    }

    private var excesses: [Double] { peaks.filter { $0 > Self.doubt }.map { $0 - Self.doubt } }

    private func share(_ count: some BinaryInteger) -> Double { share(Double(count)) }

    private func share(_ count: Double) -> Double { count / Double(max(1, peaks.count)) }

    /// A quantile of the chi-square distribution after Wilson and Hilferty, within a few hundredths; `deviations`: of the
    /// normal distribution.
    private static func chiSquare(_ degrees: Int, deviations: Double) -> Double {
        let spread = 2 / (9 * Double(degrees))
        return Double(degrees) * pow(max(0, 1 - spread + deviations * spread.squareRoot()), 3)
    }
}
