import Flow
import Foundation
import Media
import Synchronization

/// Small clips made by the `ffmpeg` command, each once per test run.
enum Clips {
    struct CannotMake: Error, CustomStringConvertible {
        var description: String
    }

    /// A folder of this test run, removed when it ends.
    static let folder: String = {
        let path = NSTemporaryDirectory() + "gridwatch-media-tests-\(ProcessInfo.processInfo.processIdentifier)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        atexit { try? FileManager.default.removeItem(atPath: Clips.folder) }
        return path
    }()

    private static let made = Mutex<[String: String]>([:])

    /// A path in the folder for a file that a test writes itself.
    static func path(_ name: String) -> String { folder + "/" + name }

    /// A clip made by `ffmpeg <arguments> <path>`, whose path ends in `name`; the same arguments give the same file.
    static func clip(_ name: String, _ arguments: [String]) throws -> String {
        try made.withLock { made in
            let key = (arguments + [name]).joined(separator: " ")
            if let path = made[key] { return path }
            let path = path("\(made.count)-\(name)")
            try run("ffmpeg", ["-nostdin", "-v", "error", "-y"] + arguments + [path])
            made[key] = path
            return path
        }
    }

    /// A moving test picture in `name`, coded with `coding`.
    static func pattern(
        _ name: String,
        size: String = "320x180",
        rate: Int = 25,
        seconds: Int = 2,
        source: String = "testsrc2",
        _ coding: [String]
    ) throws -> String {
        let input = "\(source)=size=\(size):rate=\(rate):duration=\(seconds)"
        return try clip(name, ["-f", "lavfi", "-i", input] + coding)
    }

    static let h264 = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-bf", "0", "-pix_fmt", "yuv420p"]
    static let h264WithB = ["-c:v", "libx264", "-preset", "medium", "-g", "25", "-bf", "3", "-pix_fmt", "yuv420p"]
    static let h265 = [
        "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=25:min-keyint=25:open-gop=0",
        "-pix_fmt", "yuv420p",
    ]
    static let mjpeg = ["-c:v", "mjpeg", "-q:v", "3"]

    /// A transport stream whose H.264 has no parameter sets anywhere.
    static func withoutParameterSets() throws -> String {
        let whole = try pattern("plain.ts", h264)
        return try clip("bare.ts", ["-i", whole, "-c", "copy", "-bsf:v", "filter_units=remove_types=7-8"])
    }

    /// Runs a command to its end and returns what it wrote on standard output.
    @discardableResult
    static func run(_ command: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [command] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CannotMake(description: "\(command): \(text)") }
        return text
    }

    /// How many pictures `ffprobe` decodes from a file, and what it says of `entry`.
    static func decodedPictures(_ path: String) throws -> Int? {
        let text = try run(
            "ffprobe",
            ["-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames"]
                + ["-of", "csv=p=0", path]
        )
        return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    /// All access units of a clip.
    static func units(_ path: String, _ options: Demuxer.Options = Demuxer.Options()) throws -> [AccessUnit] {
        let demuxer = try Demuxer(url: path, options: options)
        var units: [AccessUnit] = []
        while let unit = try demuxer.next() { units.append(unit) }
        return units
    }

    /// The plane of a keyframe by a decoder that has seen nothing else.
    static func privatePlane(_ unit: AccessUnit) throws -> LumaPlane {
        try KeyframeDecoder().decode(unit) { $0.lumaPlane() }
    }
}
