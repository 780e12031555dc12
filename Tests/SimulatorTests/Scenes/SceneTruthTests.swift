import Flow
import TestSupport
import Testing

@testable import Simulator

@Suite(.ownThread) struct SceneTruthTests {
    private let size = FrameSize(width: 640, height: 360)

    /// One actor of 100 pixels, `inside` of them in the only rule's region.
    private func frame(
        inside: Int,
        shadow: Int = 0,
        role: Actor.Role = .subject,
        isPerson: Bool = true,
        isMoving: Bool = true,
        foot: (Double, Double) = (0.5, 0.5)
    ) -> FrameTruth {
        let sighting = Sighting(
            actor: 0,
            role: role,
            isPerson: isPerson,
            isMoving: isMoving,
            foot: NormalizedPoint(x: foot.0, y: foot.1),
            pixels: 100,
            inside: [inside],
            shadow: [shadow]
        )
        return FrameTruth(sightings: [sighting], covered: 0)
    }

    private func labels(_ rule: SceneRule, _ frames: [FrameTruth]) -> RuleTruth {
        var truth = SceneTruth(rules: [rule], size: size, framesPerSecond: 10)
        frames.forEach { truth.add($0) }
        return truth.labels(of: 0)
    }

    private let square = SceneRule.intrusion("square", (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))

    @Test("two visits are two events, with half a second of doubt at each edge")
    func twoVisits() {
        let counts = [Int](repeating: 0, count: 20) + [Int](repeating: 60, count: 10)
        let truth = labels(square, (counts + counts).map { frame(inside: $0) })
        #expect(truth.events == [TruthSpan(start: 2, end: 3), TruthSpan(start: 5, end: 6)])
        #expect(truth.ignore == [TruthSpan(start: 1.5, end: 3.5), TruthSpan(start: 4.5, end: 5.5)])
    }

    @Test("a gap of a few frames does not split an event")
    func shortGap() {
        let counts =
            [0, 0] + [Int](repeating: 60, count: 10) + [0, 0, 0] + [Int](repeating: 60, count: 10) + [0, 0, 0]
        #expect(labels(square, counts.map { frame(inside: $0) }).events == [TruthSpan(start: 0.2, end: 2.5)])
    }

    @Test("a shadow alone, or a few pixels of a body, is doubtful and no event")
    func doubt() {
        let empty = [FrameTruth](repeating: frame(inside: 0), count: 10)
        for some in [frame(inside: 0, shadow: 40), frame(inside: 8)] {
            let truth = labels(square, empty + [FrameTruth](repeating: some, count: 10) + empty)
            #expect(truth.events.isEmpty)
            #expect(truth.ignore == [TruthSpan(start: 1, end: 2)])
        }
    }

    @Test("a bag left behind is stationary and no intrusion; a person who stands is not stationary")
    func leftBehind() {
        let rule = SceneRule.stationary("square", 3, (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
        let empty = [FrameTruth](repeating: frame(inside: 0), count: 10)
        let bag = [FrameTruth](repeating: frame(inside: 90, role: .object, isPerson: false, isMoving: false), count: 50)
        #expect(labels(rule, empty + bag).events == [TruthSpan(start: 1, end: 6)])
        #expect(labels(square, empty + bag) == RuleTruth())
        let person = [FrameTruth](repeating: frame(inside: 90, isMoving: false), count: 50)
        #expect(labels(rule, empty + person).events.isEmpty)
    }

    @Test("a vehicle that stands shorter than asked for is ignored")
    func shortStop() {
        let rule = SceneRule.stationary("square", 3, (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
        let stop = [FrameTruth](repeating: frame(inside: 90, isPerson: false, isMoving: false), count: 20)
        let truth = labels(rule, stop)
        #expect(truth.events.isEmpty)
        #expect(truth.ignore == [TruthSpan(start: 0, end: 2)])
    }

    @Test("only crossings in the line's direction count", arguments: [true, false])
    func direction(goesRight: Bool) {
        let rule = SceneRule.line("line", .right, from: (0.5, 0.2), to: (0.5, 0.8))
        let places = (0..<20).map { 0.3 + 0.02 * Double($0) }
        let frames = (goesRight ? places : places.reversed()).map { frame(inside: 0, foot: ($0 + 0.001, 0.5)) }
        let truth = labels(rule, frames)
        #expect(truth.crossings == (goesRight ? [0.95] : []))
        #expect(truth.events == (goesRight ? [TruthSpan(start: 0.45, end: 1.45)] : []))
    }

    @Test("passing beyond the end of the line is no crossing")
    func besideLine() {
        let rule = SceneRule.line("line", .right, from: (0.5, 0.2), to: (0.5, 0.4))
        let frames = (0..<20).map { frame(inside: 0, foot: (0.301 + 0.02 * Double($0), 0.5)) }
        #expect(labels(rule, frames).crossings.isEmpty)
    }

    @Test("a crowd is counted by feet inside the region")
    func crowd() {
        let rule = SceneRule.crowd("square", 3, (0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
        func group(_ count: Int) -> FrameTruth {
            let one = frame(inside: 0).sightings[0]
            let far = frame(inside: 50, foot: (0.9, 0.9)).sightings[0]
            return FrameTruth(sightings: [Sighting](repeating: one, count: count) + [far], covered: 0)
        }
        let frames = [Int](repeating: 2, count: 10) + [Int](repeating: 3, count: 10) + [Int](repeating: 1, count: 10)
        #expect(labels(rule, frames.map(group)).events == [TruthSpan(start: 1, end: 2)])
    }
}
