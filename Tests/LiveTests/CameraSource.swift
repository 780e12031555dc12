import Foundation
import Logging
import Simulator
import TestSupport

/// Where a test's camera comes from: our own farm, or a server that is not ours.
enum CameraSource: String, CaseIterable {
    case farm
    case gstreamer
    /// One that knows UDP only.
    case gstreamerUDP

    /// A camera that serves until it is stopped.
    struct Camera {
        let url: String
        let stop: @Sendable () async -> Void
    }

    private static let python = "/usr/bin/python3"
    private static let script = checkout + "/Tests/Support/gst-rtsp-server.py"

    /// Whether this machine has what the source needs.
    var isInstalled: Bool {
        switch self {
        case .farm: true
        case .gstreamer, .gstreamerUDP:
            FileManager.default.fileExists(
                atPath: "/usr/lib/x86_64-linux-gnu/girepository-1.0/GstRtspServer-1.0.typelib"
            )
        }
    }

    /// Serves a clip as a camera.
    func start(clip: String, logger: Logger) async throws -> Camera {
        switch self {
        case .farm: try await startFarm(clip, logger)
        case .gstreamer: try startGStreamer(clip, [])
        case .gstreamerUDP: try startGStreamer(clip, ["--udp"])
        }
    }

    private func startFarm(_ clip: String, _ logger: Logger) async throws -> Camera {
        var options = CameraFarm.Options(clips: [clip], count: 1)
        options.port = 0
        let farm = try CameraFarm(options: options, logger: logger)
        try await farm.start()
        let serving = Task { try await farm.run() }
        return Camera(url: farm.urls()[0]) {
            serving.cancel()
            _ = try? await serving.value
        }
    }

    private func startGStreamer(_ clip: String, _ arguments: [String]) throws -> Camera {
        let port = Int.random(in: 20_000...29_999)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.python)
        process.arguments = [Self.script, clip, "\(port)"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.runGuarded()
        let identifier = process.processIdentifier
        return Camera(url: "rtsp://127.0.0.1:\(port)/test") { kill(identifier, SIGKILL) }
    }
}
