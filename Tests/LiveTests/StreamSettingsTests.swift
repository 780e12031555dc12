import Detection
import Flow
import Foundation
import Ingest
import Logging
import Postgres
import ServiceLifecycle
import Settings
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

/// Settings of reading streams, each with two values beside each other, on real sockets.
@Suite(.ownThread) struct StreamSettingsTests {
    /// Streams as the daemon makes them, and what they said.
    private final class Reader: StreamSink {
        private struct Told {
            var statuses: [StreamStatus] = []
            var units: [String: Int] = [:]
        }

        private let told = Mutex(Told())
        private let streams = Mutex<Streams?>(nil)

        init(_ values: [String: String], _ urls: [String: String]) throws {
            let settings = try DaemonSettings.with(values)
            let streams = Streams(settings, sink: self, meter: Meter(), crumbs: nil)
            streams.replace(with: urls.sorted { $0.key < $1.key }.map { StreamSource(camera: $0.key, url: $0.value) })
            self.streams.withLock { $0 = streams }
        }

        func accept(_ batches: [StreamBatch]) {
            told.withLock { told in
                for batch in batches { told.units[batch.camera, default: 0] += batch.units.count }
            }
        }

        func changed(_ status: StreamStatus) { told.withLock { $0.statuses.append(status) } }

        func units(_ camera: String) -> Int { told.withLock { $0.units[camera] ?? 0 } }

        /// The first state that says that something is wrong.
        var failure: StreamStatus? {
            told.withLock { $0.statuses.first { [.offline, .refused, .stalled].contains($0.state) } }
        }

        func stop() { streams.withLock { $0 }?.stop() }
    }

    /// Waits for what other threads bring about; bounded.
    private func eventually(_ condition: () -> Bool) -> Bool {
        for _ in 0..<1500 {
            if condition() { return true }
            Thread.sleep(forTimeInterval: 0.02)
        }
        return false
    }

    /// A server that says that a stream begins, and sends nothing that is one.
    private func hollow() -> AnsweringServer {
        let head = Array("HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n".utf8)
        return AnsweringServer { _ in .endless(first: head, then: [], pause: 30) }
    }

    /// A server that never answers what it is asked by RTSP.
    private func silent() -> AnsweringServer { AnsweringServer { _ in .bytes([]) } }

    private var clip: String { checkout + "/sample-streams/quiet-caption.mp4" }

    @Test("ingest.open_timeout_s: who waits a second gives up while who waits two minutes does not", arguments: [0, 1])
    func openTimeout(way: Int) throws {
        let server = way == 0 ? silent() : hollow()
        let url = "\(way == 0 ? "rtsp" : "http")://127.0.0.1:\(server.port)/a"
        let hasty = try Reader(["ingest.open_timeout_s": "1", "ingest.read_timeout_s": "120"], ["a": url])
        let patient = try Reader(["ingest.open_timeout_s": "120", "ingest.read_timeout_s": "120"], ["a": url])
        #expect(eventually { hasty.failure != nil })
        #expect(patient.failure == nil)
        hasty.stop()
        patient.stop()
    }

    @Test("ingest.io_threads: so many streams that are not RTSP are open at once")
    func threads() throws {
        let (narrow, wide) = (hollow(), hollow())
        func urls(_ server: AnsweringServer) -> [String: String] {
            ["a": "http://127.0.0.1:\(server.port)/a", "b": "http://127.0.0.1:\(server.port)/b"]
        }
        let timeouts = ["ingest.open_timeout_s": "120", "ingest.turn_s": "3600"]
        let one = try Reader(timeouts.merging(["ingest.io_threads": "1"]) { $1 }, urls(narrow))
        let two = try Reader(timeouts.merging(["ingest.io_threads": "2"]) { $1 }, urls(wide))
        func asked(_ server: AnsweringServer) -> Int { Set(server.requests.map { $0.prefix { $0 != "\r" } }).count }
        #expect(eventually { asked(wide) == 2 && asked(narrow) == 1 })
        #expect(asked(narrow) == 1)
        one.stop()
        two.stop()
    }

    @Test("ingest.turn_s: a stream gives its thread to the next after so long")
    func turn() throws {
        let values = ["ingest.io_threads": "1", "ingest.local_addresses": "any", "ingest.decode": "every_frame"]
        let urls = ["a": clip, "b": clip]
        let quick = try Reader(values.merging(["ingest.turn_s": "1"]) { $1 }, urls)
        let slow = try Reader(values.merging(["ingest.turn_s": "3600"]) { $1 }, urls)
        #expect(eventually { quick.units("a") > 0 && quick.units("b") > 0 && slow.units("a") + slow.units("b") > 0 })
        #expect(min(slow.units("a"), slow.units("b")) == 0, "the clip is half a minute long")
        quick.stop()
        slow.stop()
    }

    @Test("ingest.read_timeout_s: an open stream that falls silent is stalled after so long")
    func readTimeout() throws {
        let folder = try Folder()
        let path = folder.path + "/clip.ts"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/ffmpeg")
        process.arguments = ["-v", "error", "-i", clip, "-t", "6", "-c", "copy", "-f", "mpegts", path]
        process.standardInput = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        let head = Array("HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n".utf8)
        let bytes = head + [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        let server = AnsweringServer { _ in .bytes(bytes) }
        let url = ["a": "http://127.0.0.1:\(server.port)/a"]
        let hasty = try Reader(["ingest.read_timeout_s": "1"], url)
        let patient = try Reader(["ingest.read_timeout_s": "120"], url)
        #expect(eventually { hasty.failure?.state == .stalled && patient.units("a") > 0 })
        #expect(patient.failure == nil)
        hasty.stop()
        patient.stop()
    }

    @Test("ingest.reconnect_base_s: the wait after a stream that is not RTSP could not be opened")
    func reconnect() throws {
        let url = ["a": "http://127.0.0.1:1/a"]
        let quick = try Reader(["ingest.reconnect_base_s": "0.1"], url)
        let slow = try Reader(["ingest.reconnect_base_s": "60"], url)
        #expect(eventually { quick.failure != nil && slow.failure != nil })
        #expect(try #require(quick.failure?.retryIn) <= 0.1)
        #expect(try #require(slow.failure?.retryIn) >= 30)
        quick.stop()
        slow.stop()
    }

    @Test("ingest.rtsp_transport: over UDP another reader asks than over TCP")
    func transport() throws {
        let asked = try ["tcp", "udp"].map { value in
            let server = AnsweringServer { _ in .last(Array("RTSP/1.0 400 No\r\nCSeq: 1\r\n\r\n".utf8)) }
            let reader = try Reader(["ingest.rtsp_transport": value], ["a": "rtsp://127.0.0.1:\(server.port)/a"])
            #expect(eventually { !server.requests.isEmpty })
            reader.stop()
            return AnsweringServer.header("User-Agent", in: server.requests[0]) ?? ""
        }
        #expect(!asked[0].contains("Lavf") && asked[1].contains("Lavf"), "\(asked)")
    }

    @Test("ingest.local_addresses: cameras on this machine, and files")
    func localAddresses() throws {
        let server = AnsweringServer { _ in .last(Array("RTSP/1.0 404 No\r\nCSeq: 1\r\n\r\n".utf8)) }
        let url = ["a": "rtsp://127.0.0.1:\(server.port)/a"]
        let refusing = try Reader(["ingest.local_addresses": "refuse"], url)
        #expect(eventually { refusing.failure?.state == .refused })
        #expect(server.requests.isEmpty)
        let asking = try Reader(["ingest.local_addresses": "loopback"], url)
        #expect(eventually { !server.requests.isEmpty })
        let (narrow, wide) = (
            try Reader(["ingest.local_addresses": "loopback"], ["a": clip]),
            try Reader(["ingest.local_addresses": "any"], ["a": clip])
        )
        #expect(eventually { narrow.failure?.state == .refused && wide.units("a") > 0 })
        for reader in [refusing, asking, narrow, wide] { reader.stop() }
    }
}

/// Settings of processes and their threads.
@Suite struct ProcessSettingsTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test(
        "ingest.max_cameras: a process needs a descriptor for each that it may get",
        arguments: [("100", true), ("16000", false)]
    )
    func descriptors(value: String, isEnough: Bool) throws {
        let settings = try DaemonSettings.with(["ingest.max_cameras": value])
        let place = ProcessPlace(node: "n", slot: 0, version: "0")
        var refusal: StartError?
        do throws(StartError) {
            try place.check(settings, openFiles: 4096)
        } catch {
            refusal = error
        }
        #expect((refusal == nil) == isEnough)
    }

    /// The workers, and what they hand things to; without a database.
    private struct Bench {
        let folder: Folder
        let workers: DecodeWorkers
        let factory: LiveCameraFactory
        let recorder: AlertRecorder
        let clips: AlertClips

        func stop() {
            workers.drain()
            clips.drain()
            recorder.drain()
        }
    }

    private func bench(_ values: [String: String], meter: Meter = Meter(), clocks: Clocks = .system) throws -> Bench {
        let folder = try Folder()
        var settings = try DaemonSettings.with(values)
        settings.storage.directory = folder.path
        try settings.storage.makeFolders(slot: 0)
        let pool = PostgresPool(conninfo: "host=\(folder.path) dbname=none", size: 1)
        let recorder = AlertRecorder(
            spool: try AlertSpool(settings.storage, slot: 0, meter: meter) { _ in },
            evidence: EvidenceStore(settings.storage),
            meter: meter,
            health: HealthBoard(),
            logger: logger
        )
        let clips = AlertClips(settings.storage, meter: meter, logger: logger)
        let ground = Ground(settings, ProcessPlace(node: "w", slot: 0, version: "0"), pool, meter, logger)
        let factory = try LiveCameraFactory(settings, recorder: recorder, clips: clips)
        let states = StateReporter(ground, outages: OutageMonitor(ground, recorder: recorder))
        let workers = DecodeWorkers(
            settings,
            factory: factory,
            recorder: recorder,
            scores: ScoreReporter(ground),
            clips: clips,
            states: states,
            meter: meter,
            crumbs: nil,
            logger: logger,
            clocks: clocks
        )
        return Bench(folder: folder, workers: workers, factory: factory, recorder: recorder, clips: clips)
    }

    @Test("detection: what is set is what cameras without a profile are judged by", arguments: DetectionSettings.keys)
    func detection(key: String) throws {
        let range = try #require(DetectionSettings.range(of: key))
        let bench = try bench(["detection.\(key)": "\(range.upperBound)"])
        #expect(bench.factory.detection.values[key] == range.upperBound)
        #expect(DetectionSettings().values[key] != range.upperBound)
        bench.stop()
    }

    @Test("workers.threads: so many threads look at pictures", arguments: [1, 3])
    func threads(count: Int) throws {
        // For whoever asks much time has passed, for the threads none: they all count as silent.
        let asker = pthread_self()
        let time = Mutex(0.0)
        let clocks = Clocks(
            wall: { .zero },
            monotonic: { pthread_equal(pthread_self(), asker) != 0 ? time.withLock { $0 } : 0 }
        )
        let bench = try bench(["workers.threads": "\(count)"], clocks: clocks)
        time.withLock { $0 = 1000 }
        #expect(bench.workers.silentWorkers().count == count)
        bench.stop()
    }

    @Test("workers.queue_units: what is more than that is dropped", arguments: [("8", 100), ("65536", 0)])
    func queue(value: String, dropped: Int) throws {
        let meter = Meter()
        let bench = try bench(["workers.queue_units": value, "workers.threads": "1"], meter: meter)
        let format = StreamFormat(codec: .h264, avCodecID: 27, width: 0, height: 0, extradata: [])
        let units = (0..<100).map { index in
            let time = MediaTime(seconds: Double(index))
            return AccessUnit(format: format, time: time, decodeTime: time, isKeyframe: true, bytes: [1])
        }
        bench.workers.accept([StreamBatch(camera: "cam", units: units)])
        let counted = meter.samples().filter { $0.name == "gridwatch_units_dropped_total" }.map(\.value).reduce(0, +)
        #expect(counted == dropped)
        bench.stop()
    }
}
