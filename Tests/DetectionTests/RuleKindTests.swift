import Flow
import TestSupport
import Testing

@testable import Detection

/// Every kind of rule on made-up pictures, at every frame, at 5 a second and where it can be at 1 a second.
@Suite(.ownThread) struct RuleKindTests {
    private typealias Thing = SyntheticScene.Thing

    private func spans(_ run: Run) -> [(start: Double, end: Double?)] {
        var spans: [(start: Double, end: Double?)] = []
        for change in run.changes {
            switch change.phase {
            case .start: spans.append((change.start.seconds, nil))
            case .end: spans[spans.count - 1].end = change.end?.seconds
            case .update: break
            }
        }
        return spans
    }

    private func line(_ direction: Rule.Direction?) -> Rule {
        Rule(
            id: "line",
            kind: .line,
            line: [NormalizedPoint(x: 0.5, y: 0.3), NormalizedPoint(x: 0.5, y: 1)],
            direction: direction
        )
    }

    /// A thing that goes from left to right at 30 pixels a second, from second 2 on.
    private func walker(_ time: Double, from start: Int = 0, speed: Double = 30, y: Int = 50) -> [Thing] {
        guard time >= 2 else { return [] }
        let x = start + Int((time - 2) * speed)
        return (-8..<160).contains(x) ? [Thing(x: x, y: y, width: 8, height: 20, level: 220)] : []
    }

    @Test("a line counts what crosses it in its direction, once, when it crosses", arguments: [5.0, 10.0, 25.0])
    func lineCrossed(rate: Double) throws {
        var scene = SyntheticScene()
        var run = try Run([line(.right)])
        run.play(seconds: 10, rate: rate) { scene.frame(walker($0)) }
        let found = spans(run)
        #expect(found.count == 1)
        // The centre passes 80 at (80 - 4) / 30 + 2.
        #expect(abs((found.first?.start ?? 0) - 4.53) < 0.5)
    }

    @Test("a line ignores the other direction, and what turns round before it")
    func lineNotCrossed() throws {
        var scene = SyntheticScene()
        var other = try Run([line(.left)])
        other.play(seconds: 10) { scene.frame(walker($0)) }
        #expect(other.changes.isEmpty)
        var turning = try Run([line(nil)])
        turning.play(seconds: 10) { time in
            let x = time < 2 ? -20 : time < 4 ? Int((time - 2) * 30) : Int((6 - time) * 30)
            return scene.frame([Thing(x: x, y: 50, width: 8, height: 20, level: 220)])
        }
        #expect(turning.changes.isEmpty)
    }

    @Test("a line is no longer than it is drawn")
    func pastTheLine() throws {
        var scene = SyntheticScene()
        let short = Rule(
            id: "line",
            kind: .line,
            line: [NormalizedPoint(x: 0.5, y: 0.3), NormalizedPoint(x: 0.5, y: 0.5)]
        )
        var run = try Run([short])
        run.play(seconds: 10) { scene.frame(walker($0, y: 65)) }
        #expect(run.changes.isEmpty)
    }

    @Test("two that pass each other on the line are each counted in their own direction")
    func bothWays() throws {
        var scene = SyntheticScene()
        var run = try Run([line(.right), Rule(line(.left), id: "back")])
        run.play(seconds: 9) { time in
            scene.frame(walker(time, y: 40) + walker(time, from: 150, speed: -30, y: 66))
        }
        #expect(run.changes.filter { $0.phase == .start }.map(\.rule.id).sorted() == ["back", "line"])
    }

    private func still(_ kind: RuleKind, seconds: Double) -> Rule {
        Rule(
            id: "still",
            kind: kind,
            polygon: [
                NormalizedPoint(x: 0.4, y: 0.5), NormalizedPoint(x: 0.7, y: 0.5), NormalizedPoint(x: 0.7, y: 0.9),
                NormalizedPoint(x: 0.4, y: 0.9),
            ],
            minSeconds: seconds
        )
    }

    private let box = SyntheticScene.Thing(x: 80, y: 58, width: 12, height: 10, level: 210)

    @Test(
        "what was left is told after its time, goes on while it stays, and ends when it is taken",
        arguments: [1.0, 5, 25]
    )
    func leftObject(rate: Double) throws {
        var scene = SyntheticScene()
        var run = try Run([still(.stationary, seconds: 6)])
        // Far longer than the background takes to adopt it.
        run.play(seconds: 100, rate: rate) { scene.frame($0 >= 4 && $0 < 90 ? [box] : []) }
        let found = spans(run)
        #expect(found.count == 1)
        #expect(abs((found.first?.start ?? 0) - 4) <= 2)
        #expect(abs((found.first?.end ?? 0) - 90) <= 2)
        let told = run.changes.first?.at.seconds ?? 0
        #expect(told >= 9.5 && told <= 12)
    }

    @Test("what is taken again in time, and what only passes, is not left")
    func notLeft() throws {
        var scene = SyntheticScene()
        var run = try Run([still(.stationary, seconds: 6)])
        run.play(seconds: 20) { scene.frame($0 >= 4 && $0 < 8 ? [box] : walker($0 - 8)) }
        #expect(run.changes.isEmpty)
    }

    @Test("who passes in front of what was left does not end it")
    func hidden() throws {
        var scene = SyntheticScene()
        var run = try Run([still(.stationary, seconds: 3)])
        run.play(seconds: 24) { scene.frame([box] + walker($0 - 10)) }
        run.play(seconds: 4) { _ in scene.frame([box]) }
        // It was there from the first frame on: it belongs to the scene.
        #expect(run.changes.isEmpty)
        var later = try Run([still(.stationary, seconds: 3)])
        later.play(seconds: 24) { scene.frame(($0 >= 2 ? [box] : []) + walker($0 - 10)) }
        #expect(spans(later).count == 1)
        #expect(later.changes.allSatisfy { $0.phase != .end })
    }

    @Test(
        "an object of the scene that goes is told, also while the background learns that, and its return ends it",
        arguments: [0.5, 1, 10]
    )
    func removedObject(rate: Double) throws {
        var scene = SyntheticScene()
        var run = try Run([still(.objectRemoved, seconds: 4)])
        run.play(seconds: 100, rate: rate) { scene.frame($0 < 20 || $0 >= 90 ? [box] : []) }
        let found = spans(run)
        #expect(found.count == 1)
        #expect(abs((found.first?.start ?? 0) - 20) <= 2)
        #expect(abs((found.first?.end ?? 0) - 90) <= 2)
    }

    @Test("an object that is taken from behind somebody is told once he has gone")
    func removedWhileHidden() throws {
        var scene = SyntheticScene()
        var run = try Run([still(.objectRemoved, seconds: 4)])
        let thief = Thing(x: 74, y: 40, width: 24, height: 45, level: 215)
        run.play(seconds: 50) { scene.frame($0 < 20 ? [box] : $0 < 24 ? [box, thief] : $0 < 28 ? [thief] : []) }
        #expect(spans(run).map { abs($0.start - 28) <= 2 } == [true])
    }

    @Test("who stands before a pattern with hardly an edge of his own has removed nothing", arguments: 0..<6)
    func plainClothes(seed: UInt64) throws {
        var scene = SyntheticScene(seed: seed)
        var run = try Run([still(.objectRemoved, seconds: 4)])
        run.play(seconds: 40) { time in
            scene.frame(time < 10 ? [] : [Thing(x: 70, y: 40, width: 20, height: 40, level: 165)], noise: 4)
        }
        #expect(run.changes.isEmpty)
    }

    @Test("another scene is nothing that was removed, also when the old one is forgotten", arguments: [0.5, 1, 10])
    func otherScene(rate: Double) throws {
        var scene = SyntheticScene()
        var settings = DetectionSettings()
        settings.originalSeconds = 20
        var run = try Run([still(.objectRemoved, seconds: 4)], settings: settings)
        // Both views have the same ground in the region, but for a block that only the first has.
        func first(_ x: Int, _ y: Int) -> Int {
            if (60..<116).contains(x), (42..<84).contains(y) {
                return (75..<100).contains(x) && (52..<72).contains(y) ? 80 : 0
            }
            return (x / 40 + y / 30) % 2 == 0 ? 80 : -60
        }
        run.play(seconds: 90, rate: rate) { $0 < 20 ? scene.frame(extra: first) : scene.frame() }
        #expect(run.statuses.contains(.sceneChange))
        #expect(run.changes.isEmpty)
    }

    @Test("something left is no object removed, and the other way round")
    func opposites() throws {
        var scene = SyntheticScene()
        var left = try Run([still(.objectRemoved, seconds: 3)])
        left.play(seconds: 30) { scene.frame($0 >= 10 ? [box] : []) }
        #expect(left.changes.isEmpty)
        var removed = try Run([still(.stationary, seconds: 3)])
        removed.play(seconds: 30) { scene.frame($0 < 10 ? [box] : []) }
        #expect(removed.changes.isEmpty)
    }

    @Test("a crowd is told when enough people are there, not before")
    func crowd() throws {
        var scene = SyntheticScene()
        let rule = Rule(id: "crowd", kind: .crowd, minCount: 8)
        func people(_ count: Int, _ time: Double) -> [Thing] {
            (0..<count).map { index in
                let sway = Int(time * 7 + Double(index)) % 3
                return Thing(x: 8 + index % 6 * 24 + sway, y: 28 + index / 6 * 26, width: 4, height: 9, level: 215)
            }
        }
        var few = try Run([rule])
        few.play(seconds: 12) { scene.frame($0 < 3 ? [] : people(5, $0)) }
        #expect(few.changes.isEmpty)
        var many = try Run([rule])
        many.play(seconds: 12) { scene.frame($0 < 3 ? [] : people(12, $0)) }
        #expect(spans(many).count == 1)
        #expect(abs((spans(many).first?.start ?? 0) - 3) < 1)
    }

    @Test("one who stays in a region loiters, one who walks through does not", arguments: [5.0, 10])
    func loitering(rate: Double) throws {
        var scene = SyntheticScene()
        var rule = still(.loitering, seconds: 8)
        rule.polygon = [
            NormalizedPoint(x: 0.25, y: 0.4), NormalizedPoint(x: 0.75, y: 0.4), NormalizedPoint(x: 0.75, y: 0.9),
            NormalizedPoint(x: 0.25, y: 0.9),
        ]
        var staying = try Run([rule])
        staying.play(seconds: 25, rate: rate) { time in
            let phase = Int((time - 3) * 6) % 40
            let x = time < 3 ? -20 : 70 + min(phase, 40 - phase)
            return scene.frame([Thing(x: x, y: 50, width: 8, height: 20, level: 220)])
        }
        #expect(spans(staying).count == 1)
        #expect(abs((spans(staying).first?.start ?? 0) - 3) < 1)
        var passing = try Run([rule])
        passing.play(seconds: 15, rate: rate) { scene.frame(walker($0)) }
        #expect(passing.changes.isEmpty)
    }

    private let camera = Rule(id: "camera", kind: .tamper)

    @Test("covering, blurring and turning the camera are told, and end when the view is back", arguments: [0, 1, 2])
    func tamper(way: Int) throws {
        var scene = SyntheticScene()
        var run = try Run([camera])
        run.play(seconds: 30) { time in
            guard time >= 10, time < 20 else { return scene.frame() }
            switch way {
            case 0: return scene.frame([Thing(x: 0, y: 0, width: 160, height: 90, level: 40)])
            case 1: return scene.frame([Thing(x: 0, y: 0, width: 150, height: 90, level: 235)])
            default: return scene.frame(extra: { x, y in (x / 5 + y / 3) % 2 * 90 - 45 + x - y })
            }
        }
        let found = spans(run)
        #expect(found.count == 1)
        #expect(abs((found.first?.start ?? 0) - 10) < 1)
        #expect(abs((found.first?.end ?? 0) - 20) < 1)
    }

    @Test("a lamp, dusk, infrared and somebody near the camera are no tampering", arguments: [0, 1, 2, 3])
    func noTamper(way: Int) throws {
        var scene = SyntheticScene()
        var run = try Run([camera])
        run.play(seconds: 40) { time in
            guard time >= 10 else { return scene.frame() }
            switch way {
            case 0: return scene.frame(light: { $0 * 3 / 5 })
            case 1: return scene.frame(light: { Int(Double($0) * max(0.3, 1 - (time - 10) / 40)) })
            case 2: return scene.frame(saturation: 0, light: { $0 * 4 / 5 + 10 })
            default: return scene.frame([Thing(x: 40, y: 10, width: 60, height: 80, level: 200)])
            }
        }
        #expect(run.changes.isEmpty)
    }

    @Test("says which layer decided: nothing, size, dwell, alert, schedule")
    func diagnose() throws {
        var scene = SyntheticScene()
        var rule = Rule.area(0.4, 0.4, 0.8, 0.9)
        rule.thresholds.dwell = 2
        var run = try Run([rule])
        func layer() -> RuleDiagnosis.Layer? { run.analyzer.diagnose().rules.first?.layer }
        run.play(seconds: 4) { _ in scene.frame() }
        #expect(layer() == .nothing)
        run.play(seconds: 0.3) { _ in scene.frame([Thing(x: 10, y: 40, width: 8, height: 20, level: 220)]) }
        #expect(layer() == .size)
        #expect(run.analyzer.diagnose().groups.things == 1)
        run.play(seconds: 1) { _ in scene.frame([box]) }
        #expect(layer() == .dwell)
        let progress = run.analyzer.diagnose().rules.first?.progress ?? 0
        #expect(progress > 0.2 && progress < 0.8)
        run.play(seconds: 3) { _ in scene.frame([box]) }
        #expect(layer() == .alert)
        var never = rule
        never.schedule = Schedule(windows: [])
        var off = try CameraAnalyzer(rules: [never], settings: DetectionSettings())
        _ = off.observe(scene.frame(), at: .zero, wallClock: .zero)
        #expect(off.diagnose().rules.first?.layer == .schedule)
    }
}

extension Rule {
    fileprivate init(_ other: Rule, id: String) {
        self = other
        self.id = id
    }
}
