import Flow
import TestSupport
import Testing

@testable import Detection

/// What changes a picture without anybody there.
///
/// Each condition lasts long enough to be learnt wrongly.
@Suite(.ownThread) struct QuietConditionTests {
    private func alerts(in seconds: Double, rate: Double = 10, frame: (Double) -> LumaPlane) throws -> [AlertChange] {
        var run = try Run([.everywhere, .area(0.2, 0.3, 0.8, 1)])
        run.play(seconds: seconds, rate: rate, frame: frame)
        return run.changes
    }

    @Test("sensor noise", arguments: [0, 2, 6, 12])
    func noise(level: Int) throws {
        var scene = SyntheticScene(seed: 3)
        #expect(try alerts(in: 20) { _ in scene.frame(noise: level) }.isEmpty)
    }

    @Test("a step of the light", arguments: [(0.6, 10), (1.5, -5), (1.0, 25), (1.0, -20)])
    func lightStep(gain: Double, offset: Int) throws {
        var scene = SyntheticScene()
        let found = try alerts(in: 20) { time in
            scene.frame(light: { time < 8 ? $0 : Int(Double($0) * gain) + offset })
        }
        #expect(found.isEmpty)
    }

    @Test("a slow ramp of the light", arguments: [4.0, 30.0])
    func lightRamp(over length: Double) throws {
        var scene = SyntheticScene()
        let found = try alerts(in: length + 12) { time in
            let gain = 1 - 0.5 * min(1, max(0, time - 5) / length)
            return scene.frame(light: { Int(Double($0) * gain) })
        }
        #expect(found.isEmpty)
    }

    @Test("light that flickers")
    func flicker() throws {
        var scene = SyntheticScene()
        var count = 0
        let found = try alerts(in: 20) { _ in
            count += 1
            let offset = count % 2 * 9
            return scene.frame(light: { $0 + offset })
        }
        #expect(found.isEmpty)
    }

    @Test("the switch to infrared and back, in one frame or over several", arguments: [0.0, 1.0])
    func infrared(ramp: Double) throws {
        var scene = SyntheticScene()
        var run = try Run([.everywhere, .area(0.2, 0.3, 0.8, 1)])
        run.play(seconds: 40) { time in
            let on = time < 25 ? max(0, time - 10) : max(0, 25 + ramp - time)
            let share = ramp == 0 ? (on > 0 ? 1 : 0) : min(1, on / ramp)
            // Infrared lights the middle, and foliage turns bright.
            return scene.frame(
                saturation: 20 * (1 - share),
                extra: { x, y in
                    let spot = max(0, 90 - abs(x - 80) - abs(y - 60))
                    return Int(share * Double(spot - (y < 22 ? -70 : 40)))
                }
            )
        }
        #expect(run.changes.isEmpty)
        #expect(run.statuses.contains(.infraredSwitch))
    }

    @Test("a camera that shakes by a pixel")
    func shake() throws {
        var scene = SyntheticScene()
        var count = 0
        let found = try alerts(in: 20) { _ in
            count += 1
            return scene.frame(shift: (count / 2 % 3 - 1, count / 3 % 3 - 1))
        }
        #expect(found.isEmpty)
    }

    @Test("texture that waves all the time")
    func foliage() throws {
        var scene = SyntheticScene()
        let found = try alerts(in: 30) { time in
            let phase = Int((time * 3).rounded())
            return scene.frame(extra: { x, y in
                guard x < 70, y < 60 else { return 0 }
                return (x + phase % 3) % 4 < 2 ? 45 : -25
            })
        }
        #expect(found.isEmpty)
    }

    @Test("a soft shadow that wanders over the scene")
    func softShadow() throws {
        var scene = SyntheticScene()
        let found = try alerts(in: 30) { time in
            let middle = Int(time * 8) - 40
            return scene.frame(extra: { x, _ in -max(0, 40 - abs(x - middle)) })
        }
        #expect(found.isEmpty)
    }

    @Test("drops that are seen for one frame each")
    func rain() throws {
        var scene = SyntheticScene()
        var count = 0
        let found = try alerts(in: 20) { _ in
            count += 1
            let drops = (0..<25).map { index in
                SyntheticScene.Thing(
                    x: (index * 53 + count * 31) % 156,
                    y: (index * 29 + count * 47) % 80,
                    width: 1,
                    height: 5,
                    level: 220
                )
            }
            return scene.frame(drops)
        }
        #expect(found.isEmpty)
    }

    @Test("a lens that is covered does not count as somebody, and the status says so")
    func covered() throws {
        var scene = SyntheticScene()
        var run = try Run([.everywhere])
        run.play(seconds: 6) { _ in scene.frame() }
        run.play(seconds: 1) { _ in scene.frame(light: { _ in 8 }) }
        #expect(run.statuses.last == .sceneChange)
        run.play(seconds: 6) { _ in scene.frame(light: { _ in 8 }) }
        #expect(run.changes.isEmpty)
    }

    @Test("somebody is still found after each of these", arguments: ["light", "infrared", "cover"])
    func stillSees(after what: String) throws {
        var scene = SyntheticScene()
        var run = try Run([.area(0.2, 0.3, 0.8, 1)])
        func frame(_ things: [SyntheticScene.Thing], changed: Bool) -> LumaPlane {
            switch what {
            case "light": scene.frame(things, light: { changed ? $0 / 2 : $0 })
            case "infrared": scene.frame(things, saturation: changed ? 0 : 20, light: { changed ? 200 - $0 : $0 })
            default: scene.frame(things, light: { changed ? $0 : 8 })
            }
        }
        run.play(seconds: 6) { _ in frame([], changed: false) }
        run.play(seconds: 8) { _ in frame([], changed: true) }
        #expect(run.changes.isEmpty)
        run.play(seconds: 8) { time in
            frame([.init(x: Int(time * 14), y: 45, width: 8, height: 20, level: 30)], changed: true)
        }
        #expect(run.starts.count == 1)
    }
}
