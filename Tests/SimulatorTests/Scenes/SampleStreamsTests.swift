import Flow
import Foundation
import TestSupport
import Testing

@testable import Simulator

@Suite(.ownThread) struct SampleStreamsTests {
    /// The committed clips, beside `Tests` in the package's root.
    private let folder: URL = {
        var url = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { url.deleteLastPathComponent() }
        return url.appendingPathComponent("sample-streams")
    }()

    private func label(_ name: String) throws -> ClipLabel {
        let url = folder.appendingPathComponent("labels/\(name).json")
        return try JSONDecoder().decode(ClipLabel.self, from: Data(contentsOf: url))
    }

    @Test("there are at least fourteen clips with names of their own, five of them quiet and two in H.265")
    func table() {
        let all = SampleStreams.all
        #expect(all.count >= 14)
        #expect(Set(all.map(\.name)).count == all.count)
        #expect(Set(all.map(\.seed)).count == all.count)
        #expect(all.count { $0.name.hasPrefix("quiet-") } >= 5)
        #expect(all.count { $0.codec == .h265 } >= 2)
        #expect(all.allSatisfy { (20...60).contains($0.seconds) && $0.width % 2 == 0 && $0.height % 2 == 0 })
    }

    @Test("the committed clips are those of the manifest and stay under 15 MB together")
    func committedFiles() throws {
        let data = try Data(contentsOf: folder.appendingPathComponent("MANIFEST.json"))
        let stored = try JSONDecoder().decode(ClipManifest.self, from: data)
        let found = try ClipManifest(directory: folder.path)
        #expect(stored.clips.map(\.clip) == SampleStreams.all.map(\.fileName))
        #expect(stored.clips.map(\.sha256) == found.clips.map(\.sha256))
        #expect(found.clips.map(\.bytes).reduce(0, +) < 15_000_000)
    }

    @Test("each committed label describes its clip's table entry", arguments: SampleStreams.all.map(\.name))
    func labels(name: String) throws {
        let spec = try #require(SampleStreams.all.first { $0.name == name })
        let label = try label(name)
        let rules = spec.stage(spec.size).rules
        #expect(label.clip == spec.fileName)
        #expect(label.width == spec.width && label.height == spec.height)
        #expect(label.duration == Double(spec.seconds) && label.frames == spec.frameCount)
        #expect(label.rules.map(\.id) == rules.map(\.id))
        #expect(label.rules.map(\.kind) == rules.map(\.kind))
        #expect(label.rules.map { $0.polygon ?? $0.line ?? [] } == rules.map(\.points))
        for span in label.rules.flatMap({ $0.events + $0.ignore }) {
            #expect(span.count == 2 && span[0] < span[1] && span[0] >= 0 && span[1] <= label.duration)
        }
    }

    @Test(
        "a clip to be found in has an event after its warm-up; a quiet one has nothing",
        arguments: SampleStreams.all.map(\.name)
    )
    func events(name: String) throws {
        for rule in try label(name).rules {
            if rule.kind == .quiet {
                #expect(rule.events.isEmpty && rule.ignore.isEmpty)
            } else {
                let first = try #require(rule.events.first)
                #expect(first[0] >= 6)
            }
        }
    }

    @Test("a name that no clip has is refused with the names that there are")
    func unknownName() throws {
        let error = #expect(throws: SimulatorError.self) {
            try SampleStreams.write(to: NSTemporaryDirectory(), only: ["river-noon"])
        }
        #expect(error?.code == .badOption)
        #expect(error?.message.contains("river-day") == true)
    }

    @Test("a folder that cannot be made is named in the error")
    func badFolder() throws {
        let error = #expect(throws: SimulatorError.self) {
            try SampleStreams.write(to: "/dev/null/clips", only: ["river-day"])
        }
        #expect(error?.code == .badClip)
        #expect(error?.message.contains("/dev/null/clips") == true)
    }
}
