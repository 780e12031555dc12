import Detection
import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Replay

@Suite(.ownThread) struct EvaluatorTests {
    /// A folder with `count` clips that hold nothing and their labels.
    private func footage(_ count: Int) throws -> (folder: ReplayFolder, labels: [String]) {
        let folder = try ReplayFolder()
        let labels = try (0..<count).map { index in
            _ = try folder.write("c\(index).mp4", "")
            return try folder.write(
                "l\(index / 10)\(index % 10).json",
                """
                {"clip": "c\(index).mp4", "width": 64, "height": 36, "duration": \(20 + index % 7), "rules": [
                 {"id": "zone", "kind": "intrusion", "events": [[2, 5], [9, 12]]},
                 {"id": "sky", "kind": "quiet", "events": []}]}
                """
            )
        }
        return (folder, labels)
    }

    /// Alerts that follow from the clip's name alone.
    private static func outcome(_ job: ClipJob) -> ClipOutcome {
        let seed = Int(StableHash.of(job.clip) % 5)
        var alerts = [alert("zone", .intrusion, 3, 4 + Double(seed)), alert("zone", .intrusion, 15, 16)]
        if seed == 0 { alerts.append(alert("sky", .quiet, 1, 1.5)) }
        if seed != 1 { alerts.insert(alert("zone", .intrusion, 11.25, 11.5), at: 0) }
        return ClipOutcome(alerts: alerts, framesRead: 500, framesDecoded: 100, duration: 30, cpuSeconds: 0.25)
    }

    private static func alert(_ rule: String, _ kind: RuleKind, _ start: Double, _ end: Double) -> ClipAlert {
        ClipAlert(rule: rule, kind: kind, span: TimeSpan(start, end), score: 0.5, box: .full)
    }

    private func json(_ evaluation: Evaluation) -> String {
        EvaluationReport(evaluation: evaluation, settings: DetectionSettings(), sampling: "every", version: "1.2.3")
            .json
    }

    @Test("the report is the same, byte for byte, for any number of workers", arguments: [1, 2, 8])
    func deterministic(workers: Int) throws {
        let (folder, labels) = try footage(25)
        let one = try Evaluator.run(labels: labels, clipsDirectory: folder.path, workers: 1, analyze: Self.outcome)
        let many = try Evaluator.run(labels: labels, clipsDirectory: folder.path, workers: workers) { job in
            usleep(UInt32(StableHash.of(job.clip, seed: 7) % 3000))
            return Self.outcome(job)
        }
        #expect(many == one)
        #expect(json(many) == json(one))
        #expect(many.results.map(\.clip) == (0..<25).flatMap { ["c\($0).mp4", "c\($0).mp4"] })
        #expect(many.results.allSatisfy { $0.alerts.map(\.start) == $0.alerts.map(\.start).sorted() })
    }

    @Test("broken, missing and truncated clips are told and do not stop the others")
    func failures() throws {
        let (folder, labels) = try footage(6)
        try FileManager.default.removeItem(atPath: folder.path + "/c1.mp4")
        let told = Mutex<[EvaluationProgress]>([])
        let evaluation = try Evaluator.run(
            labels: labels,
            clipsDirectory: folder.path,
            workers: 2,
            analyze: { job in
                if job.clip == "c3.mp4" { throw ReplayError(.labelMalformed, "no video in it") }
                var outcome = Self.outcome(job)
                if job.clip == "c4.mp4" { outcome.duration = 5 }
                return outcome
            },
            progress: { step in told.withLock { $0.append(step) } }
        )
        #expect(evaluation.failures.map(\.clip) == ["c1.mp4", "c3.mp4", "c4.mp4"])
        #expect(evaluation.failures[0].message.contains("check --clips"))
        #expect(evaluation.failures[1].message == "no video in it")
        #expect(evaluation.failures[2].message.contains("truncated"))
        #expect(Set(evaluation.results.map(\.clip)) == ["c0.mp4", "c2.mp4", "c5.mp4"])
        let steps = told.withLock { $0 }
        #expect(steps.map(\.done) == [1, 2, 3, 4, 5, 6])
        #expect(steps.allSatisfy { $0.total == 6 })
        #expect(Set(steps.filter { $0.error != nil }.map(\.clip)) == ["c1.mp4", "c3.mp4", "c4.mp4"])
        #expect(json(evaluation).contains("{\"clip\":\"c3.mp4\",\"error\":\"no video in it\"}"))
    }

    @Test("a folder stands for its label files; no labels, or a broken one, is an error before anything runs")
    func labelArguments() throws {
        let (folder, labels) = try footage(4)
        let all = try Evaluator.run(
            labels: [folder.path],
            clipsDirectory: folder.path,
            workers: 1,
            analyze: Self.outcome
        )
        let named = try Evaluator.run(labels: labels, clipsDirectory: folder.path, workers: 1, analyze: Self.outcome)
        #expect(all == named)
        let empty = try ReplayFolder()
        let none = try #require(throws: ReplayError.self) {
            try Evaluator.run(labels: [empty.path], clipsDirectory: "/", workers: 1, analyze: Self.outcome)
        }
        #expect(none.code == .noLabels)
        let broken = try folder.write("z.json", "{}")
        let error = try #require(throws: ReplayError.self) {
            try Evaluator.run(labels: labels + [broken], clipsDirectory: folder.path, workers: 1) { _ in
                Issue.record("a clip was run")
                return ClipOutcome(alerts: [], framesRead: 0, framesDecoded: 0, duration: 0, cpuSeconds: 0)
            }
        }
        #expect(error.message.contains(broken))
    }
}
