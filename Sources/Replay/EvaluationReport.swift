public import Detection
internal import Flow
internal import Foundation

/// What `evaluate` tells: as JSON for tools, as tables for people.
public struct EvaluationReport: Sendable {
    /// What is reported.
    public let evaluation: Evaluation
    /// The settings of detection that were used.
    public let settings: DetectionSettings
    /// How much of the clips was looked at, as `--set sampling=…` takes it.
    public let sampling: String
    /// Version of the program.
    public let version: String
    /// What changed against an earlier evaluation; nil when none was given.
    public let comparison: Comparison?

    /// Makes a report.
    public init(
        evaluation: Evaluation,
        settings: DetectionSettings,
        sampling: String,
        version: String,
        baseline: Baseline? = nil
    ) {
        self.evaluation = evaluation
        self.settings = settings
        self.sampling = sampling
        self.version = version
        comparison = baseline.map { Comparison(evaluation, with: $0) }
    }

    /// The document of `evaluate --json`; the same input gives the same bytes.
    ///
    /// `seconds` counts every rule that watches a clip, so `false_per_hour` is `false_alerts * 3600 / seconds`. A
    /// figure that has nothing to be counted from is null.
    public var json: String {
        let kinds = results(byKind: evaluation.results).map { ($0.kind.rawValue, JSONText.object(figures($0.totals))) }
        let conditions = byCondition.map { ($0.condition, JSONText.object(figures($0.totals))) }
        let failed = evaluation.failures.map { failure in
            JSONText.object([("clip", .text(failure.clip)), ("error", .text(failure.message))])
        }
        var members = figures(ScoreTotals(evaluation.results))
        members += [
            ("by_kind", .object(kinds)),
            ("by_condition", .object(conditions)),
            ("by_clip", .list(evaluation.results.map(Self.object))),
            ("failed", .list(failed)),
            ("settings", .object(settingsMembers)),
            ("version", .text(version)),
        ]
        if let comparison { members.append(("baseline", object(comparison))) }
        return JSONText.object(members).document(levels: 2)
    }

    private var settingsMembers: [(String, JSONText)] {
        let values = settings.values.sorted { $0.key < $1.key }
        return [("sampling", .text(sampling)), ("version", .text(settings.version))]
            + values.map { ($0.key, .number($0.value, digits: 4)) }
    }

    private func figures(_ totals: ScoreTotals) -> [(String, JSONText)] {
        [
            ("clips", .integer(totals.clips)),
            ("seconds", .number(totals.seconds, digits: 2)),
            ("events", .integer(totals.events)),
            ("found", .integer(totals.found)),
            ("recall", .optional(totals.recall, digits: 4)),
            ("false_alerts", .integer(totals.falseAlerts)),
            ("false_per_hour", .optional(totals.falsePerHour, digits: 2)),
            ("precision", .optional(totals.precision, digits: 4)),
            ("f1", .optional(totals.f1, digits: 4)),
            ("median_delay_s", .optional(totals.medianDelay, digits: 3)),
        ]
    }

    private static func object(_ result: RuleResult) -> JSONText {
        let alerts = result.alerts.map { span in
            JSONText.list([.number(span.start.seconds, digits: 3), .number(span.end.seconds, digits: 3)])
        }
        return .object([
            ("clip", .text(result.clip)),
            ("rule", .text(result.rule)),
            ("kind", .text(result.kind.rawValue)),
            ("events", .integer(result.score.events.count)),
            ("found", .integer(result.score.found.count)),
            ("false_alerts", .integer(result.score.falseAlerts.count)),
            ("alerts", .list(alerts)),
        ])
    }

    private func object(_ comparison: Comparison) -> JSONText {
        let changes = Comparison.Kind.allCases.map { kind in
            let rows = comparison.changes.filter { $0.kind == kind }.map { change in
                JSONText.object([
                    ("clip", .text(change.result.clip)),
                    ("rule", .text(change.result.rule)),
                    ("kind", .text(change.result.kind.rawValue)),
                    (
                        "span",
                        .list([
                            .number(change.span.start.seconds, digits: 3), .number(change.span.end.seconds, digits: 3),
                        ])
                    ),
                ])
            }
            return (kind.rawValue, JSONText.list(rows))
        }
        return .object(
            [
                ("file", .text(comparison.baseline.path)),
                ("settings", .text(comparison.baseline.settings)),
                ("sampling", .text(comparison.baseline.sampling)),
                ("before", .object(figures(ScoreTotals(comparison.before)))),
                ("after", .object(figures(ScoreTotals(comparison.after)))),
            ] + changes + [
                ("not_in_baseline", .integer(comparison.added)),
                ("only_in_baseline", .integer(comparison.missing)),
                ("worse", .bool(comparison.isWorse)),
            ]
        )
    }

    /// Totals of the clips under each condition that label files name; a clip may be under several.
    private var byCondition: [(condition: String, totals: ScoreTotals)] {
        Set(evaluation.results.flatMap(\.conditions)).sorted().map { condition in
            (condition, ScoreTotals(evaluation.results.filter { $0.conditions.contains(condition) }))
        }
    }

    private func results(byKind results: [RuleResult]) -> [(kind: RuleKind, totals: ScoreTotals)] {
        RuleKind.allCases.compactMap { kind in
            let own = results.filter { $0.kind == kind }
            return own.isEmpty ? nil : (kind, ScoreTotals(own))
        }
    }
}

extension EvaluationReport {
    /// The report for people: a table by kind, then what was missed and what was false.
    public var text: String {
        var rows = [["", "clips", "rules", "hours", "events", "found", "recall", "false", "false/h", "f1", "delay"]]
        for (kind, totals) in results(byKind: evaluation.results) { rows.append(row(kind.rawValue, totals)) }
        for (condition, totals) in byCondition { rows.append(row("  " + condition, totals)) }
        rows.append(row("all", ScoreTotals(evaluation.results)))
        var lines = TextTable.lines(rows)
        let faults = evaluation.results.flatMap(faults)
        if !faults.isEmpty { lines += [""] + TextTable.lines(faults, leftColumns: 4) }
        let unseen = evaluation.results.reduce(0) { $0 + $1.unseen.count }
        if unseen > 0 {
            lines += ["", "\(unseen) of the missed events have no picture: the sampling is too coarse for them"]
        }
        if !evaluation.failures.isEmpty { lines.append("") }
        lines += evaluation.failures.map { "failed: \($0.clip): \($0.message)" }
        if let comparison { lines += [""] + self.lines(comparison) }
        lines += ["", "settings \(settings.version), sampling \(sampling), version \(version)"]
        return lines.joined(separator: "\n") + "\n"
    }

    private func row(_ name: String, _ totals: ScoreTotals) -> [String] {
        [
            name, String(totals.clips), String(totals.rules), Self.fixed(totals.seconds / 3600, 3),
            String(totals.events), String(totals.found), Self.fixed(totals.recall, 3), String(totals.falseAlerts),
            Self.fixed(totals.falsePerHour, 1), Self.fixed(totals.f1, 3),
            totals.medianDelay.map { Self.fixed($0, 2) + " s" } ?? "–",
        ]
    }

    private func lines(_ comparison: Comparison) -> [String] {
        let baseline = comparison.baseline
        var lines = ["against \(baseline.path) (settings \(baseline.settings), sampling \(baseline.sampling)):"]
        var rows = [["", "events", "found", "recall", "false", "false/h", "f1"]]
        let (before, after) = (results(byKind: comparison.before), results(byKind: comparison.after))
        for (old, new) in zip(before, after) where old.totals != new.totals {
            rows.append(short("\(old.kind.rawValue) before", old.totals))
            rows.append(short("\(new.kind.rawValue) now", new.totals))
        }
        rows.append(short("all before", ScoreTotals(comparison.before)))
        rows.append(short("all now", ScoreTotals(comparison.after)))
        lines += TextTable.lines(rows)
        let changes = comparison.changes.map { line($0.kind.rawValue, $0.result, $0.span) }
        lines += changes.isEmpty ? ["no event was won or lost, no false alert came or went"] : [""]
        lines += TextTable.lines(changes, leftColumns: 4)
        if comparison.added > 0 { lines.append("not in the baseline, not compared: \(comparison.added) rules") }
        if comparison.missing > 0 { lines.append("only in the baseline: \(comparison.missing) rules") }
        if comparison.isWorse { lines.append("worse than the baseline: fewer events found, or more false alerts") }
        return lines
    }

    private func short(_ name: String, _ totals: ScoreTotals) -> [String] {
        let whole = row(name, totals)
        return [whole[0]] + whole[4...9]
    }

    private func faults(_ result: RuleResult) -> [[String]] {
        result.score.missed.map { line("missed", result, $0) }
            + result.score.falseAlerts.map { line("false", result, $0) }
    }

    private func line(_ what: String, _ result: RuleResult, _ span: TimeSpan) -> [String] {
        [
            what, result.clip, result.rule, result.kind.rawValue, Self.fixed(span.start.seconds, 2),
            Self.fixed(span.end.seconds, 2) + " s",
        ]
    }

    private static func fixed(_ value: Double?, _ digits: Int) -> String {
        value.map { String(format: "%.\(digits)f", $0) } ?? "–"
    }
}
