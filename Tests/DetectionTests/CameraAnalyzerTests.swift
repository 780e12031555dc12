import Flow
import TestSupport
import Testing

@testable import Detection

@Suite(.ownThread) struct CameraAnalyzerTests {
    /// A person who enters from the left at 6 pixels a second and is `after` seconds under way.
    private func walker(_ after: Double, y: Int = 45, speed: Double = 12) -> SyntheticScene.Thing {
        SyntheticScene.Thing(x: Int(-8 + after * speed), y: y, width: 7, height: 18, level: 30)
    }

    @Test("a walker who crosses the region alerts once, with start, updates, end and his place")
    func walkerAlertsOnce() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.3, 0.3, 0.7, 1)])
        run.play(seconds: 5) { _ in scene.frame() }
        run.play(seconds: 14) { scene.frame([walker($0)]) }
        run.play(seconds: 5) { _ in scene.frame() }
        run.finish()
        #expect(run.changes.map(\.phase).filter { $0 != .update } == [.start, .end])
        let start = try #require(run.starts.first)
        let end = try #require(run.ends.first)
        // The front of the walker is in at x = 48, 4.1 s after he set out; his back leaves x = 112 at 10 s.
        #expect((9.0...10.2).contains(start.start.seconds))
        let endedAt = try #require(end.end)
        #expect((14.5...16.5).contains(endedAt.seconds))
        #expect(endedAt.seconds(since: end.at) <= -1.5)
        #expect(start.box.x < 0.33 && start.box.x + start.box.width > 0.3)
        #expect(abs(start.box.y - 0.5) < 0.06 && abs(start.box.height - 0.2) < 0.08)
        #expect(run.changes.allSatisfy { $0.start == start.start && (0.5...1).contains($0.score) })
        #expect(!start.reason.isEmpty)
    }

    @Test("somebody outside the region does not alert")
    func outsideIsQuiet() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.3, 0.75, 0.7, 1)])
        run.play(seconds: 5) { _ in scene.frame() }
        run.play(seconds: 14) { scene.frame([walker($0, y: 40)]) }
        #expect(run.changes.isEmpty)
    }

    @Test("a rule with its own dwell waits that long", arguments: [(2.0, 0), (6.0, 1)])
    func dwell(stay: Double, alerts: Int) throws {
        var rule = Rule.area(0.3, 0.3, 0.7, 1)
        rule.thresholds.dwell = 4
        var scene = SyntheticScene()
        var run = try Run([rule])
        run.play(seconds: 5) { _ in scene.frame() }
        let thing = SyntheticScene.Thing(x: 70, y: 45, width: 8, height: 18, level: 20)
        run.play(seconds: stay) { _ in scene.frame([thing]) }
        run.play(seconds: 4) { _ in scene.frame() }
        #expect(run.starts.count == alerts)
        if let start = run.starts.first { #expect(start.at.seconds(since: start.start) >= 3.8) }
    }

    @Test("a person who is there from the first frame alerts while he walks, and his ghost ends soon after he left")
    func presentFromTheStart() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.2, 0.3, 0.8, 1)])
        run.play(seconds: 6) { scene.frame([walker($0 + 5)]) }
        run.play(seconds: 8) { _ in scene.frame() }
        let start = try #require(run.starts.first)
        let end = try #require(run.ends.last)
        #expect(start.start.seconds < 2.5)
        #expect(run.statuses[0] == .warmingUp)
        #expect(try #require(end.end).seconds < 9.5)
    }

    @Test("one frame every two seconds finds somebody who stays for six")
    func sparseFrames() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.3, 0.3, 0.7, 1)])
        run.play(seconds: 20, rate: 0.5) { _ in scene.frame() }
        run.play(seconds: 6, rate: 0.5) { scene.frame([walker($0 + 6, speed: 8)]) }
        run.play(seconds: 10, rate: 0.5) { _ in scene.frame() }
        #expect(run.starts.count == 1)
        #expect(run.ends.count == 1)
    }

    @Test("somebody who stands still stays an intrusion, and goes without a trace")
    func standingStill() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.3, 0.3, 0.7, 1)])
        run.play(seconds: 5) { _ in scene.frame() }
        run.play(seconds: 6) { scene.frame([walker($0)]) }
        run.play(seconds: 30) { _ in scene.frame([walker(6)]) }
        run.play(seconds: 6) { scene.frame([walker($0 + 6)]) }
        run.play(seconds: 6) { _ in scene.frame() }
        #expect(run.starts.count == 1)
        #expect(run.ends.count == 1)
        #expect(try #require(run.ends.first?.end).seconds > 40)
    }

    @Test("after another plane size the scene is learnt anew and people are still found")
    func planeSizeChanges() throws {
        var small = SyntheticScene(width: 120, height: 90)
        var large = SyntheticScene()
        var run = try Run([.area(0.3, 0.3, 0.7, 1)])
        run.play(seconds: 5) { _ in small.frame() }
        run.play(seconds: 5) { _ in large.frame() }
        #expect(run.changes.isEmpty)
        run.play(seconds: 8) { large.frame([walker($0)]) }
        #expect(run.starts.count == 1)
    }

    @Test("a frame that is not later than the one before changes nothing")
    func timeMustAdvance() throws {
        var scene = SyntheticScene()
        var analyzer = try CameraAnalyzer(rules: [.everywhere], settings: DetectionSettings())
        _ = analyzer.observe(scene.frame(), at: MediaTime(seconds: 1))
        let dark = LumaPlane(width: 160, height: 90, pixels: Array(repeating: 0, count: 14_400))
        let before = analyzer.foreground()
        #expect(analyzer.observe(dark, at: MediaTime(seconds: 1)).isEmpty)
        #expect(analyzer.foreground() == before)
    }

    @Test("a schedule switches the rule off and ends its alert")
    func schedule() throws {
        var rule = Rule.area(0.3, 0.3, 0.7, 1)
        // 1970-01-01 was a Thursday; 08:00 in Shanghai is the epoch.
        rule.schedule = Schedule(windows: [try .init(days: [4], from: 8 * 60, to: 8 * 60 + 1)])
        var scene = SyntheticScene()
        var analyzer = try CameraAnalyzer(rules: [rule], settings: DetectionSettings())
        var phases: [AlertPhase] = []
        for step in 0..<120 {
            let time = MediaTime(seconds: Double(step) / 10)
            let thing = SyntheticScene.Thing(x: 70 + step % 7, y: 45, width: 8, height: 18, level: 20)
            let wall = time.advanced(bySeconds: 50)
            let frame = scene.frame(step < 40 ? [] : [thing])
            phases += analyzer.observe(frame, at: time, wallClock: wall).map(\.phase)
        }
        #expect(phases.first == .start)
        #expect(phases.last == .end)
    }

    @Test("the same frames give the same changes and the same picture of the foreground")
    func deterministic() throws {
        func play() throws -> ([AlertChange], [UInt8]) {
            var scene = SyntheticScene(seed: 7)
            var run = try Run([.area(0.3, 0.3, 0.7, 1), .everywhere])
            run.play(seconds: 4) { _ in scene.frame(noise: 5) }
            run.play(seconds: 9) { scene.frame([walker($0)], noise: 5) }
            return (run.changes, run.analyzer.foreground())
        }
        let first = try play()
        let second = try play()
        #expect(!first.0.isEmpty)
        #expect(first.0 == second.0)
        #expect(first.1 == second.1)
    }

    @Test("a copy of an analyzer goes its own way")
    func valueSemantics() throws {
        var scene = SyntheticScene()
        var run = try Run([.everywhere])
        run.play(seconds: 4) { _ in scene.frame() }
        let copy = run.analyzer
        let before = copy.foreground()
        run.play(seconds: 8) { scene.frame([walker($0)]) }
        #expect(copy.foreground() == before)
        #expect(run.analyzer.foreground() != before)
    }

    @Test("double ids and bad rules are refused")
    func refusedRules() throws {
        let error = #expect(throws: DetectionError.self) {
            try CameraAnalyzer(rules: [.everywhere, .everywhere], settings: DetectionSettings())
        }
        #expect(error?.message.contains("everywhere") == true)
        let bad = Rule.area(0.3, 0.3, 1.7, 1, id: "wide")
        #expect(throws: DetectionError.self) { try CameraAnalyzer(rules: [bad], settings: DetectionSettings()) }
    }
}
