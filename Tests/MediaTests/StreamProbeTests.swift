import Foundation
import Media
import TestSupport
import Testing

@Suite(.ownThread) struct StreamProbeTests {
    @Test("the figures of a known clip are right")
    func figures() throws {
        let path = try Clips.pattern("probe.mp4", size: "640x360", rate: 20, seconds: 6, Clips.h264 + ["-g", "40"])
        let report = try StreamProbe.run(url: path, seconds: 60)
        #expect(report.codec == "h264")
        #expect(report.container.contains("mp4"))
        #expect("\(report.width)x\(report.height)" == "640x360")
        #expect(report.units == 120)
        #expect(report.keyframes == 3)
        #expect(abs((report.framesPerSecond ?? 0) - 20) < 0.01)
        #expect(abs((report.keyframeInterval ?? 0) - 2) < 0.001)
        let size = try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0
        #expect(abs((report.kilobitsPerSecond ?? 0) - Double(size) * 8 / 6000) < 15)
        #expect((report.timeToFirstKeyframe ?? -1) > 0)
        #expect((40...200).contains(report.averageLuma ?? 0))
        #expect(Array((report.picture ?? []).prefix(2)) == [0xff, 0xd8])
        #expect(report.droppedUnits == 0)
    }

    @Test("it looks no longer than it was told")
    func limit() throws {
        let path = try Clips.pattern("long.ts", seconds: 8, Clips.h264)
        let report = try StreamProbe.run(url: path, seconds: 2)
        #expect((50...52).contains(report.units))
    }

    @Test("its JSON has snake-case names and no picture, and reads back")
    func json() throws {
        var report = try StreamProbe.run(url: try Clips.pattern("plain.mp4", Clips.h264), seconds: 60)
        let data = try JSONEncoder().encode(report)
        let text = String(decoding: data, as: UTF8.self)
        for name in ["fps", "keyframe_interval_s", "bit_rate_kbps", "time_to_first_keyframe_s", "average_luma"] {
            #expect(text.contains("\"\(name)\""))
        }
        #expect(!text.contains("picture"))
        report.picture = nil
        #expect(try JSONDecoder().decode(ProbeReport.self, from: data) == report)
    }

    @Test("a stream without one usable unit is an error")
    func nothing() throws {
        let path = try Clips.withoutParameterSets()
        let error = #expect(throws: MediaError.self) { try StreamProbe.run(url: path, seconds: 5) }
        #expect(error?.code == .endOfStream)
        #expect(throws: MediaError.self) { try StreamProbe.run(url: Clips.path("missing.mp4"), seconds: 5) }
    }
}
