import Foundation
import Logging
import Media
import Settings
import Simulator
import TestSupport
import Testing

@testable import Live

/// `probe` looks at a camera the way the daemon reads it, then the other way, and says what differs.
@Suite(.ownThread) struct CameraProbeTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    private let clip = checkout + "/sample-streams/river-day.mp4"

    private var settings: DaemonSettings {
        var settings = DaemonSettings()
        settings.ingest.openTimeout = 5
        settings.ingest.readTimeout = 5
        return settings
    }

    /// Probes until the camera's server, which needs a moment, is there.
    private func probe(_ url: String, _ settings: DaemonSettings) async throws -> ProbeReport {
        for _ in 0..<30 {
            do {
                return try await CameraProbe(settings).run(url, seconds: 3)
            } catch let error as MediaError where error.message.lowercased().contains("refused") {
                try await Task.sleep(for: .seconds(1))
            }
        }
        return try await CameraProbe(settings).run(url, seconds: 3)
    }

    @Test("a camera over TCP is read on the event loop, and libavformat sees the same")
    func overTCP() async throws {
        let camera = try await CameraSource.farm.start(clip: clip, logger: logger)
        let report = try await probe(camera.url, settings)
        await camera.stop()
        #expect(report.way == "the daemon, tcp")
        #expect(report.keyframes > 0 && report.width > 0 && report.picture != nil)
        #expect(report.differences == [], "\(report.differences ?? [])")
    }

    @Test(
        "a camera that knows UDP only is found out and read over UDP, as the daemon does",
        .enabled(if: CameraSource.gstreamerUDP.isInstalled, "install gir1.2-gst-rtsp-server-1.0")
    )
    func overUDP() async throws {
        let camera = try await CameraSource.gstreamerUDP.start(clip: clip, logger: logger)
        let report = try await probe(camera.url, settings)
        #expect(report.way == "the daemon, udp (through libavformat)")
        #expect(report.keyframes > 0 && report.width > 0)
        var told = settings
        told.ingest.rtspTransport = .tcp
        let error = await #expect(throws: MediaError.self) {
            _ = try await CameraProbe(told).run(camera.url, seconds: 3)
        }
        await camera.stop()
        #expect(error?.message.contains("ingest.rtsp_transport") == true, "\(String(describing: error))")
        #expect(error?.message.contains("libavformat cannot read it either") == true)
    }

    @Test("where the two see something else it is said: keyframes with holes are none for the daemon")
    func differs() async throws {
        var options = CameraFarm.Options(clips: [clip], count: 1)
        options.port = 0
        options.packetSize = 100
        options.faults = try FaultPlan([FaultPlan.Fault(.loss)])
        let farm = try CameraFarm(options: options, logger: logger)
        try await farm.start()
        let serving = Task { try await farm.run() }
        let report = try await probe(farm.urls()[0], settings)
        serving.cancel()
        _ = try? await serving.value
        #expect(report.way == "the daemon, tcp" && report.keyframes == 0 && report.droppedUnits > 0)
        #expect(report.differences?.contains { $0.contains("the daemon none") } == true, "\(report.differences ?? [])")
    }

    @Test("what neither can read is told once, with both reasons and without the password")
    func neither() async throws {
        let error = await #expect(throws: MediaError.self) {
            _ = try await CameraProbe(settings).run("rtsp://cam:TopSecret9@127.0.0.1:9/a", seconds: 1)
        }
        #expect(error?.message.contains("libavformat cannot read it either") == true)
        #expect(error?.message.contains("TopSecret9") == false)
    }

    @Test("a file is looked at as it is")
    func file() async throws {
        let report = try await CameraProbe(settings).run(clip, seconds: 1)
        #expect(report.way == nil && report.keyframes > 0)
    }
}
