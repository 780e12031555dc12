import Detection
import Flow
import Foundation
import Gate
import Ingest
import Live
import Settings
import TestSupport
import Testing

@testable import Replay

@Suite(.ownThread) struct TrialTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let streams = root.appending(path: "sample-streams").path

    private func desk(memory: Int = 64 << 20, recordings: String = "/nonexistent") -> TrialService {
        let footage = TrialFootage(clips: Self.streams, labels: Self.streams + "/labels", recordings: recordings)
        return TrialService(footage: footage, memoryLimit: memory)
    }

    private func id(_ name: String, _ desk: TrialService) throws -> String {
        try #require(desk.footage.list().first { $0.name == name }).id
    }

    @Test("the same rules on both sides give the same curves and alerts, scored against the labels")
    func sides() async throws {
        let desk = desk()
        let clip = try id("river-day.mp4", desk)
        let side = TrialSide(rules: nil, settings: DetectionSettings())
        let report = try await desk.trial(clip, sampling: .frames(perSecond: 5), sides: [side, side])
        #expect(report.sides.count == 2 && report.sides[0] == report.sides[1])
        let rule = try #require(report.sides[0].rules.first)
        #expect(rule.strength.count == TrialReport.points && rule.decided.count == TrialReport.points)
        let truth = try #require(rule.truth)
        #expect(!truth.events.isEmpty && truth.missed.isEmpty && truth.falseAlerts.isEmpty)
        #expect(rule.alerts.count >= 1 && (rule.strength.max() ?? 0) >= 1)
        let alert = try #require(report.layers.firstIndex(of: "alert"))
        #expect(rule.decided.contains(alert))
        #expect(report.motion.count == 256 && report.motion.max() == 255)
        #expect(try await desk.trial(clip, sampling: .frames(perSecond: 5), sides: [side]).sides[0] == report.sides[0])
    }

    @Test("a threshold that nothing reaches misses every event, and says that the size decided")
    func threshold() async throws {
        let desk = desk()
        let settings = try DetectionSettings().with(["min_share": 1])
        let report = try await desk.trial(
            try id("river-day.mp4", desk),
            sampling: .frames(perSecond: 5),
            sides: [TrialSide(rules: nil, settings: settings)]
        )
        let rule = try #require(report.sides[0].rules.first { $0.truth?.events.isEmpty == false })
        #expect(rule.alerts.isEmpty && rule.truth?.missed == rule.truth?.events)
        let size = try #require(report.layers.firstIndex(of: "size"))
        #expect(rule.decided.contains(size))
    }

    @Test("rules that were drawn are tried instead of the clip's; a bad one is refused by name")
    func drawn() async throws {
        let desk = desk()
        let clip = try id("river-day.mp4", desk)
        let everywhere = Rule(id: "all", kind: .intrusion)
        let report = try await desk.trial(
            clip,
            sampling: .frames(perSecond: 5),
            sides: [TrialSide(rules: [everywhere], settings: DetectionSettings())]
        )
        #expect(report.sides[0].rules.map(\.id) == ["all"] && report.sides[0].rules[0].truth == nil)
        let bad = Rule(id: "bad", kind: .line)
        let error = await #expect(throws: DetectionError.self) {
            try await desk.trial(
                clip,
                sampling: .frames(perSecond: 5),
                sides: [TrialSide(rules: [bad], settings: DetectionSettings())]
            )
        }
        #expect(error?.message.contains("bad") == true)
    }

    @Test("a clip that does not fit into memory is refused with what to do, and one that is gone by name")
    func bounds() async throws {
        let desk = desk(memory: 20 * 160 * 90)
        let side = TrialSide(rules: nil, settings: DetectionSettings())
        let error = await #expect(throws: ReplayError.self) {
            try await desk.trial(try id("river-day.mp4", desk), sampling: .everyFrame, sides: [side])
        }
        #expect(error?.code == .clipTooLong && error?.message.contains("fewer pictures") == true)
        let gone = await #expect(throws: ReplayError.self) {
            try await desk.trial("0000000000000000", sampling: .everyFrame, sides: [side])
        }
        #expect(gone?.code == .clipMissing)
    }

    @Test("a picture of any moment is a JPEG; two moments of a clip with motion differ")
    func pictures() async throws {
        let desk = desk()
        let clip = try id("river-day.mp4", desk)
        let first = try await desk.picture(clip, at: 0)
        let later = try await desk.picture(clip, at: 15)
        #expect(first.prefix(2) == [0xff, 0xd8] && later.prefix(2) == [0xff, 0xd8] && first != later)
        #expect(try await desk.picture(clip, at: 1e6).prefix(2) == [0xff, 0xd8])
    }

    @Test("an evaluation scores all labelled clips, tells its progress, and lists the clips on which the sides differ")
    func evaluation() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for name in ["river-day", "night-intrusion"] {
            try FileManager.default.copyItem(atPath: "\(Self.streams)/\(name).mp4", toPath: "\(folder)/\(name).mp4")
            try FileManager.default.copyItem(
                atPath: "\(Self.streams)/labels/\(name).json",
                toPath: "\(folder)/\(name).json"
            )
        }
        try Data("{".utf8).write(to: URL(filePath: folder + "/broken.json"))
        try Data("x".utf8).write(to: URL(filePath: folder + "/broken.mp4"))
        let footage = TrialFootage(clips: folder, labels: nil, recordings: folder + "/none")
        #expect(footage.list().map(\.name) == ["broken.mp4", "night-intrusion.mp4", "river-day.mp4"])
        #expect(footage.list()[0].problem?.contains("broken.json") == true)
        let desk = TrialService(footage: footage, memoryLimit: 64 << 20)
        #expect(await desk.progress == nil)
        let blind = try DetectionSettings().with(["min_share": 1])
        let rate = Sampling.frames(perSecond: 2)
        #expect(await desk.evaluate(sampling: rate, live: DetectionSettings(), draft: blind))
        #expect(await desk.evaluate(sampling: rate, live: DetectionSettings(), draft: blind) == false)
        var progress = try #require(await desk.progress)
        while progress.isRunning {
            try await Task.sleep(for: .milliseconds(50))
            progress = try #require(await desk.progress)
        }
        #expect(progress.done == 2 && progress.clips == 2 && progress.problems.isEmpty)
        #expect(progress.live.missed == 0 && progress.draft.missed == progress.draft.events)
        #expect(progress.differences.map(\.name) == ["night-intrusion.mp4", "river-day.mp4"])
    }

    @Test("a recording becomes a clip of its camera; the oldest without labels makes room for the next")
    func recording() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var settings = DaemonSettings()
        // The camera of this test is a file.
        settings.ingest.localAddresses = .any
        let recorder = FootageRecorder(directory: folder, limit: 500 << 10, take: StreamTaker(settings).take)
        func record() async throws -> FootageRecorder.Status {
            #expect(recorder.start("cam-1", url: Self.streams + "/river-day.mp4", seconds: 5))
            while true {
                let status = try #require(recorder.status(of: "cam-1"))
                if !status.isRunning { return status }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
        let first = try await record()
        #expect(first.problem == nil && first.recorded >= 5)
        let footage = TrialFootage(clips: nil, labels: nil, recordings: folder)
        let item = try #require(footage.list().first)
        #expect(item.camera == "cam-1" && !item.isLabelled && (item.seconds ?? 0) >= 4.9 && item.problem == nil)
        let desk = TrialService(footage: footage, memoryLimit: 64 << 20)
        let side = TrialSide(rules: [Rule(id: "all", kind: .intrusion)], settings: DetectionSettings())
        #expect(try await desk.trial(item.id, sampling: .frames(perSecond: 5), sides: [side]).pictures >= 20)
        let event = LabelledRule(rule: Rule(id: "all", kind: .intrusion), events: [TimeSpan(1, 2)])
        #expect(try await desk.label(item.id, [event]))
        #expect(footage.list().first?.isLabelled == true)
        let truth = try await desk.trial(item.id, sampling: .frames(perSecond: 5), sides: [side]).sides[0].rules[0]
            .truth
        #expect(truth?.events == [[1, 2]])
        let bad = LabelledRule(rule: Rule(id: "all", kind: .intrusion), events: [], tolerance: 90)
        await #expect(throws: ReplayError.self) { try await desk.label(item.id, [bad]) }
        #expect(try await desk.label(item.id, []), "as it was before")
        #expect(footage.list().first?.isLabelled == false)
        for _ in 0..<3 { #expect(try await record().problem == nil) }
        let all = footage.list()
        #expect(all.count > 1 && all.count < 4 && !all.contains(item))
        #expect(recorder.start("cam-2", url: folder + "/nothing.mp4", seconds: 5))
        while recorder.status(of: "cam-2")?.isRunning == true { try await Task.sleep(for: .milliseconds(20)) }
        #expect(recorder.status(of: "cam-2")?.problem?.contains("nothing.mp4") == true)
    }
}
