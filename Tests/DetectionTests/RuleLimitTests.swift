import Flow
import Foundation
import TestSupport
import Testing

@testable import Detection

/// What keeps things from counting for a rule: masks, sizes, and what other rules see.
@Suite(.ownThread) struct RuleLimitTests {
    private typealias Thing = SyntheticScene.Thing

    private static func box(_ left: Double, _ top: Double, _ right: Double, _ bottom: Double) -> [NormalizedPoint] {
        Rule.area(left, top, right, bottom).polygon ?? []
    }

    private func layers(_ run: Run) -> [RuleDiagnosis.Layer] { run.analyzer.diagnose().rules.map(\.layer) }

    /// A thing that shakes where it is, so that it is never learnt.
    private func waving(_ time: Double, x: Int, y: Int = 50, width: Int = 10, height: Int = 20) -> Thing {
        Thing(x: x + Int(time * 10) % 3, y: y, width: width, height: height, level: 220)
    }

    @Test("what moves under a mask never counts, what moves beside it does")
    func masks() throws {
        var masked = Rule.area(0, 0, 1, 1)
        masked.masks = [Self.box(0.1, 0.4, 0.4, 0.9)]
        var scene = SyntheticScene()
        var run = try Run([masked, .everywhere])
        run.play(seconds: 4) { _ in scene.frame() }
        run.play(seconds: 3) { scene.frame([waving($0, x: 30)]) }
        #expect(run.starts.map(\.rule.id) == ["everywhere"])
        #expect(layers(run) == [.mask, .alert])
        run.play(seconds: 3) { scene.frame([waving($0, x: 30), waving($0, x: 100)]) }
        #expect(run.starts.map(\.rule.id) == ["everywhere", "area"])
    }

    @Test("a line does not count what crosses it under a mask")
    func maskedLine() throws {
        var line = Rule(id: "line", kind: .line, line: [.init(x: 0.5, y: 0.3), .init(x: 0.5, y: 1)])
        var masked = line
        masked.id = "masked"
        masked.masks = [Self.box(0.3, 0.4, 0.7, 1)]
        line.masks = [Self.box(0, 0, 0.2, 0.2)]
        var scene = SyntheticScene()
        var run = try Run([line, masked])
        run.play(seconds: 3) { _ in scene.frame() }
        run.play(seconds: 5) { scene.frame([Thing(x: Int($0 * 30) - 5, y: 50, width: 8, height: 20, level: 220)]) }
        #expect(run.starts.map(\.rule.id) == ["line"])
    }

    @Test("near the bottom a small thing does not count, far away it does")
    func size() throws {
        var rule = Rule.area(0, 0.2, 1, 1)
        rule.size = Rule.Size(near: 0.5, far: 0.1)
        var scene = SyntheticScene()
        var run = try Run([rule, .everywhere])
        run.play(seconds: 4) { _ in scene.frame() }
        // 9 rows high: a cat at the bottom, a person at the top.
        run.play(seconds: 3) { scene.frame([waving($0, x: 60, y: 76, width: 9, height: 9)]) }
        #expect(run.starts.map(\.rule.id) == ["everywhere"])
        #expect(layers(run) == [.misfit, .alert])
        run.play(seconds: 5) { _ in scene.frame() }
        run.play(seconds: 3) { scene.frame([waving($0, x: 60, y: 20, width: 9, height: 9)]) }
        #expect(run.starts.map(\.rule.id) == ["everywhere", "area", "everywhere"])
    }

    @Test("something far too large for its place does not count, unless it is near")
    func tooLarge() {
        let scale = SizeScale(Rule.Size(near: 0.5, far: 0.1), top: 0.2, bottom: 1)
        func box(top: Double, foot: Double) -> NormalizedRect {
            NormalizedRect(x: 0.4, y: top, width: 0.1, height: foot - top)
        }
        // At 0.3 a person is 0.15 tall.
        #expect(scale.admits(box(top: 0.1, foot: 0.3)))
        #expect(!scale.admits(box(top: 0.25, foot: 0.3)))
        #expect(!scale.admits(box(top: -0.1, foot: 0.3)))
        #expect(scale.admits(box(top: 0.3, foot: 0.95)))
        #expect(!scale.admits(box(top: 0.8, foot: 0.95)))
        #expect(scale.admits(box(top: 0.95, foot: 1)), "the lower edge cuts it off: nobody knows how tall it is")
    }

    @Test("only_if lets an alert through only while the other rule is occupied, not_if only while it is not")
    func conditions() throws {
        let gate = Rule.area(0.6, 0.3, 0.9, 1, id: "gate")
        var with = Rule.area(0.1, 0.3, 0.4, 1, id: "with")
        with.onlyIf = "gate"
        var without = Rule.area(0.1, 0.3, 0.4, 1, id: "without")
        without.notIf = "gate"
        var scene = SyntheticScene()
        var run = try Run([with, without, gate])
        run.play(seconds: 4) { _ in scene.frame() }
        run.play(seconds: 4) { scene.frame([waving($0, x: 30)]) }
        #expect(run.starts.map(\.rule.id) == ["without"])
        #expect(layers(run) == [.condition, .alert, .size])
        run.play(seconds: 4) { scene.frame([waving($0, x: 30), waving($0, x: 110)]) }
        #expect(run.starts.map(\.rule.id) == ["without", "with", "gate"])
        #expect(run.ends.map(\.rule.id) == ["without"])
        let began = try #require(run.starts.first { $0.rule.id == "with" })
        #expect(began.start == began.at, "it is told from when both hold")
        #expect(began.start.seconds >= 8)
        run.play(seconds: 6) { scene.frame([waving($0, x: 30)]) }
        #expect(run.ends.map(\.rule.id) == ["without", "with", "gate"])
        let ended = try #require(run.ends.first { $0.rule.id == "with" })
        #expect(ended.start == began.start, "an alert keeps its start")
        #expect(run.starts.last?.rule.id == "without")
    }

    @Test("a bag that stands still is told once nobody is near, from then on, though it was seen before")
    func unattended() throws {
        let near = Rule.area(0.55, 0.3, 0.9, 1, id: "near")
        let bag = Rule(
            id: "bag",
            kind: .stationary,
            polygon: Self.box(0.1, 0.3, 0.45, 1),
            minSeconds: 5,
            notIf: "near"
        )
        let thing = Thing(x: 40, y: 60, width: 12, height: 14, level: 220)
        var scene = SyntheticScene()
        var run = try Run([bag, near])
        run.play(seconds: 4) { _ in scene.frame() }
        run.play(seconds: 12) { scene.frame([thing, waving($0, x: 110)]) }
        #expect(!run.starts.map(\.rule.id).contains("bag"))
        run.play(seconds: 6) { _ in scene.frame([thing]) }
        #expect(run.starts.filter { $0.rule.id == "bag" }.count == 1)
    }

    @Test("a silent rule gives no alerts and still serves others")
    func silent() throws {
        var gate = Rule.area(0.6, 0.3, 0.9, 1, id: "gate")
        gate.isSilent = true
        var with = Rule.area(0.1, 0.3, 0.4, 1, id: "with")
        with.onlyIf = "gate"
        var scene = SyntheticScene()
        var run = try Run([gate, with])
        run.play(seconds: 4) { _ in scene.frame() }
        run.play(seconds: 4) { scene.frame([waving($0, x: 30), waving($0, x: 110)]) }
        #expect(run.changes.map(\.rule.id) == ["with"])
        #expect(layers(run) == [.silent, .alert])
        run.finish()
        #expect(run.changes.map(\.phase) == [.start, .end])
    }

    @Test("limits are read from a rule file and written again; masks of the camera go to every rule")
    func coding() throws {
        let text = """
            {"masks":[[[0,0],[0.3,0],[0.3,0.1],[0,0.1]]],"rules":[
              {"id":"yard","kind":"intrusion","masks":[[[0.5,0.5],[0.6,0.5],[0.6,0.6]]],
               "size":{"near":0.5,"far":0.1},"only_if":"gate"},
              {"id":"gate","kind":"intrusion","polygon":[[0,0],[1,0],[1,1]],"silent":true}]}
            """
        let rules = try JSONDecoder().decode(RuleFile.self, from: Data(text.utf8)).rules
        #expect(rules[0].masks.count == 2)
        #expect(rules[1].masks.count == 1)
        #expect(rules[0].size == Rule.Size(near: 0.5, far: 0.1))
        #expect(rules[0].onlyIf == "gate")
        #expect(rules[1].isSilent)
        let written = try JSONEncoder().encode(RuleFile(rules: rules))
        #expect(try JSONDecoder().decode(RuleFile.self, from: written).rules == rules)
    }

    @Test(
        "refuses limits that cannot hold, names the rule and the field",
        arguments: [
            (#""masks":[[[0,0],[1,1]]]"#, "mask 1 has 2 points"),
            (#""masks":[[[0,0],[1,0],[1,1],[0,1]]]"#, "masks leave nothing"),
            (#""size":{"near":0.1,"far":0.5}"#, "size is near 0.1, far 0.5"),
            (#""size":{"near":1.5,"far":0.5}"#, "size is near 1.5"),
            (#""only_if":"r1""#, "only_if names the rule itself"),
            (#""not_if":"r9""#, "not_if 'r9' is no rule of this camera; its others are: r2, r3"),
            (#""only_if":"r3""#, "'r3' itself has an only_if"),
            (#""only_if":"r2","not_if":"r2""#, "'r2' is its only_if too"),
        ]
    )
    func refused(field: String, reason: String) throws {
        let text = """
            {"rules":[{"id":"r1","kind":"intrusion",\(field)},{"id":"r2","kind":"intrusion"},
            {"id":"r3","kind":"intrusion","not_if":"r2"}]}
            """
        let error = #expect(throws: DetectionError.self) {
            try JSONDecoder().decode(RuleFile.self, from: Data(text.utf8))
        }
        #expect(error?.message.contains("rule 'r1'") == true)
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }
}
