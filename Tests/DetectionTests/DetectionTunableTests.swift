import Flow
import TestSupport
import Testing

@testable import Detection

/// Settings of detection: each with another value than its default judges a made-up day of one camera otherwise.
@Suite(.ownThread) struct DetectionTunableTests {
    /// A setting, another value, and what is set besides so that it matters.
    struct Case: CustomTestStringConvertible, Sendable {
        let key: String
        let value: Double
        var base: [String: Double] = [:]

        var testDescription: String { "detection.\(key)" }
    }

    static let cases = [
        Case(key: "min_share", value: 0.05), Case(key: "min_blob", value: 0.02), Case(key: "dwell", value: 2),
        Case(key: "hold", value: 6), Case(key: "contrast_floor", value: 40), Case(key: "contrast_share", value: 0.4),
        Case(key: "noise_factor", value: 15), Case(key: "strong_share", value: 0.9),
        Case(key: "core_share", value: 0.9),
        Case(key: "soft_edges", value: 0), Case(key: "light_correlation", value: 1),
        Case(key: "background_seconds", value: 1), Case(key: "noise_seconds", value: 1),
        Case(key: "absorb_seconds", value: 3), Case(key: "home_seconds", value: 1, base: ["absorb_seconds": 3]),
        Case(key: "speck_seconds", value: 60, base: ["min_blob": 0.03]), Case(key: "ghost_edges", value: 10),
        Case(key: "ghost_seconds", value: 30),
        Case(key: "mode_share", value: 0.95), Case(key: "mode_seconds", value: 10),
        Case(key: "settle_seconds", value: 10), Case(key: "person_share", value: 0.05),
        Case(key: "warm_up_seconds", value: 10),
    ]

    private static let rate = 5.0

    /// What happens before the camera, part by part: seconds, then what is drawn at a second of the part.
    private static let day: [LumaPlane] = {
        typealias Thing = SyntheticScene.Thing
        var scene = SyntheticScene()
        var frames: [LumaPlane] = []
        func play(_ seconds: Double, _ frame: (Double) -> LumaPlane) {
            for index in 0..<Int(seconds * rate) { frames.append(frame(Double(index) / rate)) }
        }
        func rest(_ seconds: Double) { play(seconds) { _ in scene.frame() } }
        rest(5)
        play(5) { scene.frame([Thing(x: Int($0 * 25), y: 45, width: 8, height: 22, level: 220)]) }
        rest(3)
        // A soft spot of light, then one with hard edges on the paving.
        play(5) { _ in
            scene.frame(extra: { x, y in max(0, 70 - ((x - 100) * (x - 100) + (y - 60) * (y - 60)) / 9) })
        }
        rest(2)
        play(5) { _ in scene.frame(extra: { x, y in (50..<90).contains(x) && (40..<75).contains(y) ? 40 : 0 }) }
        rest(2)
        let specks = [(30, 60), (90, 70), (120, 50)].map { Thing(x: $0, y: $1, width: 3, height: 3, level: 250) }
        play(6) { _ in scene.frame(specks) }
        rest(2)
        play(8) { _ in scene.frame([Thing(x: 70, y: 45, width: 12, height: 26, level: 20)]) }
        rest(6)
        // Little darker than the ground.
        play(6) { _ in scene.frame([Thing(x: 60, y: 45, width: 16, height: 15, level: 102)]) }
        rest(2)
        // A cloth over two thirds of the lens; then somebody walks below it.
        play(9) { time in
            let cloth = Thing(x: 0, y: 0, width: 160, height: 64, level: 30)
            let walker = Thing(x: Int((time - 4) * 25), y: 66, width: 8, height: 22, level: 230)
            return scene.frame(time < 4 ? [cloth] : [cloth, walker])
        }
        rest(6)
        let crowd = [30, 60, 90, 120].map { Thing(x: $0, y: 45, width: 8, height: 22, level: 230) }
        play(5) { _ in scene.frame(crowd) }
        rest(4)
        return frames
    }()

    private static let rules: [Rule] = [
        .everywhere, .area(0.3, 0.3, 0.7, 1), Rule(id: "crowd", kind: .crowd, minCount: 3),
        Rule(id: "still", kind: .stationary),
    ]

    /// What detection said of a frame.
    private struct Told: Equatable {
        var changes: [String]
        var status: SceneStatus
        var why: RuleDiagnosis
    }

    /// All that detection said of the day.
    private static func told(_ settings: DetectionSettings) throws -> [Told] {
        var analyzer = try CameraAnalyzer(rules: rules, settings: settings)
        return day.enumerated().map { index, frame in
            let changes = analyzer.observe(frame, at: MediaTime(seconds: Double(index) / rate))
            return Told(
                changes: changes.map { "\($0.rule.id) \($0.phase) \($0.start.seconds) \($0.score)" },
                status: analyzer.status(),
                why: analyzer.diagnose()
            )
        }
    }

    private static let usual = Result { try told(DetectionSettings()) }

    @Test("every setting of detection changes what is told of a day", arguments: cases)
    func matters(_ setting: Case) throws {
        let base = try DetectionSettings().with(setting.base)
        let before = setting.base.isEmpty ? try Self.usual.get() : try Self.told(base)
        #expect(try Self.told(base.with([setting.key: setting.value])) != before)
    }

    @Test("every setting of detection is among them")
    func complete() {
        #expect(Self.cases.map(\.key).sorted() == DetectionSettings.keys.sorted())
    }
}
