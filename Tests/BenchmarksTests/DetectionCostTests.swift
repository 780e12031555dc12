import Detection
import Flow
import Foundation
import TestSupport
import Testing

@testable import Benchmarks
@testable import Replay

@Suite(.ownThread) struct DetectionCostTests {
    /// Ten seconds of grey in which a dark square moves for two; without frames when it is to have no picture.
    private func reel(_ name: String, frames: Int = 100) -> ClipReel {
        let (width, height) = (64, 36)
        let pictures = (0..<frames).map { index -> ClipReel.Frame in
            var pixels = [UInt8](repeating: 100, count: width * height)
            if (50..<70).contains(index) {
                for y in 10..<19 { for x in index - 30..<index - 21 { pixels[y * width + x] = 20 } }
            }
            let plane = LumaPlane(width: width, height: height, pixels: pixels, saturation: 10)
            return ClipReel.Frame(plane: plane, time: MediaTime(seconds: Double(index) / 10))
        }
        let labels = LabelFile(
            clip: name,
            width: width,
            height: height,
            duration: 10,
            scene: "yard",
            conditions: ["day"],
            rules: [LabelledRule(rule: Rule(id: "all", kind: .intrusion), events: [TimeSpan(5, 7)])]
        )
        return ClipReel(labels: labels, frames: pictures)
    }

    @Test("the cost of each clip is measured beside that of looking at it at all, and what is kept of the scene")
    func cost() throws {
        let reels = ["a.mp4", "b.mp4", "c.mp4"].map { reel($0) } + [reel("none.mp4", frames: 0)]
        let cost = try DetectionCost(of: reels, settings: DetectionSettings())
        #expect(cost.rows.map(\.clip) == ["a.mp4", "b.mp4", "c.mp4"], "a clip without pictures costs nothing")
        for row in cost.rows {
            #expect(row.frames > 0 && row.micros > 0 && row.floor > 0)
            // Background, recent picture and noise are always there; what is kept of objects comes on top.
            #expect(row.usualBytes >= 3 * row.pixels && row.peakBytes >= row.usualBytes)
            #expect(row.peakBytes <= 7 * row.pixels)
        }
        let document = try #require(try JSONSerialization.jsonObject(with: Data(cost.json.utf8)) as? [String: Any])
        #expect((document["clips"] as? [[String: Any]])?.count == 3)
        #expect(cost.text.contains("times floor"))
    }
}
