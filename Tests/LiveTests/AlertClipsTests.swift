import Analysis
import Flow
import Foundation
import Logging
import Testing

@testable import Live

/// What is kept of alerts for those who judge them.
@Suite struct AlertClipsTests {
    private func plane(_ level: UInt8, width: Int = 161, height: Int = 91) -> LumaPlane {
        LumaPlane(width: width, height: height, pixels: Array(repeating: level, count: width * height))
    }

    private func clips(_ folder: String, limit: Int = 1 << 20) -> AlertClips {
        AlertClips(directory: folder, limit: limit, meter: Meter(), logger: Logger(label: "test"))
    }

    private func clip(_ alert: String, at seconds: Double) -> PlaneClip {
        var clip = PlaneClip(scene: plane(90))
        clip.add(plane(200), at: MediaTime(seconds: seconds))
        clip.begin(alert: alert, at: MediaTime(seconds: seconds))
        return clip
    }

    private func files(_ folder: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(".mp4") }.sorted()
    }

    private func withFolder(_ body: (String) throws -> Void) rethrows {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test("a doubt keeps its newest four pictures, an alert 64 or half a minute; other sizes are left out")
    func collecting() {
        var clip = PlaneClip(scene: plane(90))
        for second in 0..<10 { clip.add(plane(UInt8(second)), at: MediaTime(seconds: Double(second))) }
        #expect(clip.frames.map(\.time.seconds) == [6, 7, 8, 9])
        #expect(!clip.isComplete(at: MediaTime(seconds: 1e6)), "a doubt is no alert, however long")
        clip.begin(alert: "a", at: MediaTime(seconds: 9))
        clip.add(plane(1, width: 10, height: 10), at: MediaTime(seconds: 10))
        #expect(clip.frames.count == 4)
        #expect(!clip.isComplete(at: MediaTime(seconds: 38)) && clip.isComplete(at: MediaTime(seconds: 39)))
        for index in 0..<100 { clip.add(plane(1), at: MediaTime(seconds: 10 + Double(index) / 10)) }
        #expect(clip.frames.count == 64 && clip.isComplete(at: MediaTime(seconds: 20)))
    }

    @Test("so many collect at once and no more, until one is kept or let go")
    func slots() {
        withFolder { folder in
            let clips = clips(folder)
            #expect((0..<200).count { _ in clips.slots.take() } == 128)
            clips.slots.release()
            #expect(clips.slots.take() && !clips.slots.take())
            clips.keep(clip("a", at: 1000))
            #expect(clips.slots.take())
            clips.drain()
            let none = self.clips(folder, limit: 0)
            #expect(!none.slots.take(), "nothing is kept where nothing may be")
            none.drain()
        }
    }

    @Test("a file is named by alert and beginning, odd sizes lose a row; a storm of alerts gives twelve a minute")
    func writing() throws {
        withFolder { folder in
            let clips = clips(folder)
            for index in 0..<20 {
                #expect(clips.slots.take())
                clips.keep(clip("alert-\(index)", at: 1_790_000_000))
            }
            #expect(clips.slots.take())
            clips.keep(clip("later", at: 1_790_000_060))
            clips.drain()
            let names = files(folder)
            #expect(names.count == 13)
            #expect(names.contains { $0.hasSuffix("alert-0-1789999990000000.mp4") })
            #expect(names.contains { $0.contains("later-") })
        }
    }

    @Test("the oldest make room")
    func room() throws {
        withFolder { folder in
            for day in 1...2 {
                let clips = clips(folder, limit: 1)
                #expect(clips.slots.take())
                clips.keep(clip("day-\(day)", at: 1_790_000_000 + Double(day) * 86_400))
                clips.drain()
            }
            // Looked at before each first clip: what was there made room for it.
            #expect(files(folder).count == 1 && files(folder)[0].contains("day-2"))
        }
    }
}
