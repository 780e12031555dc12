import Flow
import TestSupport
import Testing

@testable import Detection

/// Rules and settings that change while a camera is watched.
@Suite(.ownThread) struct RevisionTests {
    private let left = Rule.area(0, 0.3, 0.5, 1, id: "left")
    private let right = Rule.area(0.5, 0.3, 1, 1, id: "right")
    private let onLeft = SyntheticScene.Thing(x: 30, y: 50, width: 10, height: 24, level: 30)
    private let onRight = SyntheticScene.Thing(x: 120, y: 50, width: 10, height: 24, level: 30)

    private func lowered() throws -> DetectionSettings { try DetectionSettings().with(["min_share": 0.003]) }

    @Test("who stands there when the region is drawn anew is no part of the scene")
    func sceneStays() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 3) { _ in scene.frame([onLeft]) }
        #expect(run.starts.count == 1)
        let redrawn = Rule.area(0, 0.4, 0.4, 1, id: "left")
        run.changes += try run.analyzer.revise(rules: [redrawn], settings: lowered())
        #expect(run.ends.count == 1)
        run.play(seconds: 1) { _ in scene.frame([onLeft]) }
        #expect(run.starts.count == 2)
        #expect(!run.statuses.suffix(10).contains(.warmingUp))
    }

    @Test("an alert goes on under other thresholds while they hold, and names the rule as it is")
    func thresholds() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 3) { _ in scene.frame([onLeft]) }
        var renamed = left
        renamed.name = "Bank"
        renamed.severity = 1
        #expect(try run.analyzer.revise(rules: [renamed], settings: lowered()).isEmpty)
        run.play(seconds: 12) { _ in scene.frame([onLeft]) }
        #expect(run.starts.count == 1 && run.ends.isEmpty)
        #expect(run.changes.last?.phase == .update && run.changes.last?.rule == renamed)
        var blind = renamed
        blind.thresholds.minShare = 1
        #expect(try run.analyzer.revise(rules: [blind], settings: lowered()).isEmpty)
        run.play(seconds: 3) { _ in scene.frame([onLeft]) }
        #expect(run.ends.count == 1)
    }

    @Test("a covered lens and a car that has become part of the scene are still told of under other settings")
    func whatIsHeldForLong() throws {
        var scene = SyntheticScene()
        var lane = Rule.area(0, 0.3, 1, 1, id: "lane")
        lane.kind = .stationary
        lane.minSeconds = 5
        var run = try Run([lane, Rule(id: "view", kind: .tamper)])
        run.play(seconds: 8, rate: 5) { _ in scene.frame() }
        // Longer than what stands there needs to be background.
        run.play(seconds: 80, rate: 5) { _ in scene.frame([onLeft]) }
        #expect(run.starts.map(\.rule.id) == ["lane"])
        run.changes += try run.analyzer.revise(rules: [lane, Rule(id: "view", kind: .tamper)], settings: lowered())
        run.play(seconds: 20, rate: 5) { _ in scene.frame([onLeft]) }
        #expect(run.ends.isEmpty)
        let cover = SyntheticScene.Thing(x: 0, y: 0, width: 160, height: 90, level: 40)
        run.play(seconds: 5, rate: 5) { _ in scene.frame([cover]) }
        #expect(run.starts.map(\.rule.id).contains("view"))
        run.changes += try run.analyzer.revise(rules: [lane, Rule(id: "view", kind: .tamper)], settings: .init())
        run.play(seconds: 5, rate: 5) { _ in scene.frame([cover]) }
        #expect(!run.ends.map(\.rule.id).contains("view"))
    }

    @Test("what is kept back by another rule is not let out when that one is drawn anew")
    func conditions() throws {
        var scene = SyntheticScene()
        var asking = left
        asking.notIf = "right"
        var run = try Run([asking, right])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 2) { _ in scene.frame([onRight]) }
        run.play(seconds: 2) { _ in scene.frame([onLeft, onRight]) }
        #expect(run.starts.map(\.rule.id) == ["right"])
        let redrawn = Rule.area(0.5, 0.4, 1, 1, id: "right")
        run.changes += try run.analyzer.revise(rules: [asking, redrawn], settings: DetectionSettings())
        run.play(seconds: 2) { _ in scene.frame([onLeft, onRight]) }
        #expect(run.starts.map(\.rule.id) == ["right", "right"])
    }

    @Test("a rule that stays as it is goes on with its alert when another comes, changes or goes")
    func othersStay() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 1) { _ in scene.frame([onLeft]) }
        #expect(run.starts.map(\.rule.id) == ["left"])
        var renamed = right
        for rules in [[right, left], [left, renamed], [left]] {
            #expect(try run.analyzer.revise(rules: rules, settings: DetectionSettings()).isEmpty)
            run.play(seconds: 1) { _ in scene.frame([onLeft]) }
            renamed.name = "Gate"
        }
        #expect(run.starts.count == 1)
        #expect(run.ends.isEmpty)
    }

    @Test("a rule that comes watches at once, one that goes ends its alert")
    func comesAndGoes() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 1) { _ in scene.frame([onLeft, onRight]) }
        run.changes += try run.analyzer.revise(rules: [right], settings: DetectionSettings())
        #expect(run.ends.map(\.rule.id) == ["left"])
        run.play(seconds: 1) { _ in scene.frame([onLeft, onRight]) }
        #expect(run.starts.map(\.rule.id) == ["left", "right"])
    }

    @Test("a line that comes later is crossed by whom it sees")
    func tracksBegin() throws {
        var scene = SyntheticScene()
        var line = Rule(id: "line", kind: .line)
        line.line = [NormalizedPoint(x: 0.5, y: 0.2), NormalizedPoint(x: 0.5, y: 1)]
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        _ = try run.analyzer.revise(rules: [left, line], settings: DetectionSettings())
        run.play(seconds: 4) { time in
            scene.frame([SyntheticScene.Thing(x: 30 + Int(25 * time), y: 50, width: 10, height: 24, level: 30)])
        }
        #expect(run.starts.contains { $0.rule.id == "line" })
    }

    @Test("rules that are refused change nothing")
    func refused() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 1) { _ in scene.frame([onLeft]) }
        #expect(throws: DetectionError.self) {
            try run.analyzer.revise(rules: [right, right], settings: lowered())
        }
        run.play(seconds: 1) { _ in scene.frame([onLeft]) }
        #expect(run.ends.isEmpty)
        #expect(run.analyzer.diagnose().rules.map(\.rule) == ["left"])
    }

    @Test("settings and rules may change before the first picture")
    func beforeTheFirst() throws {
        var scene = SyntheticScene()
        var run = try Run([left])
        #expect(try run.analyzer.revise(rules: [right], settings: lowered()).isEmpty)
        run.play(seconds: 8) { _ in scene.frame() }
        run.play(seconds: 1) { _ in scene.frame([onLeft, onRight]) }
        #expect(run.starts.map(\.rule.id) == ["right"])
    }
}
