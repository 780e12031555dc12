import ArgumentParser
import Foundation
import Live
import Media
import Settings

struct ProbeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "probe",
        abstract: "Looks at one stream: codec, size, keyframe interval, time to the first keyframe, picture.",
        discussion: """
            A camera is read just as the daemon reads it; then libavformat reads it too, and what differs is said.

            Examples:
              gridwatch probe rtsp://127.0.0.1:8554/cam/0001
              gridwatch probe clip.mp4 --picture first.jpg --json
            """
    )

    @OptionGroup var configuration: ConfigurationOptions
    @Argument(help: "The URL of a camera, or a file.") var url: String
    @Option(help: "How long to look, seconds.") var seconds = 10.0
    @Option(help: "Where to put the picture of the first keyframe (JPEG).") var picture: String?
    @Flag(help: "Use UDP for RTSP, whatever ingest.rtsp_transport says.") var udp = false
    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
        guard (0.1...3600).contains(seconds) else { throw ValidationError("--seconds must be 0.1 to 3600") }
        var settings = try configuration.load()
        if udp { settings.ingest.rtspTransport = .udp }
        let probe = CameraProbe(settings)
        let report = try await probe.run(url, seconds: seconds)
        if let picture, let bytes = report.picture {
            try Data(bytes).write(to: URL(fileURLWithPath: picture))
            Console.say("picture of the first keyframe: \(picture)")
        }
        if json {
            try Output.json(report)
        } else {
            Console.out(Self.table(report))
        }
    }

    private static func table(_ report: ProbeReport) -> String {
        func number(_ value: Double?, _ unit: String, digits: Int = 2) -> String {
            value.map { String(format: "%.\(digits)f \(unit)", $0) } ?? "–"
        }
        return """
            container            \(report.container)\(report.isSnapshot ? " (a snapshot: asked at each sampling interval)" : "")
            codec                \(report.codec)
            size                 \(report.width)×\(report.height)
            pictures a second    \(number(report.framesPerSecond, "fps"))
            keyframe interval    \(number(report.keyframeInterval, "s"))
            bit rate             \(number(report.kilobitsPerSecond, "kb/s", digits: 0))
            first keyframe after \(number(report.timeToFirstKeyframe, "s"))
            units read           \(report.units), \(report.keyframes) keyframes, \(report.droppedUnits) dropped
            average brightness   \(number(report.averageLuma, "of 255", digits: 0))
            """ + (report.way.map { "\nread by              \($0)" } ?? "")
                + (report.differences ?? []).map { "\ndiffers              \($0)" }.joined()
    }
}

/// One JSON document on standard output.
enum Output {
    /// Writes a value with sorted keys.
    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        Console.out(String(decoding: try encoder.encode(value), as: UTF8.self))
    }
}
