import Flow
import Foundation
import Media
import TestSupport
import Testing

@Suite(.ownThread) struct VideoEncoderTests {
    private static let width = 96
    private static let height = 64

    private func temporaryPath() -> String {
        NSTemporaryDirectory() + "gridwatch-encoder-\(UInt64.random(in: 0 ... .max)).mp4"
    }

    /// Writes `count` pictures of a bright bar that moves over a ramp.
    private func write(_ count: Int, to path: String, codec: StreamFormat.Codec) throws {
        let (width, height) = (Self.width, Self.height)
        let encoder = try VideoEncoder(
            path: path,
            codec: codec,
            width: width,
            height: height,
            framesPerSecond: 12,
            keyframeInterval: 8,
            quality: 28
        )
        for number in 0..<count {
            var luma = (0..<(width * height)).map { UInt8(40 + $0 % width + $0 / width) }
            for row in 0..<height { luma[row * width + (number * 3) % width] = 220 }
            let chroma = [UInt8](repeating: 128, count: width * height / 4)
            try encoder.encode(luma: luma, cb: chroma, cr: chroma)
        }
        try encoder.finish()
    }

    /// What `ffprobe` says about the file, one entry a packet after the stream's.
    private func probe(_ path: String) throws -> [String: String] {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
            "stream=codec_name,width,height,has_b_frames,nb_read_frames,avg_frame_rate:packet=flags:format=duration",
            "-of", "flat", path,
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
        var values: [String: String] = [:]
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            values[String(parts[0])] = parts[1].filter { $0 != "\"" }
        }
        return values
    }

    @Test("a written file has its codec, size, pictures and keyframes", arguments: [StreamFormat.Codec.h264, .h265])
    func roundTrip(codec: StreamFormat.Codec) throws {
        let path = temporaryPath()
        defer { try? FileManager.default.removeItem(atPath: path) }
        try write(20, to: path, codec: codec)
        let values = try probe(path)
        #expect(values["streams.stream.0.codec_name"] == codec.rawValue)
        #expect(values["streams.stream.0.width"] == "96")
        #expect(values["streams.stream.0.height"] == "64")
        #expect(values["streams.stream.0.avg_frame_rate"] == "12/1")
        #expect(values["streams.stream.0.nb_read_frames"] == "20")
        #expect(values["streams.stream.0.has_b_frames"] == "0")
        let keyframes = (0..<20).filter { values["packets.packet.\($0).flags"]?.hasPrefix("K") == true }
        #expect(keyframes == [0, 8, 16])
        let duration = try #require(values["format.duration"].flatMap(Double.init))
        #expect(abs(duration - 20.0 / 12) < 0.02)
    }

    @Test("the same pictures give the same bytes", arguments: [StreamFormat.Codec.h264, .h265])
    func repeatable(codec: StreamFormat.Codec) throws {
        let paths = [temporaryPath(), temporaryPath()]
        defer { paths.forEach { try? FileManager.default.removeItem(atPath: $0) } }
        for path in paths { try write(10, to: path, codec: codec) }
        let files = try paths.map { try Data(contentsOf: URL(fileURLWithPath: $0)) }
        #expect(files[0].count > 500)
        #expect(files[0] == files[1])
    }

    @Test("a codec without an encoder is refused")
    func unsupported() {
        let error = #expect(throws: MediaError.self) {
            try write(1, to: temporaryPath(), codec: .mjpeg)
        }
        #expect(error?.code == .unsupportedCodec)
    }

    @Test("a file that cannot be created is named in the error")
    func badPath() {
        let path = "/nowhere/clip.mp4"
        let error = #expect(throws: MediaError.self) { try write(1, to: path, codec: .h264) }
        #expect(error?.code == .writeFailed)
        #expect(error?.message.contains(path) == true)
    }
}
