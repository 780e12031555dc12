internal import Foundation

/// How many alerts a day to expect of quiet pictures, by how near they came to one in a much shorter time.
///
/// Peaks over a threshold: evidence is 0 nearly always and 1 is an alert. Of each minute the highest counts. By how much
/// it goes above `doubt`, where it does, is taken to fall off exponentially: a minute with 1 says only that it is no less.
/// Evidence comes picture by picture, in steps of up to a half, so this is a rough figure: by a factor, not by a tenth.
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

    /// Minutes with an alert.
    public var alerts: Int { peaks.count { $0 >= 1 } }

    /// Alerts to expect a day; nil when too few minutes came near to one to say, which is more than 0 and little.
    public var alertsADay: Double? {
        let excesses = self.excesses
        let below = excesses.count - alerts
        guard below >= Self.fewest else { return below == 0 || alerts > 0 ? aDay(Double(alerts)) : nil }
        let mean = excesses.reduce(0, +) / Double(below)
        return max(aDay(Double(alerts)), aDay(Double(excesses.count)) * exp(-(1 - Self.doubt) / mean))
    }

    /// Alerts a day that are not exceeded with 95 % confidence each in how often evidence comes and how far it goes.
    ///
    /// Where too few minutes came near to an alert, each that did counts as one.
    public var alertsADayAtMost: Double {
        let excesses = self.excesses
        let below = excesses.count - alerts
        let most = Self.most(excesses.count)
        guard below >= Self.fewest else { return aDay(most) }
        let mean = 2 * excesses.reduce(0, +) / Self.chiSquare(2 * below, deviations: -1.645)
        return max(alerts == 0 ? 0 : aDay(Self.most(alerts)), aDay(most) * exp(-(1 - Self.doubt) / mean))
    }

    /// By how much minutes went above the doubt; of those with an alert, at least.
    private var excesses: [Double] { peaks.filter { $0 > Self.doubt }.map { min(1, $0) - Self.doubt } }

    private func aDay(_ minutes: Double) -> Double {
        Self.minutesOfADay * min(1, minutes / Double(max(1, peaks.count)))
    }

    /// The mean that so many are not below with 95 % confidence, when they come by chance.
    private static func most(_ count: Int) -> Double { chiSquare(2 * count + 2, deviations: 1.645) / 2 }

    /// A quantile of the chi-square distribution after Wilson and Hilferty, within a few hundredths; `deviations`: of the
    /// normal distribution.
    private static func chiSquare(_ degrees: Int, deviations: Double) -> Double {
        let spread = 2 / (9 * Double(degrees))
        return Double(degrees) * pow(max(0, 1 - spread + deviations * spread.squareRoot()), 3)
    }
}
