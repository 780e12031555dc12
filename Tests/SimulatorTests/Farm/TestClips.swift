import Foundation
import Testing

/// Clips that FFmpeg makes for a suite, in a folder that goes away with it.
struct TestClips: SuiteTrait, TestScoping {
    /// The folder of the clips.
    @TaskLocal static var folder = ""

    /// The path of a clip by its file name.
    static func path(_ name: String) -> String { folder + "/" + name }

    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/gridwatch-clips-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await make(folder)
        try await Self.$folder.withValue(folder) { try await function() }
    }

    private func make(_ folder: String) async throws {
        let ffmpeg = try #require(CommandLineTool("ffmpeg"))
        let source = ["-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25,noise=alls=12:allf=t", "-pix_fmt", "yuv420p"]
        let tone = ["-f", "lavfi", "-i", "sine=frequency=440", "-t", "1"]
        let clips: [(String, [String])] = [
            ("a-h264.mp4", source + ["-t", "2", "-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "0"]),
            (
                "b-h265.mp4",
                source + ["-t", "2", "-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1", "-x265-params"]
                    + ["keyint=25:min-keyint=25:bframes=0:log-level=error"]
            ),
            ("bframes.mp4", source + ["-t", "2", "-c:v", "libx264", "-preset", "veryfast", "-g", "25", "-bf", "3"]),
            ("heavy.mp4", source + ["-t", "2", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-qp", "6"]),
            ("mpeg4.mp4", source + ["-t", "1", "-c:v", "mpeg4"]),
            ("sound.mp4", tone + ["-c:a", "aac"]),
        ]
        for (name, arguments) in clips {
            let result = try await ffmpeg.run(["-v", "error", "-y"] + arguments + [folder + "/" + name])
            try #require(result.status == 0, "ffmpeg could not make \(name): \(result.errors)")
        }
        try Data("this is no clip".utf8).write(to: URL(fileURLWithPath: folder + "/broken.mp4"))
    }
}

/// The suites that need the clips, one test at a time: they measure streams in real time.
@Suite(.clips, .serialized) enum WithClips {}

extension Trait where Self == TestClips {
    /// Makes the clips before the suite and removes them after it.
    static var clips: Self { TestClips() }
}
