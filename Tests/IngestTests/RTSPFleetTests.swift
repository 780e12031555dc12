import Flow
import Foundation
import Logging
import RTSP
import Simulator
import Synchronization
import Testing

@testable import Ingest

/// What a fleet gives, kept by camera.
final class Catch: StreamSink {
    struct State {
        var units: [String: [AccessUnit]] = [:]
        var listeners: [String: any SampleListener] = [:]
        var statuses: [String: [StreamStatus]] = [:]
    }

    let state = Mutex(State())

    func accept(_ batches: [StreamBatch]) {
        state.withLock { state in
            for batch in batches {
                state.units[batch.camera, default: []] += batch.units
                state.listeners[batch.camera] = batch.listener
            }
        }
    }

    func changed(_ status: StreamStatus) {
        state.withLock { $0.statuses[status.camera, default: []].append(status) }
    }

    /// Says what a picture of a camera showed, as a worker does.
    func sampled(_ camera: String, isSame: Bool) {
        state.withLock { $0.listeners[camera] }?.sampled(camera, isSame: isSame)
    }

    func units(_ camera: String) -> [AccessUnit] { state.withLock { $0.units[camera] ?? [] } }
    func states(_ camera: String) -> [StreamState] { state.withLock { $0.statuses[camera]?.map(\.state) ?? [] } }
    func last(_ camera: String) -> StreamStatus? { state.withLock { $0.statuses[camera]?.last } }

    /// Waits for what the fleet brings about; an issue where it has not come after so many seconds.
    func expect(
        _ seconds: Double,
        sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: @Sendable (Catch) -> Bool
    ) async throws {
        for _ in 0..<Int(seconds * 20) {
            if condition(self) { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        Issue.record("this has not come within \(seconds) s", sourceLocation: sourceLocation)
    }
}

@Suite struct RTSPFleetTests {
    private static let clip = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("sample-streams/river-day.mp4").path

    func settings() -> RTSPFleet.Settings {
        var settings = RTSPFleet.Settings()
        settings.readInterval = 0.1
        settings.life = CameraLifeSettings(
            connectWithin: 5,
            stalledAfter: 2,
            steadyAfter: 1,
            frozenAfter: 1,
            backoff: Backoff(base: 0.2, cap: 2)
        )
        return settings
    }

    func farm(
        _ count: Int,
        faults: String? = nil,
        account: Authenticator.Account? = nil
    ) throws -> CameraFarm {
        var options = CameraFarm.Options(clips: [Self.clip], count: count)
        options.port = 0
        options.account = account
        if let faults { options.faults = try FaultPlan(reading: faults) }
        return try CameraFarm(options: options, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Runs `body` with a farm and a fleet that reads its cameras.
    func run(
        _ farm: CameraFarm,
        _ settings: RTSPFleet.Settings? = nil,
        change: (inout StreamSource) -> Void = { _ in },
        meter: Meter = Meter(),
        clocks: Clocks = .system,
        _ body: (Catch, RTSPFleet, [StreamSource]) async throws -> Void
    ) async throws {
        try await farm.start()
        let serving = Task { try await farm.run() }
        let sink = Catch()
        let fleet = RTSPFleet(settings: settings ?? self.settings(), sink: sink, meter: meter, clocks: clocks)
        let sources = farm.urls().enumerated().map { index, url in
            var source = StreamSource(camera: "cam-\(index)", url: url, pointClass: 1 + index % 3)
            source.keepsPictures = true
            change(&source)
            return source
        }
        fleet.replace(with: sources)
        do {
            try await body(sink, fleet, sources)
        } catch {
            Issue.record(error)
        }
        await withCheckedContinuation { continuation in
            Thread {
                fleet.stop()
                continuation.resume()
            }.start()
        }
        serving.cancel()
        _ = try? await serving.value
    }

    @Test("every camera's pictures come in order, on wall time, keyframes with their parameter sets")
    func pictures() async throws {
        let start = Date().timeIntervalSince1970
        try await run(try farm(8)) { sink, _, sources in
            try await sink.expect(20) { sink in (0..<8).allSatisfy { sink.units("cam-\($0)").count > 40 } }
            for source in sources {
                let units = sink.units(source.camera)
                #expect(units.first?.isKeyframe == true)
                #expect(zip(units, units.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
                #expect(units.allSatisfy { !$0.isDamaged && $0.size > 0 && !$0.bytes.isEmpty })
                // However long ago on a busy machine: they came since the test began.
                let times = (start - 10)...(Date().timeIntervalSince1970 + 10)
                #expect(units.allSatisfy { times.contains($0.time.seconds) })
                #expect(units.filter(\.isKeyframe).allSatisfy { $0.bytes[4] & 0x1f == 7 }, "an SPS comes first")
                #expect(sink.states(source.camera) == [.connecting, .online])
            }
        }
    }

    @Test("where only keyframes are kept the others are measured and their bytes left behind")
    func keyframesOnly() async throws {
        try await run(try farm(1), change: { $0.keepsPictures = false }) { sink, _, _ in
            try await sink.expect(20) { $0.units("cam-0").filter(\.isKeyframe).count >= 2 }
            let others = sink.units("cam-0").filter { !$0.isKeyframe }
            #expect(!others.isEmpty && others.allSatisfy { $0.bytes.isEmpty && $0.size > 0 })
        }
    }

    @Test("Digest is answered; a wrong password is refused and said without the password")
    func passwords() async throws {
        let account = Authenticator.Account(user: "eye", password: "p@ss:1")
        try await run(
            try farm(2, account: account),
            change: { source in
                let isRight = source.camera == "cam-0"
                source.url = source.url.replacing(
                    "rtsp://",
                    with: isRight ? "rtsp://eye:p%40ss%3A1@" : "rtsp://eye:wr0ng@"
                )
            }
        ) { sink, _, _ in
            try await sink.expect(20) { $0.units("cam-0").count > 5 }
            try await sink.expect(20) { $0.last("cam-1")?.state == .refused }
            let detail = sink.last("cam-1")?.detail ?? ""
            #expect(!detail.contains("wr0ng") && !detail.isEmpty)
        }
    }

    @Test("when all cameras reboot at once every one comes back by itself")
    func reboot() async throws {
        try await run(try farm(40, faults: "reboot=1@40+4")) { sink, _, sources in
            try await sink.expect(40) { sink in sources.allSatisfy { sink.last($0.camera)?.state == .online } }
            // Each in the record, not all at one look: on a busy machine the first is back before the last is missed.
            try await sink.expect(120) { sink in
                sources.allSatisfy { source in
                    let states = sink.states(source.camera)
                    guard let online = states.firstIndex(of: .online) else { return false }
                    return states[online...].contains(.offline) && states.last == .online
                }
            }
        }
    }

    @Test("a stream that stays open and gives nothing is stalled; one that repeats its picture is frozen")
    func deadStreams() async throws {
        try await run(try farm(1, faults: "stall=1@3")) { sink, fleet, _ in
            try await sink.expect(15) { $0.states("cam-0").contains(.online) }
            try await sink.expect(20) { $0.states("cam-0").contains(.stalled) }
        }
        try await run(try farm(1)) { sink, fleet, _ in
            try await sink.expect(15) { $0.states("cam-0").contains(.online) }
            for _ in 0..<8 {
                sink.sampled("cam-0", isSame: true)
                try await Task.sleep(for: .milliseconds(300))
            }
            try await sink.expect(5) { $0.states("cam-0").contains(.frozen) }
        }
    }

    @Test("cameras come and go while others play on; an address that cannot be read is refused at once")
    func replaced() async throws {
        try await run(try farm(3)) { sink, fleet, sources in
            try await sink.expect(15) { sink in (0..<3).allSatisfy { !sink.units("cam-\($0)").isEmpty } }
            var kept = Array(sources.prefix(1))
            kept.append(StreamSource(camera: "broken", url: "rtsp://no host/"))
            fleet.replace(with: kept)
            try await sink.expect(5) { $0.last("broken")?.state == .refused }
            try await Task.sleep(for: .seconds(1))
            let before = (sink.units("cam-0").count, sink.units("cam-1").count)
            try await Task.sleep(for: .seconds(2))
            #expect(sink.units("cam-0").count > before.0)
            #expect(sink.units("cam-1").count == before.1)
        }
    }

    @Test("another sampling interval does not interrupt a stream, another address does")
    func intervals() async throws {
        let farm = try farm(2)
        try await run(farm) { sink, fleet, sources in
            try await sink.expect(15) { sink in (0..<2).allSatisfy { sink.last("cam-\($0)")?.state == .online } }
            var changed = sources
            for index in changed.indices { changed[index].interval = 7 }
            fleet.replace(with: changed)
            try await Task.sleep(for: .seconds(2))
            #expect(farm.statistics.accepted == 2)
            changed[1].url += "?other"
            fleet.replace(with: changed)
            try await sink.expect(10) { _ in farm.statistics.accepted == 3 }
        }
    }

    @Test("a patrol visits all cameras with few sessions and takes one keyframe each time")
    func patrol() async throws {
        let farm = try farm(12)
        try await run(
            farm,
            change: { source in
                source.patrolSessions = 3
                source.interval = 5
                source.keepsPictures = false
            }
        ) { sink, _, sources in
            try await sink.expect(40) { sink in
                sources.allSatisfy { camera in sink.units(camera.camera).contains { $0.isKeyframe } }
            }
            #expect(farm.statistics.playing <= 3)
            #expect(sources.allSatisfy { sink.last($0.camera)?.state == .patrol })
            #expect(sources.allSatisfy { !sink.states($0.camera).contains(.offline) })
        }
    }

    @Test("a camera in quarantine is not opened before its time, and shown")
    func quarantine() async throws {
        let farm = try farm(1)
        try await run(farm, change: { $0.quarantinedUntil = Clocks.system.wall().advanced(bySeconds: 20) }) {
            sink,
            _,
            _ in
            try await sink.expect(30) { $0.states("cam-0").first == .quarantined }
            try await sink.expect(40) { $0.last("cam-0")?.state == .online }
        }
    }
}
