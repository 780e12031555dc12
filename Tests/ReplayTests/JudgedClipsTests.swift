import Detection
import Foundation
import TestSupport
import Testing

@testable import Replay

/// Clips of alerts that people have judged.
@Suite(.ownThread) struct JudgedClipsTests {
    private static let stream =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .path
        + "/sample-streams/river-day.mp4"

    /// A folder with one waiting clip for each of the alerts.
    private func with(_ alerts: [String], _ body: (JudgedClips, _ folder: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/clips/2026/11/28", withIntermediateDirectories: true)
        for alert in alerts {
            try FileManager.default.copyItem(
                atPath: Self.stream,
                toPath: "\(folder)/clips/2026/11/28/\(alert)-1790000000000000.mp4"
            )
        }
        try body(JudgedClips(clips: folder + "/clips", recordings: folder + "/recordings"), folder)
    }

    private let id = "0198f000-0000-7000-8000-000000000001"

    @Test("a false alarm becomes a clip in which nothing happens, with its reason as the condition")
    func negative() throws {
        try with([id]) { clips, folder in
            let path = try #require(clips.waiting()[id])
            let rule = Rule(id: "bank", kind: .intrusion, minSeconds: 4)
            #expect(try clips.keep(path, alert: id, camera: "c1", rule: rule, isFalse: true, reason: "weather"))
            #expect(clips.waiting().isEmpty)
            let item = try #require(
                TrialFootage(clips: nil, labels: nil, recordings: folder + "/recordings").list().first
            )
            #expect(item.camera == "c1" && item.isLabelled && item.problem == nil && item.conditions == ["weather"])
            #expect(item.labels?.rules.first?.events == [])
            #expect(item.labels?.rules.first?.rule == rule)
        }
    }

    @Test("a hazard becomes one in which something does, after the empty scene; evaluate takes it from the folder")
    func positive() throws {
        try with([id]) { clips, folder in
            let path = try #require(clips.waiting()[id])
            #expect(
                try clips.keep(
                    path,
                    alert: id,
                    camera: "c1",
                    rule: Rule(id: "bank", kind: .intrusion),
                    isFalse: false,
                    reason: nil
                )
            )
            let files = try Evaluator.labelFiles([folder + "/recordings"])
            let labels = try LabelFile.read(try #require(files.first))
            #expect(files.count == 1 && labels.conditions == ["hazard"])
            #expect(labels.rules.first?.events == [TimeSpan(10, labels.duration)])
            #expect(FileManager.default.fileExists(atPath: folder + "/recordings/" + labels.clip))
        }
    }

    @Test("a kind that no half minute can show is not kept, and what is no clip is left where it is")
    func refused() throws {
        try with([id]) { clips, folder in
            let path = try #require(clips.waiting()[id])
            let rule = Rule(id: "bags", kind: .stationary, minSeconds: 60)
            #expect(try !clips.keep(path, alert: id, camera: "c1", rule: rule, isFalse: true, reason: nil))
            #expect(clips.waiting().isEmpty)
            let broken = folder + "/clips/2026/11/28/\(id)-1.mp4"
            try Data("x".utf8).write(to: URL(filePath: broken))
            #expect(throws: (any Error).self) {
                try clips.keep(
                    broken,
                    alert: id,
                    camera: "c1",
                    rule: Rule(id: "bank", kind: .intrusion),
                    isFalse: true,
                    reason: nil
                )
            }
            #expect(clips.waiting().count == 1)
        }
    }

    @Test("of one camera the newest sixty are kept")
    func bound() throws {
        let alerts = (0..<62).map { String(format: "0198f000-0000-7000-8000-%012d", $0) }
        try with(alerts) { clips, folder in
            let waiting = clips.waiting()
            for alert in alerts {
                let path = try #require(waiting[alert])
                let rule = Rule(id: "bank", kind: .intrusion)
                #expect(try clips.keep(path, alert: alert, camera: "c1", rule: rule, isFalse: true, reason: nil))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder + "/recordings/c1")
            #expect(names.count == 120)
            #expect(!names.contains("judged-\(alerts[1]).mp4") && names.contains("judged-\(alerts[2]).mp4"))
        }
    }
}
