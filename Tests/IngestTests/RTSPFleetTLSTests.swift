import Flow
import Foundation
import Simulator
import Testing

@testable import Ingest

extension RTSPFleetTests {
    /// Plays a camera behind TLS.
    private func runTLS(verifies: Bool, _ body: (Catch) async throws -> Void) async throws {
        let folder = NSTemporaryDirectory() + "gridwatch-tls-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let farm = try farm(1)
        try await farm.start()
        let target = try #require(farm.urls().first.flatMap { URLComponents(string: $0)?.port })
        let proxy = try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread { continuation.resume(with: Result { try TLSProxy(to: target, folder: folder) }) }
        }
        var settings = settings()
        settings.verifiesCertificates = verifies
        try await run(
            farm,
            settings,
            change: { $0.url = $0.url.replacing("rtsp://127.0.0.1:\(target)", with: "rtsps://127.0.0.1:\(proxy.port)") }
        ) { sink, _, _ in
            try await body(sink)
        }
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                proxy.stop()
                continuation.resume()
            }
        }
    }

    @Test("a camera of rtsps plays through TLS, undamaged")
    func tls() async throws {
        try await runTLS(verifies: false) { sink in
            try await sink.expect(20) { $0.units("cam-0").count > 60 }
            #expect(sink.units("cam-0").allSatisfy { !$0.isDamaged && !$0.bytes.isEmpty })
            #expect(sink.states("cam-0") == [.connecting, .online])
        }
    }

    @Test("a camera of rtsps whose certificate nobody vouches for is not played, and the reason is told")
    func untrusted() async throws {
        try await runTLS(verifies: true) { sink in
            try await sink.expect(20) { $0.states("cam-0").contains(.offline) }
            #expect(sink.units("cam-0").isEmpty)
            let detail = sink.last("cam-0")?.detail ?? ""
            #expect(detail.contains("certificate"), "\(detail)")
        }
    }
}
