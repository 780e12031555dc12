import Flow
import Foundation
import Logging
import Media
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Live

@Suite struct StreamTakerTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let clip = checkout + "/sample-streams/river-day.mp4"

    private func take(
        _ url: String,
        _ settings: DaemonSettings = DaemonSettings(),
        seconds: Double = 3,
        bytes: Int = 64 << 20,
        progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> [AccessUnit] {
        let taker = StreamTaker(settings)
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                let result = Result {
                    try taker.take("cam", url: url, seconds: seconds, bytes: bytes, progress: progress)
                }
                continuation.resume(with: result)
            }
        }
    }

    @Test("a stretch has every picture from a keyframe on, and its clip can be read")
    func everyPicture() async throws {
        let folder = try Folder()
        let camera = try await CameraSource.farm.start(clip: clip, logger: logger)
        let told = Mutex(0.0)
        let units = try await take(camera.url) { length in told.withLock { $0 = length } }
        await camera.stop()
        #expect(units.first?.isKeyframe == true)
        #expect(units.count > 30 && units.contains { !$0.isKeyframe && !$0.bytes.isEmpty })
        #expect(told.withLock { $0 } >= 3)
        try ClipWriter.write(units, to: folder.path + "/clip.mp4")
        let demuxer = try Demuxer(url: folder.path + "/clip.mp4", options: Demuxer.Options())
        var read = 0
        while try demuxer.next() != nil { read += 1 }
        #expect(read == units.count)
    }

    @Test(
        "cameras that send their packets over UDP are read so",
        .enabled(if: CameraSource.gstreamer.isInstalled, "install gir1.2-gst-rtsp-server-1.0")
    )
    func udp() async throws {
        let camera = try await CameraSource.gstreamer.start(clip: clip, logger: logger)
        var settings = DaemonSettings()
        settings.ingest.rtspTransport = .udp
        var units: [AccessUnit] = []
        // The server needs a moment until it listens.
        for _ in 0..<30 where units.isEmpty {
            units = (try? await take(camera.url, settings, seconds: 2)) ?? []
            if units.isEmpty { try await Task.sleep(for: .seconds(1)) }
        }
        await camera.stop()
        #expect(units.count > 20)
    }

    @Test("it ends when it has as many bytes as it may have")
    func bounded() async throws {
        let camera = try await CameraSource.farm.start(clip: clip, logger: logger)
        let units = try await take(camera.url, seconds: 30, bytes: 60_000)
        await camera.stop()
        let sizes = units.map(\.bytes.count)
        #expect(sizes.reduce(0, +) >= 60_000 && sizes.dropLast().reduce(0, +) < 60_000)
    }

    @Test("why nothing came is told at once, without the password")
    func refused() async throws {
        let error = await #expect(throws: MediaError.self) {
            _ = try await take("rtsp://user:hunter2@127.0.0.1:9/cam")
        }
        #expect(error?.message.contains("refused") == true && error?.message.contains("hunter2") == false)
        #expect(error?.message.contains("again") == false, "nobody tries again: \(error?.message ?? "")")
    }

    @Test("a camera whose certificate nobody vouches for is not recorded")
    func untrusted() async throws {
        let folder = try Folder()
        let port = Int.random(in: 30_000...39_999)
        let server = try TLSServer(port: port, folder: folder.path)
        defer { server.stop() }
        var problem = ""
        for _ in 0..<50 where !problem.contains("certificate") {
            do {
                _ = try await take("rtsps://127.0.0.1:\(port)/cam")
            } catch let error as MediaError {
                problem = error.message
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        #expect(problem.contains("certificate"), "\(problem)")
    }
}

/// A server of `openssl` with a certificate that it made itself.
private struct TLSServer {
    private let server: Process

    init(port: Int, folder: String) throws {
        let maker = Self.openssl(
            ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
                + ["-subj", "/CN=camera", "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"]
        )
        try maker.run()
        maker.waitUntilExit()
        server = Self.openssl(
            ["s_server", "-quiet", "-accept", "127.0.0.1:\(port)"]
                + ["-key", folder + "/key.pem", "-cert", folder + "/cert.pem"]
        )
        try server.runGuarded()
    }

    func stop() {
        kill(server.processIdentifier, SIGKILL)
        server.waitUntilExit()
    }

    private static func openssl(_ arguments: [String]) -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["openssl"] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return process
    }
}
