import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Ingest

/// Collects what a pool hands over.
private final class Collector: StreamSink {
    struct State {
        var units: [String: [AccessUnit]] = [:]
        var statuses: [String: [StreamStatus]] = [:]
    }

    let state = Mutex(State())

    func accept(_ batches: [StreamBatch]) {
        state.withLock { state in
            for batch in batches { state.units[batch.camera, default: []] += batch.units }
        }
    }

    func changed(_ status: StreamStatus) {
        state.withLock { $0.statuses[status.camera, default: []].append(status) }
    }

    func units(_ camera: String) -> Int { state.withLock { $0.units[camera]?.count ?? 0 } }

    func last(_ camera: String) -> StreamStatus? { state.withLock { $0.statuses[camera]?.last } }
}

/// Files made once for the suite: a clip of one second that is read in a loop, a sound file, a text file.
private struct Fixtures {
    let directory: String

    init() throws {
        directory = NSTemporaryDirectory() + "gridwatch-ingest-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try ffmpeg("-f lavfi -i testsrc2=s=160x120:r=10 -t 1 -g 5 -bf 0 -c:v libx264", "clip.mp4")
        try ffmpeg("-f lavfi -i sine -t 1", "sound.wav")
        try Data("no video here".utf8).write(to: URL(fileURLWithPath: directory + "/text.mp4"))
    }

    func ffmpeg(_ arguments: String, _ name: String) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/ffmpeg")
        process.arguments =
            ["-v", "error", "-y"] + arguments.split(separator: " ").map(String.init) + [directory + "/" + name]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
    }
}

@Suite struct StreamPoolTests {
    private func settings(threads: Int) -> StreamPool.Settings {
        var settings = StreamPool.Settings()
        settings.threads = threads
        settings.openTimeout = 1
        settings.readTimeout = 1
        settings.turn = 0.2
        settings.reconnectBase = 0.1
        settings.keyframesOnly = false
        settings.localAddresses = .any
        return settings
    }

    /// Waits for a condition that other threads bring about; bounded, so that a broken pool fails instead of hanging.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<1500 {
            if condition() { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }

    /// A TCP port that accepts and never answers.
    private func silentPort() throws -> (file: Int32, port: UInt16) {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                _ = bind(file, generic, length)
                _ = listen(file, 16)
                _ = getsockname(file, generic, &length)
            }
            return UInt16(bigEndian: pointer.pointee.sin_port)
        }
        return (file, port)
    }

    @Test("one thread reads three cameras in turns, although a fourth never answers and a fifth is no video")
    func sharesOneThread() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        let silent = try silentPort()
        defer { close(silent.file) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 1), sink: collector, meter: Meter())
        let clip = fixtures.directory + "/clip.mp4"
        pool.replace(with: [
            StreamSource(camera: "a", url: clip), StreamSource(camera: "b", url: clip),
            StreamSource(camera: "c", url: clip),
            StreamSource(camera: "dead", url: "rtsp://127.0.0.1:\(silent.port)/x"),
            StreamSource(camera: "sound", url: fixtures.directory + "/sound.wav"),
        ])
        #expect(eventually { ["a", "b", "c"].allSatisfy { collector.units($0) >= 5 } })
        #expect(eventually { collector.last("dead")?.state == .offline })
        #expect(eventually { collector.last("sound")?.state == .refused })
        pool.stop()
        #expect(collector.last("sound")?.detail?.contains("video") == true)
        for (camera, units) in collector.state.withLock({ $0.units }) {
            let times = units.map(\.time)
            #expect(times == times.sorted(), "times of \(camera) go back")
        }
    }

    @Test("a missing file, a text file and a refused port are told apart from each other, each with a reason")
    func reasons() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 3), sink: collector, meter: Meter())
        pool.replace(with: [
            StreamSource(camera: "missing", url: fixtures.directory + "/nothing.mp4"),
            StreamSource(camera: "text", url: fixtures.directory + "/text.mp4"),
            StreamSource(camera: "secret", url: "rtsp://admin:hunter2@127.0.0.1:1/stream"),
        ])
        for camera in ["missing", "text", "secret"] {
            #expect(eventually { [.offline, .refused].contains(collector.last(camera)?.state) }, "\(camera)")
        }
        pool.stop()
        let details = ["missing", "text", "secret"].map { collector.last($0)?.detail ?? "" }
        #expect(details[0].contains("No such file"))
        #expect(!details.contains { $0.contains("hunter2") }, "a password got into a message")
        #expect(Set(details).count == 3)
    }

    @Test("a stream that falls silent while it is open is stalled, not merely offline")
    func stalls() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        try fixtures.ffmpeg("-f lavfi -i testsrc2=s=160x120:r=10 -t 6 -g 5 -bf 0 -c:v libx264", "clip.ts")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixtures.directory + "/clip.ts")))
        let server = try silentPort()
        defer { close(server.file) }
        let thread = Thread {
            // Sends the clip to the first client, and then nothing more.
            let client = accept(server.file, nil, nil)
            _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        thread.start()
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 1), sink: collector, meter: Meter())
        pool.replace(with: [StreamSource(camera: "a", url: "tcp://127.0.0.1:\(server.port)")])
        #expect(eventually { collector.state.withLock { $0.statuses["a"]?.contains { $0.state == .stalled } == true } })
        pool.stop()
        #expect(collector.units("a") > 0)
    }

    @Test("an address that gives one picture is asked at each sampling interval, and is online all the time")
    func snapshots() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        try fixtures.ffmpeg("-f lavfi -i testsrc2=s=160x120 -frames:v 1", "one.jpg")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixtures.directory + "/one.jpg")))
        let isAway = Mutex(false)
        let camera = AnsweringServer { _ in
            let status = isAway.withLock { $0 } ? 503 : 200
            return .last(AnsweringServer.http(status, ["Content-Type: image/jpeg"], bytes))
        }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 1), sink: collector, meter: Meter())
        var source = StreamSource(camera: "a", url: "http://127.0.0.1:\(camera.port)/snap.jpg")
        source.interval = 0.2
        pool.replace(with: [source])
        #expect(eventually { collector.units("a") >= 5 })
        let statuses = collector.state.withLock { $0.statuses["a"] ?? [] }
        #expect(statuses.map(\.state) == [.connecting, .online], "no word of a new connection for each picture")
        let times = collector.state.withLock { $0.units["a"]?.map(\.time.seconds) ?? [] }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 0.2 })
        isAway.withLock { $0 = true }
        #expect(eventually { collector.last("a")?.state == .offline })
        isAway.withLock { $0 = false }
        #expect(eventually { collector.last("a")?.state == .online })
        pool.stop()
    }

    @Test("a stream without keyframes gives its thread back, again and again, and its state does not flap")
    func withoutKeyframes() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        try fixtures.ffmpeg("-f lavfi -i testsrc2=s=160x120:r=10 -t 3 -g 999 -bf 0 -c:v libx264", "whole.ts")
        try fixtures.ffmpeg(
            "-i \(fixtures.directory)/whole.ts -c copy -bsf:v filter_units=remove_types=5",
            "keyless.ts"
        )
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixtures.directory + "/keyless.ts")))
        let head = Array("HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n".utf8)
        let camera = AnsweringServer { _ in .endless(first: head, then: bytes, pause: 0.05) }
        let collector = Collector()
        var settings = settings(threads: 1)
        settings.openTimeout = 10
        settings.readTimeout = 10
        settings.keyframeTimeout = 2
        settings.keyframesOnly = true
        let pool = StreamPool(settings: settings, sink: collector, meter: Meter())
        pool.replace(with: [
            StreamSource(camera: "a", url: "http://127.0.0.1:\(camera.port)/live.ts"),
            StreamSource(camera: "b", url: fixtures.directory + "/clip.mp4"),
        ])
        #expect(eventually { camera.requests.count >= 3 && collector.units("b") >= 4 })
        let statuses = collector.state.withLock { $0.statuses["a"] ?? [] }
        #expect(statuses.map(\.state) == [.connecting, .online])
        #expect(collector.units("a") == 0)
        pool.stop()
    }

    @Test("a recording without keyframes is not read again and again without a pause")
    func recordingWithoutKeyframes() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        try fixtures.ffmpeg(
            "-i \(fixtures.directory)/clip.mp4 -c copy -bsf:v filter_units=remove_types=5",
            "keyless.mp4"
        )
        let meter = Meter()
        let pool = StreamPool(settings: settings(threads: 1), sink: Collector(), meter: meter)
        pool.replace(with: [StreamSource(camera: "a", url: fixtures.directory + "/keyless.mp4")])
        #expect(eventually { meter.sum(of: "gridwatch_ingest_failures_total") >= 3 })
        #expect(meter.sum(of: "gridwatch_ingest_opens_total") <= meter.sum(of: "gridwatch_ingest_failures_total") + 1)
        pool.stop()
    }

    @Test("each thread notes whose stream it reads")
    func crumbs() throws {
        let folder = NSTemporaryDirectory() + "gridwatch-pool-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let silent = try silentPort()
        defer { close(silent.file) }
        let crumbs = try Breadcrumbs(path: folder + "/crumbs", threads: 1)
        let pool = StreamPool(settings: settings(threads: 1), sink: Collector(), meter: Meter(), crumbs: crumbs)
        pool.replace(with: [StreamSource(camera: "poison", url: "rtsp://127.0.0.1:\(silent.port)/x")])
        #expect(eventually { crumbs.report()?.working.map(\.camera) == ["poison"] })
        #expect(crumbs.report()?.working.first?.activity ?? .reading == .reading)
        pool.stop()
        #expect(crumbs.attach() != nil, "the place is given back")
    }

    @Test("an address that the setting refuses is not connected to, and says which setting")
    func refusedAddress() throws {
        let camera = AnsweringServer { _ in .last([]) }
        let collector = Collector()
        var settings = settings(threads: 1)
        settings.localAddresses = .refuse
        let pool = StreamPool(settings: settings, sink: collector, meter: Meter())
        pool.replace(with: [StreamSource(camera: "a", url: "http://127.0.0.1:\(camera.port)/")])
        #expect(eventually { collector.last("a")?.state == .refused })
        pool.stop()
        #expect(collector.last("a")?.detail?.contains("ingest.local_addresses") == true)
        #expect(camera.requests.isEmpty)
    }

    @Test("removing a camera ends its stream; the others go on")
    func removes() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 2), sink: collector, meter: Meter())
        let clip = fixtures.directory + "/clip.mp4"
        pool.replace(with: [StreamSource(camera: "a", url: clip), StreamSource(camera: "b", url: clip)])
        #expect(eventually { collector.units("a") > 0 && collector.units("b") > 0 })
        pool.replace(with: [StreamSource(camera: "b", url: clip)])
        #expect(pool.count == 1)
        #expect(
            eventually { () -> Bool in
                let before = collector.units("a")
                Thread.sleep(forTimeInterval: 0.5)
                return collector.units("a") == before
            }
        )
        let before = collector.units("b")
        #expect(eventually { collector.units("b") > before + 10 })
        pool.stop()
    }

    @Test("a camera in quarantine is not opened, and shown as that, until it is released")
    func quarantined() throws {
        let camera = AnsweringServer { _ in .last(AnsweringServer.http(404)) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 1), sink: collector, meter: Meter())
        var source = StreamSource(camera: "a", url: "http://127.0.0.1:\(camera.port)/a.ts")
        source.quarantinedUntil = Clocks.system.wall().advanced(bySeconds: 600)
        pool.add(source)
        #expect(eventually { collector.last("a")?.state == .quarantined })
        #expect(collector.last("a")?.failure == .crashes && (collector.last("a")?.retryIn ?? 0) > 500)
        Thread.sleep(forTimeInterval: 0.5)
        #expect(camera.requests.isEmpty)
        source.quarantinedUntil = nil
        pool.add(source)
        #expect(eventually { !camera.requests.isEmpty })
        pool.stop()
    }

    @Test("cameras of a patrol are visited for one keyframe each time, one after the other where there is one session")
    func visits() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        try fixtures.ffmpeg("-f lavfi -i testsrc2=s=160x120:r=10 -t 2 -g 5 -bf 0 -c:v libx264", "visit.ts")
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixtures.directory + "/visit.ts")))
        let platform = AnsweringServer { _ in .last(AnsweringServer.http(200, ["Content-Type: video/mp2t"], bytes)) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 2), sink: collector, meter: Meter())
        pool.replace(
            with: ["a", "b"].map { name in
                var source = StreamSource(camera: name, url: "http://127.0.0.1:\(platform.port)/\(name).ts")
                source.patrolSessions = 1
                source.interval = 0.2
                return source
            }
        )
        #expect(eventually { collector.units("a") >= 3 && collector.units("b") >= 3 })
        pool.stop()
        let units = collector.state.withLock { $0.units }
        #expect(units.values.allSatisfy { $0.allSatisfy(\.isKeyframe) })
        #expect(collector.last("a")?.state == .patrol)
    }

    @Test("a camera that goes and is back at once is read, whatever its last thread still has to say")
    func goesAndComes() throws {
        let fixtures = try Fixtures()
        defer { try? FileManager.default.removeItem(atPath: fixtures.directory) }
        let collector = Collector()
        let pool = StreamPool(settings: settings(threads: 2), sink: collector, meter: Meter())
        let source = StreamSource(camera: "a", url: fixtures.directory + "/clip.mp4")
        for _ in 0..<20 {
            pool.add(source)
            #expect(eventually { collector.last("a")?.state == .online })
            pool.remove("a")
        }
        #expect(pool.count == 0)
        pool.add(source)
        let before = collector.units("a")
        #expect(eventually { collector.units("a") > before + 5 })
        pool.stop()
    }
}
