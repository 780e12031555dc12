import Flow
import Foundation
import TestSupport
import Testing

@testable import Simulator

@Suite(.ownThread) struct SceneRendererTests {
    /// A small river bank on which a person walks from the left into the region and stays there.
    private func bank(seed: UInt64, rules: [SceneRule] = []) -> SceneRenderer {
        var scene = Places.riverBank(FrameSize(width: 160, height: 90), seed: seed)
        scene.sun = Sun(x: -0.3, z: 0.2, depth: 0.4)
        scene.actors.append(
            .person(.passerby(1), ActorPath(.init(0, -8, 16), .init(2, -0.5, 16), .init(4, -0.5, 16)))
        )
        return SceneRenderer(scene, rules: rules, framesPerSecond: 5, seed: seed)
    }

    private func frames(_ count: Int, seed: UInt64) -> [ScenePicture] {
        let renderer = bank(seed: seed)
        return (0..<count).map { _ in renderer.next() }
    }

    @Test("the same seed gives the same pixels, another seed gives others")
    func seeds() {
        let first = frames(3, seed: 7)
        #expect(first == frames(3, seed: 7))
        #expect(first != frames(3, seed: 8))
        #expect(first[0] != first[1])
    }

    @Test("the pixels of a known seed are those of every machine and every build")
    func knownPixels() {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for picture in frames(3, seed: 7) {
            for byte in picture.luma + picture.cb + picture.cr {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
        }
        #expect(hash == 6_940_332_669_353_842_711)
    }

    @Test("an intrusion is labelled from the first frame in which the body is in the region")
    func intrusionLabels() throws {
        // The region's left edge at the walker's depth is x = -3: he passes it a third before the end of his way.
        let region = SceneRule.intrusion("shore", (-3, 12), (2, 12), (2, 20), (-3, 20))
        let camera = Places.riverBank(FrameSize(width: 160, height: 90), seed: 7).camera
        let renderer = bank(seed: 7, rules: [region.onGround(camera)])
        for _ in 0..<25 { _ = renderer.next() }
        let truth = renderer.truth.labels(of: 0)
        let event = try #require(truth.events.first)
        #expect(truth.events.count == 1)
        #expect(abs(event.start - 2 * 5 / 7.5) <= 0.4)
        #expect(abs(event.end - 4.2) < 0.01)
        #expect(truth.ignore.contains { $0.start <= event.start && $0.end >= event.start + 0.49 })
    }

    @Test(
        "a region that nobody enters has no events and nothing to ignore",
        arguments: [SceneRule.Kind.intrusion, .quiet]
    )
    func quietLabels(kind: SceneRule.Kind) {
        let corners = ((0.8, 0.7), (1.0, 0.7), (1.0, 0.9))
        let rule =
            kind == .quiet
            ? SceneRule.quiet("water", corners.0, corners.1, corners.2)
            : SceneRule.intrusion("water", corners.0, corners.1, corners.2)
        let renderer = bank(seed: 7, rules: [rule])
        for _ in 0..<20 { _ = renderer.next() }
        #expect(renderer.truth.labels(of: 0) == RuleTruth())
    }

    @Test("a covered lens is dark and labelled while it is covered")
    func cover() throws {
        var scene = Places.gate(FrameSize(width: 160, height: 90), seed: 3)
        scene.weather.cover = Curve((1, 0), (1.4, 1), (3, 1), (3.4, 0))
        let renderer = SceneRenderer(scene, rules: [.tamper], framesPerSecond: 5, seed: 3)
        let means = (0..<20).map { _ in
            let picture = renderer.next()
            return picture.luma.reduce(0) { $0 + Int($1) } / picture.luma.count
        }
        #expect(means[0] > 90)
        #expect(means[10] < 45)
        let event = try #require(renderer.truth.labels(of: 0).events.first)
        #expect(abs(event.start - 1.2) <= 0.21)
        #expect(abs(event.end - 3.3) <= 0.21)
    }

    @Test("infrared takes the colour out of the picture")
    func infrared() {
        var scene = Places.yard(FrameSize(width: 160, height: 90), seed: 4)
        scene.lighting.infrared = Curve((0.3, 0), (0.5, 1))
        let renderer = SceneRenderer(scene, rules: [], framesPerSecond: 5, seed: 4)
        let pictures = (0..<4).map { _ in renderer.next() }
        #expect(Set(pictures[0].cr).count > 10)
        #expect(Set(pictures[3].cr) == [128])
        #expect(Set(pictures[3].cb) == [128])
    }

    @Test("the burnt-in clock changes once a second and nowhere else")
    func caption() {
        var scene = Places.plaza(FrameSize(width: 320, height: 180), seed: 5)
        scene.sensor.noise = 0
        scene.actors = []
        scene.caption = CaptionLook(clock: 0)
        let renderer = SceneRenderer(scene, rules: [], framesPerSecond: 2, seed: 5)
        let pictures = (0..<4).map { _ in renderer.next() }
        #expect(pictures[0] == pictures[1])
        #expect(pictures[1] != pictures[2])
        let changed = pictures[1].luma.indices.filter { pictures[1].luma[$0] != pictures[2].luma[$0] }
        #expect(changed.allSatisfy { $0 / 320 < 16 && $0 % 320 > 100 && $0 % 320 < 125 })
    }
}
