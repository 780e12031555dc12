internal import Detection
internal import Flow
internal import Foundation

/// The alerts of an earlier evaluation, as `evaluate --json` wrote them: what another one is compared with.
public struct Baseline: Sendable, Hashable {
    /// The file that it was read from, as it was named.
    public let path: String
    /// The sampling of that run.
    public let sampling: String
    /// Version of the settings of that run.
    public let settings: String
    /// Alerts by clip and rule.
    let alerts: [Key: [TimeSpan]]

    struct Key: Hashable, Sendable {
        var clip: String
        var rule: String
    }

    private struct Document: Decodable {
        struct Row: Decodable {
            var clip: String
            var rule: String
            var alerts: [TimeSpan]
        }

        struct Settings: Decodable {
            var sampling: String
            var version: String
        }

        var rows: [Row]
        var settings: Settings

        enum CodingKeys: String, CodingKey {
            case rows = "by_clip"
            case settings
        }
    }

    /// Reads a document of `evaluate --json`.
    ///
    /// - Throws: `ReplayError` that names the file and what is wrong with it.
    public init(path: String) throws(ReplayError) {
        let document: Document
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            document = try JSONDecoder().decode(Document.self, from: data)
        } catch let error as DecodingError {
            throw ReplayError(
                .baselineUnusable,
                "\(path) is no document of 'gridwatch evaluate --json': \(LabelFile.explain(error))"
            )
        } catch {
            throw ReplayError(.baselineUnusable, "\(path) cannot be read: \(error.localizedDescription)")
        }
        self.path = path
        sampling = document.settings.sampling
        settings = document.settings.version
        alerts = Dictionary(
            document.rows.map { (Key(clip: $0.clip, rule: $0.rule), $0.alerts) },
            uniquingKeysWith: { first, _ in first }
        )
    }
}

/// What an evaluation has won and lost against an earlier one, over the rules and clips that both have.
///
/// The earlier alerts are scored with today's labels, so a label that was corrected meanwhile is no difference.
public struct Comparison: Sendable, Hashable {
    /// What became of an event or a false alert.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An event that is found now and was not before.
        case won
        /// An event that was found before and is not now.
        case lost
        /// A false alert that touches none of before.
        case came
        /// A false alert of before that touches none of now.
        case went
    }

    /// One difference.
    public struct Change: Sendable, Hashable {
        /// What happened.
        public var kind: Kind
        /// The rule on its clip, as it is now.
        public var result: RuleResult
        /// The event or the false alert.
        public var span: TimeSpan
    }

    /// What is compared with.
    public let baseline: Baseline
    /// Results of before for what is compared.
    public let before: [RuleResult]
    /// Results of now for what is compared, in the same order.
    public let after: [RuleResult]
    /// The differences: by kind, then in the order of the results.
    public let changes: [Change]
    /// Rules on clips that the baseline does not have.
    public let added: Int
    /// Rules on clips that only the baseline has.
    public let missing: Int

    /// Compares.
    public init(_ evaluation: Evaluation, with baseline: Baseline) {
        var before: [RuleResult] = []
        var after: [RuleResult] = []
        for result in evaluation.results {
            guard let alerts = baseline.alerts[Baseline.Key(clip: result.clip, rule: result.rule)] else { continue }
            after.append(result)
            before.append(
                RuleResult(clip: result.clip, labels: result.labels, seconds: result.seconds, alerts: alerts)
            )
        }
        self.baseline = baseline
        self.before = before
        self.after = after
        added = evaluation.results.count - after.count
        missing = baseline.alerts.count - after.count
        changes = Kind.allCases.flatMap { kind in
            zip(before, after).flatMap { before, after in
                Self.spans(kind, before.score, after.score).map { Change(kind: kind, result: after, span: $0) }
            }
        }
    }

    /// True when fewer events are found, or more alerts are false, than before.
    public var isWorse: Bool {
        let (before, after) = (ScoreTotals(before), ScoreTotals(after))
        return after.found < before.found || after.falseAlerts > before.falseAlerts
    }

    private static func spans(_ kind: Kind, _ before: EventScore, _ after: EventScore) -> [TimeSpan] {
        func new(_ spans: [TimeSpan], _ others: [TimeSpan]) -> [TimeSpan] {
            spans.filter { span in !others.contains { $0.touches(span) } }
        }
        return switch kind {
        case .won: after.found.filter(before.missed.contains)
        case .lost: after.missed.filter(before.found.contains)
        case .came: new(after.falseAlerts, before.falseAlerts)
        case .went: new(before.falseAlerts, after.falseAlerts)
        }
    }
}
