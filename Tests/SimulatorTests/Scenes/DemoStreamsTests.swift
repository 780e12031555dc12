import Flow
import Foundation
import Testing

@testable import Simulator

@Suite struct DemoStreamsTests {
    private let root: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url
    }()

    @Test("each clip of the demo is there, with its labels, and none is large")
    func committedFiles() throws {
        let folder = root.appendingPathComponent("demo-streams")
        for spec in DemoStreams.own {
            let size = try folder.appendingPathComponent(spec.fileName).resourceValues(forKeys: [.fileSizeKey]).fileSize
            #expect(try #require(size) < 500_000, "\(spec.name)")
            let data = try Data(contentsOf: folder.appendingPathComponent("labels/\(spec.name).json"))
            let label = try JSONDecoder().decode(ClipLabel.self, from: data)
            let rules = spec.stage(spec.size).rules
            #expect(label.clip == spec.fileName && label.frames == spec.frameCount)
            #expect(label.rules.map(\.id) == rules.map(\.id))
            #expect(label.rules.map { $0.polygon ?? $0.line ?? [] } == rules.map(\.points))
        }
    }

    @Test("when a clip of the demo ends, everybody and everything that came is gone", arguments: DemoStreams.events)
    func endsEmpty(spec: SceneSpec) {
        let scene = spec.stage(spec.size).scene
        let last = Float(spec.seconds) - 1 / Float(spec.framesPerSecond)
        for actor in scene.actors where actor.role != .scenery {
            guard let spot = actor.path.whereabouts(at: last) else { continue }
            let foot = scene.camera.project(spot.place)
            #expect(!(0..<Float(spec.width)).contains(foot.x), "\(spec.name): something stands at \(spot.place)")
        }
    }

    @Test("nothing stands there at the beginning of a clip of the demo", arguments: DemoStreams.events)
    func beginsEmpty(spec: SceneSpec) {
        let actors = spec.stage(spec.size).scene.actors.filter { $0.role != .scenery }
        #expect(actors.allSatisfy { $0.path.whereabouts(at: 0)?.isMoving != false })
        #expect(!actors.isEmpty)
    }

    @Test("an empty clip is coded as the clip that it goes with, and has nobody in it", arguments: DemoStreams.events)
    func emptied(spec: SceneSpec) {
        let empty = DemoStreams.emptied(spec)
        #expect((empty.size, empty.codec, empty.framesPerSecond) == (spec.size, spec.codec, spec.framesPerSecond))
        let stage = empty.stage(empty.size)
        #expect(stage.scene.actors.allSatisfy { $0.role == .scenery })
        #expect(stage.rules.allSatisfy { $0.kind == .quiet })
    }
}
