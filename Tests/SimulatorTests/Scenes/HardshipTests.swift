import TestSupport
import Testing

@testable import Simulator

@Suite(.ownThread) struct HardshipTests {
    /// The picture some seconds after the start.
    private func picture(_ hardship: Hardship, strength: Int, second: Int) -> ScenePicture {
        let spec = hardship.clip(strength: strength, seconds: 44, hasPeople: false, framesPerSecond: 1)
        let stage = spec.stage(FrameSize(width: 160, height: 90))
        let renderer = SceneRenderer(stage.scene, rules: stage.rules, framesPerSecond: 1, seed: 7)
        var picture = renderer.next()
        for _ in 0..<second { picture = renderer.next() }
        return picture
    }

    @Test("a condition is seen in the picture; compression is the encoder's alone", arguments: Hardship.allCases)
    func seen(hardship: Hardship) {
        // Headlights sweep from 3 to 7 s, the camera goes to infrared at 17 s.
        let second =
            switch hardship {
            case .headlights: 5
            case .infraredSwitch: 20
            default: 9
            }
        let hard = picture(hardship, strength: 2, second: second)
        let calm = picture(hardship, strength: 0, second: second)
        #expect((hard == calm) == (hardship == .compression))
    }

    @Test("people are in the truth when they are asked for, and never otherwise")
    func people() {
        for hasPeople in [true, false] {
            let spec = Hardship.rain.clip(strength: 1, seconds: 44, hasPeople: hasPeople, framesPerSecond: 2)
            let stage = spec.stage(FrameSize(width: 160, height: 90))
            let renderer = SceneRenderer(stage.scene, rules: stage.rules, framesPerSecond: 2, seed: 7)
            for _ in 0..<spec.frameCount { _ = renderer.next() }
            #expect(renderer.truth.labels(of: 0).events.count == (hasPeople ? 3 : 0))
        }
    }
}
