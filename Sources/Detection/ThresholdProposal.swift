/// A higher threshold for a rule, from what people said about its alerts.
///
/// A hazard that is missed weighs more than any number of false alarms: the threshold stays below the weakest hazard.
public struct ThresholdProposal: Sendable, Hashable {
    /// The threshold goes to at most so many times what it is.
    private static let most = 4.0
    /// How far it goes above the strongest false alarm that it avoids, and stays below the weakest hazard.
    private static let above = 1.05
    private static let below = 0.8

    /// Times the threshold that holds.
    public let factor: Double
    /// How many of the false alarms would not have come.
    public let avoided: Int

    /// Looks for the threshold that avoids most.
    ///
    /// - Parameters:
    ///   - falseScores: Scores, 0…1, of the alerts that were false alarms.
    ///   - hazardScores: Scores of those that were hazards.
    public init?(falseScores: [Double], hazardScores: [Double]) {
        let weakest = hazardScores.map(AlertLifecycle.strength).min().map { $0 * Self.below } ?? .infinity
        let limit = min(Self.most, weakest)
        let strengths = falseScores.map { AlertLifecycle.strength(ofScore: $0) }
        let factors = strengths.map { $0 * Self.above }.filter { $0 <= limit }
        guard let factor = factors.max() else { return nil }
        self.factor = factor
        avoided = strengths.count { $0 < factor }
    }
}

extension Rule {
    /// Width and height of the plane against which shares are reckoned.
    private static let plane = (width: 160, height: 90)

    /// Whether its alerts depend on the share of the region that is occupied.
    public var hasShareThreshold: Bool { kind == .intrusion || kind == .quiet }

    /// The share of the region that an alert needs now: what the rule or the settings say, at least the smallest
    /// object.
    public func neededShare(_ settings: DetectionSettings) -> Double {
        let region = Region(self, width: Self.plane.width, height: Self.plane.height)
        let least = max(4, settings.minBlob * Double(Self.plane.width * Self.plane.height))
        return min(1, max(thresholds.minShare ?? settings.minShare, least / Double(max(1, region.count))))
    }

    /// The rule with a threshold so many times as high.
    public func raised(by factor: Double, _ settings: DetectionSettings) -> Rule {
        var rule = self
        rule.thresholds.minShare = min(1, (neededShare(settings) * factor * 1e5).rounded(.up) / 1e5)
        return rule
    }
}
