import Analysis
import Detection
import Flow
import Foundation
import Gate
import TestSupport
import Testing

@Suite(.ownThread) struct ClipRunTests {
    private static let clip = checkout + "/sample-streams/river-day.mp4"

    private func rules() throws -> [Rule] {
        let data = try Data(contentsOf: URL(fileURLWithPath: checkout + "/sample-streams/labels/river-day.json"))
        return try JSONDecoder().decode(RuleFile.self, from: data).rules
    }

    @Test("the river clip alerts while somebody is at the water, with a picture of each alert")
    func river() throws {
        let run = ClipRun(rules: try rules(), settings: DetectionSettings(), evidence: EvidenceStyle())
        let result = try run.run(Self.clip)
        #expect(!result.alerts.isEmpty)
        #expect(result.unitsBroken == 0)
        #expect(result.picturesSeen == result.unitsRead)
        for alert in result.alerts {
            #expect(alert.start < alert.end)
            #expect(alert.jpeg?.prefix(2) == [0xff, 0xd8])
        }
    }

    @Test("the same clip and settings give the same alerts", arguments: ["every", "5fps", "keyframes"])
    func deterministic(sampling: String) throws {
        let run = ClipRun(
            rules: try rules(),
            settings: DetectionSettings(),
            sampling: try #require(Sampling(sampling))
        )
        let first = try run.run(Self.clip)
        let second = try run.run(Self.clip)
        #expect(first.alerts == second.alerts)
        #expect(first.picturesSeen == second.picturesSeen)
    }

    @Test("pictures of a stream with B pictures are chosen evenly, in the order in which they are shown")
    func evenPictures() throws {
        let folder = try Folder()
        let clip = folder.path + "/b.mp4"
        let ffmpeg = Process()
        ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let source = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30:duration=6"]
        ffmpeg.arguments = ["ffmpeg"] + source + ["-c:v", "libx264", "-g", "60", "-bf", "8", "-b_strategy", "0", clip]
        try ffmpeg.run()
        ffmpeg.waitUntilExit()
        #expect(ffmpeg.terminationStatus == 0)
        var times: [Double] = []
        let rate = ClipRun(rules: [], settings: DetectionSettings(), sampling: .frames(perSecond: 5))
        let result = try rate.run(clip, onLook: { _, time, _ in times.append(time.seconds) })
        #expect(result.unitsRead == 180)
        #expect(times.count == 30)
        #expect(zip(times, times.dropFirst()).allSatisfy { abs($1 - $0 - 0.2) < 0.001 })
    }

    @Test("a rule is silent outside its schedule and on when no wall time is given")
    func schedule() throws {
        var rules = try rules()
        for index in rules.indices {
            rules[index].schedule = try JSONDecoder().decode(
                Schedule.self,
                from: Data(#"[{"days":[1,2,3,4,5,6,7],"from":"02:00","to":"03:00"}]"#.utf8)
            )
        }
        // Noon in Wugang on 1 July 2026.
        let noon = MediaTime(seconds: 1_782_878_400)
        let silent = ClipRun(rules: rules, settings: DetectionSettings(), beginsAt: noon)
        #expect(try silent.run(Self.clip).alerts.isEmpty)
        #expect(try !ClipRun(rules: rules, settings: DetectionSettings()).run(Self.clip).alerts.isEmpty)
    }

    @Test("a missing clip says which file and why")
    func missing() throws {
        let run = ClipRun(rules: try rules(), settings: DetectionSettings())
        #expect { try run.run("/nowhere/clip.mp4") } throws: { "\($0)".contains("/nowhere/clip.mp4") }
    }
}
