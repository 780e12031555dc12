public import Detection
internal import Flow
internal import Foundation
public import Replay

/// What detection and rules cost for each picture, and keep of each camera: pictures from memory, no decoding.
public struct DetectionCost: Sendable {
    /// One clip.
    struct Row: Sendable {
        let clip: String
        let pixels: Int
        let frames: Int
        /// Microseconds of processor time for each picture; the median of the passes.
        let micros: Double
        /// The same for a copy of the picture and its difference from the one before: what any detection costs.
        let floor: Double
        /// Bytes that are kept in half of the pictures, and at most.
        let usualBytes: Int
        let peakBytes: Int
    }

    /// Times that each clip is run through; an odd number has a middle one.
    private static let passes = 5

    let rows: [Row]

    /// Measures each clip alone, one after the other, on the calling thread.
    ///
    /// - Throws: `DetectionError` for a rule that cannot be used.
    public init(of reels: [ClipReel], settings: DetectionSettings) throws(DetectionError) {
        var rows: [Row] = []
        for reel in reels where !reel.frames.isEmpty { rows.append(try Self.measure(reel, settings)) }
        self.rows = rows
    }

    private static func measure(_ reel: ClipReel, _ settings: DetectionSettings) throws(DetectionError) -> Row {
        var times: [Double] = []
        var floors: [Double] = []
        for _ in 0..<passes {
            let began = threadSeconds()
            _ = try reel.results(with: settings)
            times.append(threadSeconds() - began)
            floors.append(compareAll(reel))
        }
        var bytes: [Int] = []
        _ = try reel.results(with: settings) { _, analyzer in bytes.append(analyzer.stateBytes) }
        bytes.sort()
        let scale = 1e6 / Double(reel.frames.count)
        return Row(
            clip: reel.labels.clip,
            pixels: reel.frames[0].plane.pixels.count,
            frames: reel.frames.count,
            micros: times.sorted()[passes / 2] * scale,
            floor: floors.sorted()[passes / 2] * scale,
            usualBytes: bytes[bytes.count / 2],
            peakBytes: bytes.last ?? 0
        )
    }

    /// Seconds for copying every picture and adding up how far each pixel is from the one before.
    private static func compareAll(_ reel: ClipReel) -> Double {
        var last = reel.frames[0].plane.pixels
        var sum: UInt64 = 0
        let began = threadSeconds()
        for frame in reel.frames where frame.plane.pixels.count == last.count {
            last.withUnsafeMutableBufferPointer { last in
                frame.plane.pixels.withUnsafeBufferPointer { now in
                    var row: UInt32 = 0
                    for index in 0..<now.count {
                        row &+= UInt32(max(now[index], last[index]) &- min(now[index], last[index]))
                    }
                    sum &+= UInt64(row)
                    _ = last.update(from: now)
                }
            }
        }
        let seconds = threadSeconds() - began
        // The sum is used, so that the compiler keeps the loop.
        return sum == .max ? 0 : seconds
    }

    private static func threadSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

extension DetectionCost {
    private func mean(_ value: (Row) -> Double) -> Double {
        let frames = rows.reduce(0) { $0 + $1.frames }
        return rows.reduce(0) { $0 + value($1) * Double($1.frames) } / Double(max(1, frames))
    }

    /// A table for people.
    public var text: String {
        var lines = [["", "pixels", "pictures", "µs each", "floor µs", "times floor", "KB usually", "KB at most"]]
        for row in rows {
            lines.append(
                [row.clip, String(row.pixels), String(row.frames)] + figures(row.micros, row.floor)
                    + [kilobytes(row.usualBytes), kilobytes(row.peakBytes)]
            )
        }
        let frames = rows.reduce(0) { $0 + $1.frames }
        let usual = Int(mean { Double($0.usualBytes) })
        let peak = rows.map(\.peakBytes).max() ?? 0
        lines.append(
            ["all", "", String(frames)] + figures(mean(\.micros), mean(\.floor)) + [kilobytes(usual), kilobytes(peak)]
        )
        return TextTable.lines(lines).joined(separator: "\n")
            + "\nfloor: a copy of the picture and its difference from the one before\n"
    }

    /// The same as one JSON document.
    public var json: String {
        let clips = rows.map { row in
            JSONText.object([
                ("clip", .text(row.clip)), ("pixels", .integer(row.pixels)), ("pictures", .integer(row.frames)),
                ("micros", .number(row.micros, digits: 2)), ("floor_micros", .number(row.floor, digits: 2)),
                ("usual_bytes", .integer(row.usualBytes)), ("peak_bytes", .integer(row.peakBytes)),
            ])
        }
        return JSONText.object([
            ("micros", .number(mean(\.micros), digits: 2)), ("floor_micros", .number(mean(\.floor), digits: 2)),
            ("clips", .list(clips)),
        ]).document(levels: 2)
    }

    private func figures(_ micros: Double, _ floor: Double) -> [String] {
        [micros, floor, micros / max(0.001, floor)].map { String(format: "%.1f", $0) }
    }

    private func kilobytes(_ bytes: Int) -> String { String(format: "%.1f", Double(bytes) / 1000) }
}
