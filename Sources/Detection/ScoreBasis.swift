import Flow

/// What the scores of a rule mean: which of them can be compared, and at which threshold they are 1.
public struct ScoreBasis: Sendable, Hashable {
    /// The same for all whose scores differ by the threshold only: 16 hex digits.
    public let version: String
    /// The share of the region at which the score is 1; 1 for kinds of rules that do not go by a share.
    public let threshold: Double

    /// Settings that change when a rule alerts, but not how it scores a picture.
    private static let others: Set<String> = ["min_share", "dwell", "hold", "warm_up_seconds"]

    /// The basis of a rule under settings.
    public init(_ rule: Rule, _ settings: DetectionSettings) {
        let values = settings.values.filter { !Self.others.contains($0.key) }.sorted { $0.key < $1.key }
        let drawn = ([rule.polygon ?? [], rule.line ?? []] + rule.masks).map { outline in
            outline.map { "\($0.x),\($0.y)" }.joined(separator: " ")
        }
        let numbers = [
            rule.size?.near, rule.size?.far, rule.minSeconds, rule.minCount.map(Double.init),
            Self.stillShare(rule, settings),
        ]
        // Outside its schedule a rule scores nothing.
        let schedule = rule.schedule?.windows.map(Self.text).joined(separator: " ") ?? ""
        let parts =
            [rule.kind.rawValue, rule.direction?.rawValue ?? "", schedule] + drawn
            + numbers.map { $0.map { "\($0)" } ?? "" }
            + values.map { "\($0.key)=\($0.value)" }
        let digits = String(StableHash.of(parts.joined(separator: "/")), radix: 16)
        version = String(repeating: "0", count: 16 - digits.count) + digits
        threshold = rule.hasShareThreshold ? rule.neededShare(settings) : 1
    }

    /// The same text in every process: sets have another order in each.
    private static func text(_ window: Schedule.Window) -> String {
        let days = if case .week(let days) = window.days { "\(days.sorted())" } else { "\(window.days)" }
        return "\(days) \(window.from) \(window.to)"
    }

    /// What the scores of objects that stand still or are gone depend on, though they are no shares.
    private static func stillShare(_ rule: Rule, _ settings: DetectionSettings) -> Double? {
        switch rule.kind {
        case .stationary: rule.thresholds.minShare ?? settings.minShare
        case .objectRemoved: rule.thresholds.minShare
        case .intrusion, .quiet, .line, .loitering, .crowd, .tamper: nil
        }
    }
}
