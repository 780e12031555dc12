import Detection
import Flow
import Foundation
import Testing

@testable import Replay

@Suite struct ComparisonTests {
    private func evaluation(bank: [TimeSpan], sky: [TimeSpan], others: [String] = []) -> Evaluation {
        func result(_ rule: String, _ kind: RuleKind, _ events: [TimeSpan], _ alerts: [TimeSpan]) -> RuleResult {
            let labels = LabelledRule(rule: Rule(id: rule, kind: kind), events: events)
            return RuleResult(clip: "a.mp4", labels: labels, seconds: 60, alerts: alerts)
        }
        let events = [TimeSpan(1, 4), TimeSpan(10, 12), TimeSpan(20, 21)]
        let results = [result("bank", .intrusion, events, bank), result("sky", .quiet, [], sky)]
        let more = others.map { result($0, .quiet, [], []) }
        return Evaluation(results: results + more, failures: [], cpuSeconds: 1, clipSeconds: 60)
    }

    private func report(_ evaluation: Evaluation, against baseline: Baseline? = nil) -> EvaluationReport {
        EvaluationReport(
            evaluation: evaluation,
            settings: DetectionSettings(),
            sampling: "every",
            version: "1",
            baseline: baseline
        )
    }

    /// Goes through a file, as a user does.
    private func baseline(_ evaluation: Evaluation) throws -> Baseline {
        let path = NSTemporaryDirectory() + "gridwatch-baseline-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(report(evaluation).json.utf8).write(to: URL(fileURLWithPath: path))
        return try Baseline(path: path)
    }

    @Test("events that were won and lost are named, and false alerts that came and went")
    func changes() throws {
        let before = evaluation(bank: [TimeSpan(1, 3), TimeSpan(30, 31)], sky: [TimeSpan(5, 6)], others: ["old"])
        let now = evaluation(bank: [TimeSpan(11, 12), TimeSpan(30.5, 33)], sky: [TimeSpan(50, 51)], others: ["new"])
        let report = report(now, against: try baseline(before))
        let comparison = try #require(report.comparison)
        let found = comparison.changes.map { "\($0.kind.rawValue) \($0.result.rule) \($0.span.start.seconds)" }
        #expect(found == ["won bank 10.0", "lost bank 1.0", "came sky 50.0", "went sky 5.0"])
        #expect((comparison.added, comparison.missing) == (1, 1))
        #expect(!comparison.isWorse, "one for one")
        #expect(report.text.contains("won   a.mp4  bank  intrusion  10.00  12.00 s"))
        #expect(report.text.contains("only in the baseline: 1 rules"))
        let json = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.utf8)) as? [String: Any]
        )
        let document = try #require(json["baseline"] as? [String: Any])
        #expect((document["lost"] as? [[String: Any]])?.first?["rule"] as? String == "bank")
        #expect(document["worse"] as? Bool == false)
    }

    @Test(
        "worse is: fewer events found, or more alerts false",
        arguments: [
            ([TimeSpan(1, 3)], [], false), ([], [], true), ([TimeSpan(1, 3)], [TimeSpan(7, 8)], true),
            ([TimeSpan(1, 3), TimeSpan(11, 12)], [], false),
        ]
    )
    func worse(bank: [TimeSpan], sky: [TimeSpan], isWorse: Bool) throws {
        let before = try baseline(evaluation(bank: [TimeSpan(1, 3)], sky: []))
        let comparison = Comparison(evaluation(bank: bank, sky: sky), with: before)
        #expect(comparison.isWorse == isWorse)
    }

    @Test("an evaluation compared with itself shows no difference")
    func same() throws {
        let evaluation = evaluation(bank: [TimeSpan(1, 3), TimeSpan(30, 31)], sky: [TimeSpan(5, 6)])
        let report = report(evaluation, against: try baseline(evaluation))
        #expect(report.comparison?.changes == [])
        #expect(report.text.contains("no event was won or lost, no false alert came or went"))
    }

    @Test("a baseline that cannot be used is named, with what is wrong in it")
    func unusable() throws {
        let missing = #expect(throws: ReplayError.self) { try Baseline(path: "/nowhere/b.json") }
        #expect(missing?.message.hasPrefix("/nowhere/b.json cannot be read") == true)
        let path = NSTemporaryDirectory() + "gridwatch-baseline-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try Data(#"{"by_clip": [{"clip": "a"}]}"#.utf8).write(to: URL(fileURLWithPath: path))
        let other = #expect(throws: ReplayError.self) { try Baseline(path: path) }
        #expect(other?.message.contains("'by_clip[0].rule' is missing") == true)
        #expect(other?.code == .baselineUnusable)
    }
}
