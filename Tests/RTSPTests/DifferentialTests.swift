import Flow
import Foundation
import Media
import RTSP
import TestSupport
import Testing

/// Real footage, packed by other programs and put together by us, against FFmpeg's reading of the same file.
///
/// Footage is not part of the package, so the suite is skipped where it is missing. Compared is what a decoder gets: the
/// NAL units of each picture without those that packers add, move and drop at will (parameter sets, delimiters, filler),
/// byte for byte; and number, order, keyframe flags and times of the pictures.
@Suite(.ownThread) struct DifferentialTests {
    private static let folder = "../shared/footage/clips"
    private static let clips = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    /// Pictures of each clip that are compared; the whole of it where there is time.
    private static let most = ProcessInfo.processInfo.environment["GRIDWATCH_LONG_TESTS"] == "1" ? Int.max : 250

    private struct Picture {
        var units: [[UInt8]]
        var isKeyframe: Bool
        var seconds: Double
    }

    @Test(
        "real footage out of RTP is what is in the file",
        .enabled(if: !clips.isEmpty),
        arguments: clips,
        Packer.allCases
    )
    func sameAsFile(name: String, packer: Packer) throws {
        let path = Self.folder + "/" + name
        let demuxer = try Demuxer(url: path)
        let codec = demuxer.format.codec
        try #require(codec == .h264 || codec == .h265)
        let (track, packets) = try packer.pack(path, encoding: codec == .h264 ? "H264" : "H265")
        let ignored = Self.ignored(codec, packer)
        let found = try Self.depacketise(track, packets, codec, ignored)
        var index = 0
        var tail = 0
        // From the file's time to ours, once a picture is shown: those before only prepare the decoder.
        var shift: Double?
        while index < Self.most, let unit = try demuxer.next() {
            // What stands behind the end of a file's edit list is sent by FFmpeg only; footage has up to two such pictures.
            if index >= found.count, packer == .gstreamer, tail < 2 {
                tail += 1
                continue
            }
            try #require(index < found.count, "\(found.count) pictures came out of RTP")
            let units = Self.comparable(unit.bytes, codec, ignored)
            let isSame = found[index].units == units
            #expect(
                isSame,
                "picture \(index): \(Self.summary(found[index].units)) is \(Self.summary(units)) in the file"
            )
            #expect(found[index].isKeyframe == unit.isKeyframe, "picture \(index)")
            // Both packers round to whole ticks of 90 kHz, FFmpeg's reader to whole microseconds.
            if unit.time.microseconds >= 0, shift == nil { shift = found[index].seconds - unit.time.seconds }
            let seconds = unit.time.seconds + (shift ?? 0)
            let isSameTime = shift == nil || abs(found[index].seconds - seconds) < 0.000_05
            #expect(isSameTime, "picture \(index): \(found[index].seconds) s is \(seconds) s in the file")
            index += 1
            if !isSame || !isSameTime { break }
        }
        #expect(index == min(Self.most, found.count))
        #expect(index > 40)
    }

    @Test("MJPEG out of RTP is what is in the file", arguments: Packer.allCases)
    func jpeg(packer: Packer) throws {
        let clip = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString + ".avi").path
        defer { try? FileManager.default.removeItem(atPath: clip) }
        let encoder = try Packer.start(
            ["ffmpeg", "-v", "error", "-nostdin", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=5"]
                + ["-frames:v", "5", "-c:v", "mjpeg", "-huffman", "default", "-pix_fmt", "yuvj420p", "-q:v", "4", clip]
        )
        encoder.waitUntilExit()
        let (track, packets) = try packer.pack(clip, encoding: "JPEG")
        var depacketiser = try RTPDepacketiser(track: track, parameterSets: nil)
        var found: [JPEGFile?] = []
        for packet in packets {
            packet.withUnsafeBytes { bytes in
                depacketiser.take(bytes) { found.append($0.bytes.flatMap { JPEGFile($0) }) }
            }
        }
        let demuxer = try Demuxer(url: clip)
        var expected: [JPEGFile?] = []
        while let unit = try demuxer.next() { expected.append(JPEGFile(unit.bytes)) }
        #expect(expected.count == 5)
        #expect(expected.allSatisfy { $0 != nil })
        let isSame = found == expected
        #expect(isSame, "\(found.count) pictures")
        #expect(depacketiser.counters.malformed == 0)
    }

    private static func depacketise(
        _ track: MediaDescription,
        _ packets: [[UInt8]],
        _ codec: StreamFormat.Codec,
        _ ignored: Set<UInt8>
    ) throws -> [Picture] {
        var depacketiser = try RTPDepacketiser(track: track, parameterSets: track.parameterSets)
        var found: [Picture] = []
        var first: Int64?
        for packet in packets {
            packet.withUnsafeBytes { bytes in
                depacketiser.take(bytes) { unit in
                    first = first ?? unit.ticks
                    let seconds = Double(unit.ticks - (first ?? 0)) / 90_000
                    let units = comparable(unit.bytes ?? [], codec, ignored)
                    found.append(Picture(units: units, isKeyframe: unit.isKeyframe, seconds: seconds))
                    #expect(!unit.isDamaged && unit.omission == nil)
                }
            }
            if found.count > most { break }
        }
        #expect(depacketiser.counters.malformed == 0)
        #expect(depacketiser.counters.lost == 0)
        #expect(depacketiser.counters.otherTypes == 0)
        return found
    }

    /// Types of NAL units that packers add, move and drop: parameter sets, delimiters, filler.
    ///
    /// GStreamer drops the end of a sequence and of a stream too.
    private static func ignored(_ codec: StreamFormat.Codec, _ packer: Packer) -> Set<UInt8> {
        let ends: Set<UInt8> = codec == .h264 ? [10, 11] : [36, 37]
        let others: Set<UInt8> = codec == .h264 ? [7, 8, 9, 12] : [32, 33, 34, 35, 38]
        return packer == .gstreamer ? others.union(ends) : others
    }

    /// The NAL units that no packer may touch.
    private static func comparable(
        _ bytes: [UInt8],
        _ codec: StreamFormat.Codec,
        _ ignored: Set<UInt8>
    ) -> [[UInt8]] {
        AnnexB.units(bytes).map { Array(bytes[$0]) }.filter { unit in
            NALUnitType.of(unit, codec: codec).map { !ignored.contains($0) } ?? false
        }
    }

    private static func summary(_ units: [[UInt8]]) -> String {
        units.map { "\($0.prefix(2)) of \($0.count) bytes" }.joined(separator: ", ")
    }
}
