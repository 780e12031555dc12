import Flow
import TestSupport
import Testing

@testable import Detection

/// Lines at low frame rates, where things move far and change much from one picture to the next.
@Suite(.ownThread) struct LineRateTests {
    private typealias Thing = SyntheticScene.Thing

    private func line(_ direction: Rule.Direction) -> Rule {
        Rule(
            id: "\(direction)",
            kind: .line,
            line: [NormalizedPoint(x: 0.5, y: 0.3), NormalizedPoint(x: 0.5, y: 1)],
            direction: direction
        )
    }

    /// The alerts of lines in both directions; nothing is there before second 2.
    private func starts(rate: Double, seconds: Double = 8, _ things: (Double) -> [Thing]) throws -> [AlertChange] {
        var scene = SyntheticScene()
        var run = try Run([line(.right), line(.left)])
        run.play(seconds: seconds, rate: rate) { scene.frame($0 < 2 ? [] : things($0 - 2)) }
        return run.starts
    }

    private func walker(_ x: Double) -> [Thing] {
        (-8..<160).contains(x) ? [Thing(x: Int(x), y: 50, width: 8, height: 20, level: 220)] : []
    }

    @Test("an alert starts when the line was crossed between two pictures, not with the later one")
    func start() throws {
        let found = try starts(rate: 1) { walker($0 * 30) }
        #expect(found.map(\.rule.id) == ["right"])
        // The centre passes 80 at (80 - 4) / 30 + 2.
        #expect(abs((found.first?.start.seconds ?? 0) - 4.53) < 0.2)
        #expect(found.first?.at.seconds == 5)
    }

    @Test("who is first seen beyond the line, and is as fast as who came in over the edge just before, has crossed it")
    func entry() throws {
        #expect(try starts(rate: 1) { walker(86 + $0 * 60) }.map(\.rule.id) == ["right"])
    }

    @Test("who comes out beyond the line slowly, far from the edge, has not crossed it")
    func door() throws {
        #expect(try starts(rate: 1) { walker(86 + $0 * 15) }.isEmpty)
    }

    @Test("what becomes much smaller as it goes away crosses the line all the same")
    func perspective() throws {
        let ways = [(5, 36, 30), (34, 36, 30), (82, 18, 16), (110, 14, 12), (128, 10, 9)]
        let found = try starts(rate: 5) { time in
            let index = Int((time * 5).rounded())
            guard ways.indices.contains(index) else { return [] }
            let (x, width, height) = ways[index]
            return [Thing(x: x, y: 50, width: width, height: height, level: 220)]
        }
        #expect(found.map(\.rule.id) == ["right"])
    }

    @Test("two that meet on the line, are one thing for a while and part are counted each", arguments: [5.0, 10])
    func meeting(rate: Double) throws {
        let found = try starts(rate: rate) { time in
            [
                Thing(x: Int(time * 30) - 10, y: 46, width: 24, height: 22, level: 220),
                Thing(x: 146 - Int(time * 30), y: 54, width: 24, height: 22, level: 215),
            ].filter { (-24..<160).contains($0.x) }
        }
        #expect(found.map(\.rule.id).sorted() == ["left", "right"])
    }

    @Test("one who leaves while another comes in elsewhere does not become the other")
    func exchange() throws {
        let found = try starts(rate: 1) { time in
            // Gone to the left when a small one comes in at the right.
            time < 1
                ? [Thing(x: 30, y: 60, width: 6, height: 5, level: 220)]
                : [Thing(x: min(150, 120 + Int(time) * 6), y: 60, width: 6, height: 5, level: 220)]
        }
        #expect(found.isEmpty)
    }

    @Test("a picture that says nothing in between counts nobody a second time")
    func unclear() throws {
        var scene = SyntheticScene()
        var run = try Run([line(.right), line(.left)])
        run.play(seconds: 20, rate: 1) { _ in scene.frame() }
        run.play(seconds: 2, rate: 1) { scene.frame(walker(86 + $0 * 60)) }
        run.play(seconds: 3, rate: 1) { _ in
            var other = scene.frame()
            other.pixels = other.pixels.map { 255 - $0 }
            return other
        }
        #expect(run.statuses.last != .steady)
        #expect(run.starts.map(\.rule.id) == ["right"])
        #expect(run.changes.allSatisfy { $0.reason == "something crossed the line" }, "\(run.changes.map(\.reason))")
    }

    @Test("who is seen in every other picture only is followed all the same", arguments: [1.0, 2, 5, 10])
    func everyOther(rate: Double) throws {
        var number = 0
        let found = try starts(rate: rate, seconds: 12) { time in
            number += 1
            return number.isMultiple(of: 2) ? [] : walker(time * 20)
        }
        #expect(found.map(\.rule.id) == ["right"])
    }

    @Test("assignments are those of a search through all, with ties")
    func assignments() {
        var state: UInt64 = 9
        func random(_ below: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33 % below)
        }
        func least(_ costs: [[Double]], from row: Int = 0, without taken: Set<Int> = []) -> Double {
            guard row < costs.count else { return 0 }
            return costs[row].indices.filter { !taken.contains($0) }
                .map { costs[row][$0] + least(costs, from: row + 1, without: taken.union([$0])) }
                .min() ?? .infinity
        }
        for _ in 0..<200 {
            let rows = 1 + random(4)
            let columns = rows + random(3)
            let costs = (0..<rows).map { _ in (0..<columns).map { _ in Double(random(6)) } }
            let chosen = cheapestAssignment(costs)
            #expect(Set(chosen).count == rows)
            #expect(chosen.enumerated().reduce(0) { $0 + costs[$1.offset][$1.element] } == least(costs))
        }
    }

    @Test("chooses the assignment with the least sum, not the cheapest pair first")
    func assignment() {
        #expect(cheapestAssignment([[1, 2], [2, 9]]) == [1, 0])
        #expect(cheapestAssignment([[1, 5, 9], [1, 2, 9]]) == [0, 1])
        #expect(cheapestAssignment([]).isEmpty)
    }
}
