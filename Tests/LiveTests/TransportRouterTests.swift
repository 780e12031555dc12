import Flow
import Foundation
import Ingest
import Logging
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Live

/// Cameras that move between the two readers, with servers that answer.
@Suite(.ownThread) struct TransportRouterTests {
    private final class Sink: StreamSink {
        let statuses = Mutex<[StreamStatus]>([])
        let units = Mutex<[String: Int]>([:])

        func accept(_ batches: [StreamBatch]) {
            units.withLock { units in
                for batch in batches { units[batch.camera, default: 0] += batch.units.count }
            }
        }

        func changed(_ status: StreamStatus) { statuses.withLock { $0.append(status) } }

        func last(_ camera: String) -> StreamStatus? { statuses.withLock { $0.last { $0.camera == camera } } }
    }

    /// A camera that says 461 to TCP, agrees to UDP, and whose packets never arrive.
    private func blocked() -> AnsweringServer {
        let description = [
            "v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=x", "c=IN IP4 0.0.0.0", "t=0 0", "m=video 0 RTP/AVP 96",
            "a=rtpmap:96 H264/90000",
            "a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkD,aM48gA==", "a=control:track", "",
        ].joined(separator: "\r\n")
        return AnsweringServer { head in
            let number = AnsweringServer.header("CSeq", in: head) ?? "0"
            var lines = ["RTSP/1.0 200 OK", "CSeq: \(number)", "Session: 4711"]
            var body = ""
            if head.hasPrefix("DESCRIBE") {
                body = description
                lines += ["Content-Type: application/sdp", "Content-Length: \(body.utf8.count)"]
            } else if head.hasPrefix("SETUP") {
                let wanted = AnsweringServer.header("Transport", in: head) ?? ""
                if wanted.contains("TCP") {
                    lines[0] = "RTSP/1.0 461 Unsupported Transport"
                } else {
                    let ports = wanted.split(separator: ";").first { $0.hasPrefix("client_port") } ?? ""
                    lines.append("Transport: RTP/AVP/UDP;unicast;\(ports);server_port=9-10")
                }
            }
            return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n" + body).utf8))
        }
    }

    private func stop(_ streams: Streams) async {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                streams.stop()
                continuation.resume()
            }
        }
    }

    @Test("a camera whose UDP is blocked is tried once, is back over TCP, and people read what to do")
    func udpBlocked() async throws {
        let camera = blocked()
        func setups(_ transport: String) -> Int {
            camera.requests.count { head in
                let wanted = AnsweringServer.header("Transport", in: head) ?? ""
                return head.hasPrefix("SETUP") && wanted.contains("TCP") == (transport == "TCP")
            }
        }
        var settings = DaemonSettings()
        settings.ingest.openTimeout = 2
        settings.ingest.readTimeout = 2
        let sink = Sink()
        let streams = Streams(settings, sink: sink, meter: Meter(), crumbs: nil)
        streams.replace(with: [StreamSource(camera: "a", url: "rtsp://127.0.0.1:\(camera.port)/a")])
        #expect(try await eventually { sink.last("a")?.failure == .udpBlocked })
        #expect(try await eventually { setups("TCP") == 2 })
        try await Task.sleep(for: .seconds(3))
        #expect(setups("UDP") == 1, "no try without a wait")
        #expect(sink.last("a")?.state == .refused && sink.last("a")?.detail?.contains("firewall") == true)
        await stop(streams)
    }

    @Test(
        "cameras of a platform that is visited and knows UDP only are read",
        .enabled(if: CameraSource.gstreamerUDP.isInstalled, "install gir1.2-gst-rtsp-server-1.0")
    )
    func patrol() async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let clip = checkout + "/sample-streams/river-day.mp4"
        let camera = try await CameraSource.gstreamerUDP.start(clip: clip, logger: logger)
        let sink = Sink()
        var settings = DaemonSettings()
        settings.ingest.reconnectBase = 0.5
        settings.ingest.reconnectCap = 2
        let streams = Streams(settings, sink: sink, meter: Meter(), crumbs: nil)
        // The server needs a moment until it listens; a visit that failed is repeated at the next interval only.
        for _ in 0..<10 where sink.units.withLock({ $0.count }) < 2 {
            streams.replace(with: [])
            streams.replace(
                with: ["a", "b"].map { name in
                    var source = StreamSource(camera: name, url: camera.url, pointClass: 1)
                    source.patrolSessions = 1
                    source.interval = 1
                    return source
                }
            )
            _ = try await eventually(seconds: 20) { sink.units.withLock { $0.count } == 2 }
        }
        #expect(
            try await eventually { sink.units.withLock { units in ["a", "b"].allSatisfy { units[$0] ?? 0 >= 2 } } }
        )
        #expect(streams.isOverUDP("a") && streams.isOverUDP("b"))
        #expect(sink.last("a")?.state == .patrol && sink.last("a")?.comesWhole == false)
        await stop(streams)
        await camera.stop()
    }
}
