import Benchmarks
import Detection
import Foundation
import Replay
import TestSupport
import Testing

/// The gate over labelled clips, with the figures of docs/gate.md.
@Suite(.ownThread) struct GateMeasureTests {
    private static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path
    private static let footage = checkout + "/../shared/footage"
    private static let hasFootage = FileManager.default.fileExists(atPath: footage + "/annotations")

    private func measure(_ labels: String, _ clips: String) throws -> GateMeasure {
        try GateMeasure.run(labels: [labels], clipsDirectory: clips, settings: DetectionSettings(), floor: 10)
    }

    @Test("the sample streams keep nearly all events, and the report adds up")
    func samples() throws {
        let measure = try measure(Self.checkout + "/sample-streams/labels", Self.checkout + "/sample-streams")
        let events = measure.clips.flatMap(\.events)
        #expect(measure.failures.isEmpty)
        #expect(events.count >= 20)
        #expect(events.count(where: \.isKept) >= events.count - 2)
        for clip in measure.clips {
            #expect(clip.decoded == clip.reasons.values.reduce(0, +))
            #expect(clip.decoded <= clip.keyframes)
            #expect(clip.floor <= clip.decoded)
        }
        let document = try JSONSerialization.jsonObject(
            with: Data(GateReport(measure: measure, floor: 10, version: "1").json.utf8)
        )
        let members = try #require(document as? [String: Any])
        #expect(members["kept"] as? Int == events.count(where: \.isKept))
        #expect((members["by_clip"] as? [Any])?.count == measure.clips.count)
    }

    @Test("real footage, encoded as found: the measured figures hold", .enabled(if: hasFootage))
    func realFootage() throws {
        let measure = try measure(Self.footage + "/annotations", Self.footage + "/clips")
        let events = measure.clips.flatMap(\.events)
        let keyframes = measure.clips.reduce(0) { $0 + $1.keyframes }
        let decoded = measure.clips.reduce(0) { $0 + $1.decoded }
        #expect(events.count(where: \.isKept) >= 103)
        #expect(Double(decoded) <= 0.61 * Double(keyframes))
        let found = events.filter(\.isFoundByAll)
        #expect(found.count(where: \.isFoundBehind) >= found.count - 5)
    }
}
