import Flow
import Foundation
import Logging
import Simulator
import Synchronization
import Testing

@testable import Ingest

/// Clocks of this machine that a test can move.
private final class MovedClocks: Sendable {
    private let moved = Mutex((wall: 0.0, monotonic: 0.0))

    var clocks: Clocks {
        Clocks(
            wall: { [self] in Clocks.system.wall().advanced(bySeconds: moved.withLock { $0.wall }) },
            monotonic: { [self] in Clocks.system.monotonic() + moved.withLock { $0.monotonic } }
        )
    }

    func move(wall: Double = 0, monotonic: Double = 0) {
        moved.withLock { moved in
            moved.wall += wall
            moved.monotonic += monotonic
        }
    }
}

/// A fleet whose loop is late, whose clock is set, and whose cameras send much.
@Suite struct RTSPFleetLoadTests {
    private let fleets = RTSPFleetTests()

    @Test("a fleet that stood still for 100 s gives up none of its sessions")
    func pausedFleet() async throws {
        let moved = MovedClocks()
        let farm = try fleets.farm(20)
        var settings = fleets.settings()
        // Time for a busy machine; far below the pause.
        settings.life.stalledAfter = 20
        let meter = Meter()
        try await fleets.run(farm, settings, meter: meter, clocks: moved.clocks) { sink, _, sources in
            try await sink.expect(40) { sink in sources.allSatisfy { sink.last($0.camera)?.state == .online } }
            let before = sources.map { sink.units($0.camera).count }
            moved.move(wall: 100, monotonic: 100)
            // Long enough for the sign of life that is due now, and for its answer.
            try await Task.sleep(for: .seconds(4))
            try await sink.expect(20) { sink in
                zip(sources, before).allSatisfy { sink.units($0.camera).count > $1 + 10 }
            }
            #expect(farm.statistics.sessions == 20 && farm.statistics.endedByClient == 0)
            #expect(sources.allSatisfy { sink.states($0.camera) == [.connecting, .online] })
            let late = meter.samples().first { $0.name == "gridwatch_rtsp_loop_late_ms_total" }
            #expect((late?.value ?? 0) >= 99_000)
        }
    }

    @Test("the time of pictures goes on when the wall clock is set back by 90 s, and forth by an hour")
    func clockSet() async throws {
        let moved = MovedClocks()
        try await fleets.run(try fleets.farm(2), clocks: moved.clocks) { sink, _, sources in
            for step in [-90.0, 3600] {
                let counts = sources.map { sink.units($0.camera).count }
                try await sink.expect(20) { sink in
                    zip(sources, counts).allSatisfy { sink.units($0.camera).count > $1 + 20 }
                }
                moved.move(wall: step)
            }
            let counts = sources.map { sink.units($0.camera).count }
            try await sink.expect(20) { sink in
                zip(sources, counts).allSatisfy { sink.units($0.camera).count > $1 + 20 }
            }
            for source in sources {
                let times = sink.units(source.camera).map(\.decodeTime.seconds)
                let steps = zip(times, times.dropFirst()).map { $1 - $0 }
                #expect(steps.allSatisfy { $0 > 0.001 && $0 < 60 }, "neither stands still nor jumps")
            }
        }
    }

    @Test("a stream of 16 Mbit/s with big keyframes beside 60 others loses nothing, and they are read as before")
    func mainStream() async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let clip = folder.appendingPathComponent("main.mp4").path
        try Self.encode(clip)
        let small = try fleets.farm(60)
        try await small.start()
        let serving = Task { try await small.run() }
        var options = CameraFarm.Options(clips: [clip], count: 1)
        options.port = 0
        let farm = try CameraFarm(options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let others = small.urls()
        var settings = fleets.settings()
        settings.readInterval = 0.5
        settings.life.stalledAfter = 20
        let meter = Meter()
        try await fleets.run(farm, settings, meter: meter) { sink, fleet, sources in
            fleet.replace(
                with: sources
                    + others.enumerated().map { index, url in StreamSource(camera: "other-\(index)", url: url) }
            )
            try await sink.expect(60) { $0.units("cam-0").count > 500 }
            let lost = sink.units("cam-0").filter(\.isDamaged).count
            #expect(farm.statistics.droppedUnits == 0 && lost == 0)
            #expect(farm.statistics.bytes * 8 > 500 / 25 * 14_000_000, "it is a stream of 16 Mbit/s")
            try await sink.expect(30) { _ in
                meter.samples().contains { $0.name == "gridwatch_rtsp_read_often" && $0.value == 1 }
            }
        }
        serving.cancel()
        _ = try? await serving.value
    }

    /// Four seconds of 16 Mbit/s at 25 pictures a second, a keyframe every two seconds.
    private static func encode(_ path: String) throws {
        let ffmpeg = Process()
        ffmpeg.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let source = "nullsrc=s=640x360:r=25:d=4,format=gray,geq=lum='random(1)*255',format=yuv420p"
        let rate = [
            "-b:v", "16M", "-minrate", "16M", "-maxrate", "16M", "-bufsize", "8M", "-x264-params", "nal-hrd=cbr",
        ]
        ffmpeg.arguments =
            ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264"]
            + ["-preset", "ultrafast", "-g", "50", "-bf", "0"] + rate + [path]
        try ffmpeg.run()
        ffmpeg.waitUntilExit()
        #expect(ffmpeg.terminationStatus == 0)
    }
}
