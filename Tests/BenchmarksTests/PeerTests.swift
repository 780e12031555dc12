import Detection
import Flow
import TestSupport
import Testing

@testable import Benchmarks
@testable import Replay

@Suite(.ownThread) struct PeerTests {
    private let width = 160
    private let height = 90

    /// A textured, slightly noisy scene with a bright block at a column; none for nil.
    private func picture(_ frame: Int, block: Int?, brightness: Int = 0) -> LumaPlane {
        var pixels = [UInt8](repeating: 0, count: width * height)
        for index in pixels.indices {
            let (x, y) = (index % width, index / width)
            let noise = Int((UInt32(truncatingIfNeeded: index &* 31 &+ frame &* 17) &* 2_654_435_761) >> 30)
            pixels[index] = UInt8(clamping: 80 + x / 8 % 2 * 12 + y / 8 % 2 * 8 + noise + brightness)
            if let block, (block..<block + 14).contains(x), (40..<64).contains(y) { pixels[index] = 230 }
        }
        return LumaPlane(width: width, height: height, pixels: pixels)
    }

    /// How many of the pictures alarm, at 12 a second, each peer at its own pace.
    private func alarms(_ peer: Peer, area: WatchedArea, frames: Int, block: (Int) -> Int?) -> Int {
        var detector = peer.make(width: width, height: height)
        let step = max(1, Int((type(of: detector).interval * 12).rounded()))
        return stride(from: 0, to: frames, by: step).count { frame in
            let isAlarm = detector.alarms(picture(frame, block: block(frame)), in: area)
            // Half a minute to settle: Frigate's range of contrast takes ten seconds.
            return isAlarm && frame >= 350
        }
    }

    @Test("a block that crosses the watched area alarms, an empty scene does not", arguments: Peer.allCases)
    func crossing(peer: Peer) {
        let area = WatchedArea(polygon: nil, width: width, height: height)
        #expect(alarms(peer, area: area, frames: 600) { _ in nil } == 0)
        #expect(alarms(peer, area: area, frames: 600) { $0 < 360 ? nil : ($0 - 360) * 140 / 240 } > 0)
    }

    @Test("what moves beside the watched area does not alarm", arguments: Peer.allCases)
    func beside(peer: Peer) {
        let corners = [(0.0, 0.0), (1, 0), (1, 0.3), (0, 0.3)].map { NormalizedPoint(x: $0.0, y: $0.1) }
        let area = WatchedArea(polygon: corners, width: width, height: height)
        #expect(area.count == width * 27)
        #expect(alarms(peer, area: area, frames: 600) { $0 < 360 ? nil : ($0 - 360) * 140 / 240 } == 0)
    }

    @Test("the polygon area of a thin line is none, that of a square its inside")
    func contours() {
        var mask = [Bool](repeating: false, count: 100)
        for column in 1..<9 { mask[10 + column] = true }
        for row in 4..<9 { for column in 2..<7 { mask[row * 10 + column] = true } }
        let area = WatchedArea(polygon: nil, width: 10, height: 10)
        let blobs = PixelWork.blobs(mask, 10, area, isDiagonal: true)
        #expect(blobs.map(\.count) == [8, 25])
        #expect(blobs.map(\.contourArea) == [0, 16])
        #expect(PixelWork.eroded(mask, 10).count { $0 } == 9)
        #expect(PixelWork.dilated(mask, 10, isCross: true).count { $0 } > 33)
    }

    @Test("a report shows the first strength that fails, and draws ours and the peers for each condition")
    func report() {
        func row(_ name: String, found: Int, wrong: Int) -> PeerComparison.Row {
            var row = PeerComparison.Row(name: name)
            (row.events, row.found, row.falseAlerts) = (2, found, wrong)
            return row
        }
        let report = ScenarioReport([
            ScenarioReport.Cell(
                condition: "rain",
                strength: 0,
                rows: [row("gridwatch", found: 2, wrong: 0), row("mog2", found: 2, wrong: 0)]
            ),
            ScenarioReport.Cell(
                condition: "rain",
                strength: 1,
                rows: [row("gridwatch", found: 2, wrong: 0), row("mog2", found: 1, wrong: 3)]
            ),
        ])
        #expect(report.markdown.contains("| rain | – / – | 1 / 1 |"))
        #expect(report.markdown.contains("| **all: false / missed** | 0 / 0 | 3 / 1 |"))
        #expect(report.svg.ranges(of: "<polyline").count == 2 && report.svg.hasSuffix("</svg>\n"))
        #expect(report.json.contains("\"false_alerts\":3") || report.json.contains("\"false_alerts\": 3"))
    }
}
