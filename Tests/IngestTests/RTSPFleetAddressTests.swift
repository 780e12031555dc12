import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Ingest

/// Where a fleet connects to, and whom it tells a password.
@Suite struct RTSPFleetAddressTests {
    private final class Sink: StreamSink {
        let statuses = Mutex<[StreamStatus]>([])

        func accept(_ batches: [StreamBatch]) {}

        func changed(_ status: StreamStatus) { statuses.withLock { $0.append(status) } }

        var last: StreamStatus? { statuses.withLock { $0.last } }
    }

    /// Reads `url` until its state is one of a failure, which it must come to; bounded.
    private func failure(_ url: String, _ local: LocalAddresses) throws -> StreamStatus {
        let sink = Sink()
        var settings = RTSPFleet.Settings()
        settings.localAddresses = local
        let fleet = RTSPFleet(settings: settings, sink: sink, meter: Meter())
        fleet.replace(with: [StreamSource(camera: "a", url: url)])
        for _ in 0..<1500 where ![.offline, .refused].contains(sink.last?.state) { Thread.sleep(forTimeInterval: 0.02) }
        fleet.stop()
        return try #require(sink.statuses.withLock { $0.first { [.offline, .refused].contains($0.state) } })
    }

    private func answer(_ head: String, _ status: String, _ line: String) -> AnsweringServer.Answer {
        let number = AnsweringServer.header("CSeq", in: head) ?? "0"
        return .bytes(Array("RTSP/1.0 \(status)\r\nCSeq: \(number)\r\n\(line)\r\n\r\n".utf8))
    }

    @Test(
        "addresses close to this machine are read as the setting says",
        arguments: ["127.0.0.1", "localhost", "127.1"]
    )
    func setting(host: String) throws {
        let camera = AnsweringServer { [self] in answer($0, "404 No", "X: y") }
        let refused = try failure("rtsp://\(host):\(camera.port)/a", .refuse)
        #expect(refused.state == .refused && refused.detail?.contains("ingest.local_addresses") == true)
        #expect(camera.requests.isEmpty)
        let asked = try failure("rtsp://\(host):\(camera.port)/a", .loopback)
        #expect(asked.detail?.contains("ingest.local_addresses") == false && !camera.requests.isEmpty)
        #expect(try failure("rtsp://169.254.0.1/a", .loopback).state == .refused)
    }

    @Test("a password does not follow a redirect to another port")
    func redirect() throws {
        let other = AnsweringServer { [self] in answer($0, "401 No", "WWW-Authenticate: Basic realm=\"x\"") }
        let port = other.port
        let camera = AnsweringServer { [self] in answer($0, "302 Moved", "Location: rtsp://127.0.0.1:\(port)/x") }
        let failure = try failure("rtsp://cam:TopSecret9@127.0.0.1:\(camera.port)/a", .loopback)
        #expect(failure.detail?.contains("127.0.0.1:\(port)") == true, "\(failure)")
        #expect(failure.detail?.contains("TopSecret9") == false)
        #expect(!other.requests.isEmpty)
        #expect(other.requests.allSatisfy { AnsweringServer.header("Authorization", in: $0) == nil })
    }
}
