import Detection
import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Replay

@Suite(.ownThread) struct TuneTests {
    /// Figures that depend on two settings only: best at min_blob 0.002, and dwell does not matter.
    private func figures(_ settings: DetectionSettings) -> [ClipFigures] {
        let off = abs(log2(settings.minBlob / 0.002))
        return (0..<4).map { clip in
            ClipFigures(events: 10, missed: Int(off * Double(clip + 1)), falseAlerts: Int(off))
        }
    }

    @Test("coordinate descent finds the cheapest value and leaves alone what does not matter")
    func descent() throws {
        let search = TuneSearch(keys: ["dwell", "min_blob"], cost: TuneCost(), rounds: 6)
        let path = try search.descend(from: DetectionSettings(), over: [0, 1, 2, 3], figures: figures) { _, _ in }
        #expect(path.settings.dwell == DetectionSettings().dwell)
        #expect(abs(path.settings.minBlob - 0.002) < 0.0003)
        #expect(path.cost < 3)
        #expect(path.trials.contains { $0.key == "min_blob" && $0.isKept && $0.value == 0.002 })
    }

    @Test("a grid replaces the steps, within the range of its key")
    func grid() throws {
        let search = TuneSearch(keys: ["min_blob"], grid: ["min_blob": [0.0005, 0.003]], cost: TuneCost(), rounds: 1)
        #expect(search.candidates("min_blob", 0.001, isWide: true) == [0.0005, 0.003])
        let path = try search.descend(from: DetectionSettings(), over: [0], figures: figures) { _, _ in }
        #expect(path.settings.minBlob == 0.003)
        let wide = TuneSearch(keys: [], cost: TuneCost(), rounds: 1)
        #expect(wide.candidates("strong_share", 0.8, isWide: true) == [0.56, 1, 0.4])
        #expect(wide.candidates("contrast_share", 0, isWide: true) == [0.01, 0.05])
    }

    @Test("scenes are dealt out, each to one part; one scene alone cannot be held out")
    func parts() {
        #expect(Tuning.parts(["a", "b", "c", "d", "e"], 2) == [["a", "c", "e"], ["b", "d"]])
        #expect(Tuning.parts(["a", "b", "c"], 0) == [["a"], ["b"], ["c"]])
        #expect(Tuning.parts(["a", "b"], 9) == [["a"], ["b"]])
        #expect(Tuning.parts(["a"], 3).isEmpty)
    }

    @Test("the front holds what nothing else beats in both counts")
    func front() {
        let all = [(3, 0), (1, 2), (1, 5), (2, 2), (0, 9), (4, 4)].map { missed, wrong in
            ClipFigures(events: 10, missed: missed, falseAlerts: wrong)
        }
        #expect(TunePage.front(all).map(\.missed) == [3, 1, 0])
    }

    /// A dark square on grey that appears for two seconds in each clip, and flicker in one scene.
    private func reel(_ name: String, scene: String, level: UInt8, size: Int) -> ClipReel {
        let (width, height) = (64, 36)
        var state: UInt64 = StableHash.of(name) | 1
        let frames = (0..<100).map { index -> ClipReel.Frame in
            var pixels = (0..<width * height).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return 100 + UInt8(truncatingIfNeeded: state >> 62)
            }
            if (50..<70).contains(index) {
                for y in 10..<10 + size { for x in index - 30..<index - 30 + size { pixels[y * width + x] = level } }
            }
            return ClipReel.Frame(
                plane: LumaPlane(width: width, height: height, pixels: pixels, saturation: 10),
                time: MediaTime(seconds: Double(index) / 10)
            )
        }
        let rule = LabelledRule(rule: Rule(id: "all", kind: .intrusion), events: [TimeSpan(5, 7)])
        let labels = LabelFile(
            clip: name,
            width: width,
            height: height,
            duration: 10,
            scene: scene,
            conditions: ["day"],
            rules: [rule]
        )
        return ClipReel(labels: labels, frames: frames)
    }

    private var reels: [ClipReel] {
        [
            reel("a.mp4", scene: "yard", level: 20, size: 9), reel("b.mp4", scene: "road", level: 220, size: 7),
            reel("c.mp4", scene: "road", level: 30, size: 8),
        ]
    }

    @Test("the same search gives the same profile and page, for any number of threads, and from a journal")
    func deterministic() throws {
        let folder = try ReplayFolder()
        let search = TuneSearch(keys: ["min_blob", "contrast_floor"], cost: TuneCost(), rounds: 1)
        func run(_ workers: Int, _ journal: TuneJournal?) throws -> TuneReport {
            let bench = TuneBench(reels: reels, workers: workers, journal: journal)
            let tuning = try Tuning.run(bench, search, from: DetectionSettings(), folds: 0) { _, _ in }
            return try TuneReport(tuning, bench, sampling: "every", version: "1")
        }
        let path = folder.path + "/state"
        let one = try run(1, nil)
        let many = try run(4, try TuneJournal(path: path, subject: "x"))
        let size = FileManager.default.contents(atPath: path)?.count ?? 0
        let again = try run(2, try TuneJournal(path: path, subject: "x"))
        #expect(one.profile == many.profile && many.profile == again.profile)
        #expect(one.html == many.html && many.html == again.html)
        #expect(FileManager.default.contents(atPath: path)?.count == size)
        #expect(size > 100)
        _ = try TuneJournal(path: path, subject: "other")
        #expect((FileManager.default.contents(atPath: path)?.count ?? 0) < 100)
    }

    @Test("all events of easy clips are found, the page shows every clip and loads nothing from elsewhere")
    func page() throws {
        let bench = TuneBench(reels: reels, workers: 2)
        let search = TuneSearch(keys: ["min_blob"], cost: TuneCost(), rounds: 1)
        let tuning = try Tuning.run(bench, search, from: DetectionSettings(), folds: 0) { _, _ in }
        #expect(tuning.before.events == 3)
        #expect(tuning.before.missed == 0)
        #expect(tuning.folds.map(\.scenes) == [["road"], ["yard"]])
        let report = try TuneReport(tuning, bench, sampling: "every", version: "1")
        for name in ["a.mp4", "b.mp4", "c.mp4"] { #expect(report.html.contains(name)) }
        #expect(!report.html.contains("http"))
        #expect(!report.html.contains("<script"))
        let profile = try #require(try JSONSerialization.jsonObject(with: Data(report.profile.utf8)) as? [String: Any])
        #expect((profile["settings"] as? [String: Double])?.count == DetectionSettings.keys.count)
    }

    @Test("the table of held-out scenes has a line for each, and sums up what was found before and after")
    func sceneTable() throws {
        let bench = TuneBench(reels: reels, workers: 2)
        let search = TuneSearch(keys: ["min_blob"], cost: TuneCost(), rounds: 1)
        let tuning = try Tuning.run(bench, search, from: DetectionSettings(), folds: 0) { _, _ in }
        let report = try TuneReport(tuning, bench, sampling: "every", version: "1")
        let lines = report.sceneTable.split(separator: "\n").map {
            $0.split(whereSeparator: \.isWhitespace).map(String.init)
        }
        #expect(lines.dropFirst().map(\.first) == ["road", "yard", "all", "recall"])
        #expect(lines[1].dropFirst() == ["2", "2", "2", "0", "0"])
        #expect(lines[3].dropFirst() == ["3", "3", "3", "0", "0"])
        #expect(lines[4].dropFirst() == ["1.000", "1.000"])
    }

    @Test("a missed event of which no picture was looked at is told apart")
    func unseen() {
        let labels = LabelledRule(rule: Rule(id: "r", kind: .intrusion), events: [TimeSpan(2, 4), TimeSpan(10, 12)])
        func unseen(_ looks: [Double]) -> [TimeSpan] {
            let looks = looks.map { MediaTime(seconds: $0) }
            return RuleResult(clip: "a", labels: labels, seconds: 20, alerts: [], looks: looks).unseen
        }
        #expect(unseen([0, 5, 10, 15]) == [TimeSpan(2, 4)])
        #expect(unseen([0, 1.6, 12.4]).isEmpty, "the tolerance counts")
        #expect(unseen([]).isEmpty, "nobody kept the looks")
    }

    @Test("a journal survives a line that was cut off")
    func cutJournal() throws {
        let folder = try ReplayFolder()
        let path = folder.path + "/state"
        let first = try TuneJournal(path: path, subject: "x")
        first.append("aaaa", [ClipFigures(events: 1, missed: 0, falseAlerts: 2)])
        first.append("bbbb", [ClipFigures(events: 1, missed: 1, falseAlerts: 0)])
        let text = String(decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        try text.dropLast(4).write(toFile: path, atomically: true, encoding: .utf8)
        let second = try TuneJournal(path: path, subject: "x")
        #expect(second.figures == ["aaaa": [ClipFigures(events: 1, missed: 0, falseAlerts: 2)]])
    }

    @Test("a bitmap is as long as its header says, with rows padded to four bytes")
    func bitmap() throws {
        let plane = LumaPlane(width: 5, height: 3, pixels: Array(repeating: 7, count: 15))
        let text = BitmapURI.grey(plane)
        let base = try #require(text.split(separator: ",").last)
        let bytes = [UInt8](try #require(Data(base64Encoded: String(base))))
        let size = Int(bytes[2]) | Int(bytes[3]) << 8 | Int(bytes[4]) << 16
        #expect(size == bytes.count)
        #expect(bytes.count == 14 + 40 + 1024 + 8 * 3)
    }
}
