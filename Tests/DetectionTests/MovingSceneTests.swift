import CVision
import Flow
import TestSupport
import Testing

@testable import Detection

/// Scenes that move: a shaken camera, and places where something moves all the time.
@Suite(.ownThread) struct MovingSceneTests {
    private typealias Thing = SyntheticScene.Thing

    /// Leaves: patches that turn light and dark, each in its own time.
    private func leaves(_ time: Double, _ x: Int, _ y: Int) -> Int {
        guard (20..<60).contains(x), (40..<75).contains(y) else { return 0 }
        let patch = UInt32(x / 5) &* 73_856_093 ^ UInt32(y / 5) &* 19_349_663 ^ UInt32(time * 5) &* 83_492_791
        return Int((patch &* 2_654_435_761) >> 24) % 110 - 55
    }

    private func told(_ run: Run) -> String {
        run.changes.map { "\($0.phase) \($0.at.seconds) \($0.box)" }.joined(separator: "; ")
    }

    @Test("finds by how much a picture moved as a whole, and no movement where only a part changed")
    func shift() {
        var scene = SyntheticScene()
        let still = scene.frame()
        for (right, down) in [(0, 0), (1, 0), (-3, 2), (5, -5), (4, 4)] {
            let moved = scene.frame(shift: (-right, -down))
            let found = cv_find_shift(still.pixels, moved.pixels, 160, 90, 5)
            #expect(found.right == right && found.down == down, "\(right), \(down): \(found)")
        }
        let crowd = scene.frame([Thing(x: 40, y: 30, width: 40, height: 50, level: 220)])
        let found = cv_find_shift(still.pixels, crowd.pixels, 160, 90, 5)
        #expect(found.right == 0 && found.down == 0)
    }

    @Test("moves a picture and takes what comes in from another")
    func move() {
        let picture: [UInt8] = [1, 2, 3, 4, 5, 6, 7, 8, 9]
        let fill = [UInt8](repeating: 0, count: 9)
        var moved = fill
        cv_move(picture, 3, 3, cv_shift(right: 1, down: 0), fill, &moved)
        #expect(moved == [0, 1, 2, 0, 4, 5, 0, 7, 8])
        cv_move(picture, 3, 3, cv_shift(right: -1, down: 1), fill, &moved)
        #expect(moved == [0, 0, 0, 2, 3, 0, 5, 6, 0])
    }

    @Test(
        "a camera that is shaken by up to five pixels gives no alert and says that it shakes",
        arguments: [2.0, 10.0]
    )
    func shaken(rate: Double) throws {
        var scene = SyntheticScene()
        var run = try Run([.everywhere])
        run.play(seconds: 5, rate: rate) { _ in scene.frame() }
        var count = 0
        run.play(seconds: 20, rate: rate) { _ in
            count += 1
            return scene.frame(shift: (count * 7 % 11 - 5, count * 5 % 9 - 4))
        }
        #expect(run.statuses.contains(.shaking))
        run.play(seconds: 4, rate: rate) { _ in scene.frame() }
        #expect(run.changes.isEmpty, "\(told(run))")
        #expect(run.statuses.last == .steady)
    }

    @Test("somebody who walks before a shaken camera is found")
    func walkerWhileShaken() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.3, 0.3, 0.7, 1)])
        run.play(seconds: 5) { _ in scene.frame() }
        var count = 0
        run.play(seconds: 8) { time in
            count += 1
            let walker = Thing(x: Int(time * 18), y: 45, width: 8, height: 22, level: 220)
            return scene.frame([walker], shift: (count * 7 % 11 - 5, count * 5 % 9 - 4))
        }
        run.play(seconds: 5) { _ in scene.frame() }
        #expect(run.starts.count == 1, "\(told(run))")
        #expect(run.ends.count == 1)
    }

    @Test("what begins to move and never stops ends its own alert, says so, and hides nobody who is strong")
    func restless() throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0, 0.3, 1, 1)])
        run.play(seconds: 5) { _ in scene.frame() }
        #expect(run.analyzer.diagnose().restless < 0.01)
        run.play(seconds: 90) { time in scene.frame(extra: { leaves(time, $0, $1) }) }
        #expect(run.starts.count == 1, "\(told(run))")
        let end = try #require(run.ends.last?.end)
        #expect(end.seconds < 40, "it was learnt while its alert ran")
        #expect(run.analyzer.diagnose().restless > 0.05)
        run.play(seconds: 6) { time in
            scene.frame(
                [Thing(x: Int(time * 25), y: 38, width: 14, height: 34, level: 255)],
                extra: { leaves(time + 90, $0, $1) }
            )
        }
        #expect(run.starts.count == 2, "a person before the leaves")
    }

    @Test("who only reaches into a region from outside must stay longer than who stands in it")
    func leaning() throws {
        var scene = SyntheticScene()
        let region = Rule.area(0.2, 0.2, 0.8, 0.6)
        func alerts(_ thing: Thing, for seconds: Double) throws -> Int {
            var run = try Run([region])
            run.play(seconds: 4) { _ in scene.frame() }
            run.play(seconds: seconds) { _ in scene.frame([thing]) }
            run.play(seconds: 4) { _ in scene.frame() }
            return run.starts.count
        }
        // The region ends at row 54.
        let leaning = Thing(x: 70, y: 50, width: 8, height: 30, level: 220)
        let standing = Thing(x: 70, y: 25, width: 8, height: 26, level: 220)
        #expect(try alerts(leaning, for: 0.4) == 0)
        #expect(try alerts(leaning, for: 4) == 1)
        #expect(try alerts(standing, for: 0.4) == 1)
        // Small, and most of it inside: a dog's head over the fence of the watched lane.
        let head = Thing(x: 70, y: 48, width: 5, height: 10, level: 220)
        #expect(try alerts(head, for: 0.4) == 0)
        #expect(try alerts(head, for: 4) == 1)
    }
}
