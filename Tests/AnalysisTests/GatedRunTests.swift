import Analysis
import Detection
import Flow
import Foundation
import Gate
import TestSupport
import Testing

/// Clips through the live mode: gate, bursts and feedback from what pictures showed.
@Suite(.ownThread) struct GatedRunTests {
    private static let streams = checkout + "/sample-streams/"

    private func run(_ clip: String, floor: Double = 10) throws -> ClipRun.Result {
        let data = try Data(contentsOf: URL(fileURLWithPath: Self.streams + "labels/\(clip).json"))
        let rules = try JSONDecoder().decode(RuleFile.self, from: data).rules
        var run = ClipRun(rules: rules, settings: DetectionSettings(), sampling: .gated(floor: floor))
        run.tracesGate = true
        return try run.run(Self.streams + clip + ".mp4")
    }

    @Test("somebody at the river alerts behind the gate, from part of the keyframes")
    func river() throws {
        let result = try run("river-dusk")
        let trace = try #require(result.gate)
        #expect(result.alerts.contains { $0.start.seconds < 18 && $0.end.seconds > 10.7 })
        #expect(trace.keyframes.count == 18)
        #expect(trace.decoded.count < 18)
        #expect(trace.decoded.count == trace.reasons.values.reduce(0, +))
        #expect(result.picturesSeen == trace.decoded.count + trace.looked.count)
        #expect(result.unitsBroken == 0)
    }

    @Test("on a quiet clip little more than the floor is decoded")
    func quiet() throws {
        let trace = try #require(try run("quiet-caption").gate)
        #expect(trace.keyframes.count == 15)
        #expect(trace.decoded.count <= 7)
        #expect(trace.bursts <= 1)
    }

    @Test("pictures of a burst are looked at in order, before the keyframe that called for them")
    func order() throws {
        var bursts = 0
        for clip in ["car-park-day", "covered-lens", "gate-line", "night-intrusion", "river-dusk", "stopped-car"] {
            let trace = try #require(try run(clip).gate)
            #expect(zip(trace.looked, trace.looked.dropFirst()).allSatisfy { $0 < $1 })
            #expect(Set(trace.looked).isDisjoint(with: trace.decoded))
            bursts += trace.bursts
        }
        #expect(bursts > 0)
    }

    @Test("the live mode gives the same every time")
    func deterministic() throws {
        let first = try run("covered-lens")
        let second = try run("covered-lens")
        #expect(first.alerts == second.alerts)
        #expect(first.gate == second.gate)
    }
}
