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

    /// What `deploy/demo-cameras.json` says of one camera.
    private struct Place: Decodable {
        struct Rule: Decodable {
            let label: String
            let name: String
            let hazardType: String
            let severity: Int

            enum CodingKeys: String, CodingKey {
                case label, name, severity
                case hazardType = "hazard_type"
            }
        }

        let tag: String
        let clip: String
        let label: String
        let empty: String?
        let rules: [Rule]
    }

    @Test("each camera of the demo shows clips that are there, and its hazards are those of its label's regions")
    func cameras() throws {
        let data = try Data(contentsOf: root.appendingPathComponent("deploy/demo-cameras.json"))
        let places = try JSONDecoder().decode([Place].self, from: data)
        let hazards = try String(contentsOf: root.appendingPathComponent("seeds/hazard-types.csv"), encoding: .utf8)
            .split(separator: "\n").map { $0.split(separator: ",") }
        for place in places {
            let files = [place.clip, place.label] + (place.empty.map { [$0] } ?? [])
            for file in files {
                #expect(FileManager.default.fileExists(atPath: root.appendingPathComponent(file).path), "\(file)")
            }
            let name = (place.clip as NSString).lastPathComponent.replacing(".mp4", with: "")
            #expect(place.empty == nil ? name.hasPrefix("quiet-") : place.empty == "demo-streams/\(name)-empty.mp4")
            let text = try Data(contentsOf: root.appendingPathComponent(place.label))
            let label = try JSONDecoder().decode(ClipLabel.self, from: text)
            for rule in place.rules {
                let region = try #require(label.rules.first { $0.id == rule.label }, "\(name): \(rule.label)")
                let hazard = try #require(hazards.first { $0[0] == rule.hazardType }, "\(rule.hazardType)")
                #expect((1...4).contains(rule.severity) && !rule.name.isEmpty)
                // A covered lens is for who repairs cameras, and nothing else is.
                #expect((region.kind == .tamper) == (hazard[2] == "SBGZ"), "\(name): \(rule.hazardType)")
                #expect((place.tag == "water") == (hazard[2] == "FNS"), "\(name): \(rule.hazardType)")
            }
        }
        let shown = places.filter { $0.empty != nil }.map { ($0.clip as NSString).lastPathComponent }
        #expect(Set(shown) == Set(DemoStreams.events.map(\.fileName)))
    }
}
