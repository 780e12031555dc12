import Flow
import Ingest
import Synchronization
import Testing

@testable import Pipeline

/// Which way each camera goes, told what the readers say.
@Suite struct TransportRouterTests {
    /// A router on a clock that stands still, and where it has put the cameras last.
    private final class Site: Sendable {
        let split = Mutex(TransportRouter.Split())
        let router: TransportRouter

        init(_ transport: RTSPTransport = .automatic) {
            router = TransportRouter(transport, clocks: Clocks(wall: { .zero }, monotonic: { 0 }))
        }

        func replace(_ urls: [String: String], patrol: Set<String> = []) {
            let sources = urls.map { camera, url in
                var source = StreamSource(camera: camera, url: url)
                source.patrolSessions = patrol.contains(camera) ? 2 : nil
                return source
            }
            router.replace(with: sources) { split in self.split.withLock { $0 = split } }
        }

        @discardableResult
        func fleet(_ camera: String, _ state: StreamState, _ failure: CameraFailure? = nil) -> Bool {
            let status = StreamStatus(camera: camera, state: state, since: .zero, reconnects: 0, failure: failure)
            return router.fleetSaid(status) { split in self.split.withLock { $0 = split } }
        }

        func poolFails(_ camera: String) {
            let status = StreamStatus(camera: camera, state: .offline, since: .zero, detail: "no", reconnects: 0)
            router.poolSaid(status) { split in self.split.withLock { $0 = split } }
        }

        var overTCP: [String] { split.withLock { $0.fleet.map(\.camera).sorted() } }
        var overUDP: [String] { split.withLock { $0.pool.filter(\.overUDP).map(\.camera).sorted() } }
    }

    private let both = ["a": "rtsp://h/a", "b": "RTSP://h/b", "file": "/clip.mp4"]

    @Test(
        "cameras begin over TCP; one that does not send that way goes over UDP, and stays there while it gives pictures"
    )
    func moves() {
        let site = Site()
        site.replace(both)
        #expect(site.overTCP == ["a", "b"] && site.overUDP.isEmpty)
        #expect(site.fleet("b", .refused, .otherTransport))
        #expect(site.overTCP == ["a"] && site.overUDP == ["b"])
        site.replace(both)
        #expect(site.overUDP == ["b"], "the registry was read once more")
        for _ in 0..<10 {
            site.poolFails("b")
            site.poolFails("b")
            site.router.poolGave("b")
        }
        #expect(site.overUDP == ["b"])
    }

    @Test("when UDP fails again and again, or the address changes, it begins anew over TCP")
    func back() {
        let site = Site()
        site.replace(both)
        site.fleet("b", .refused, .otherTransport)
        for _ in 0..<3 { site.poolFails("b") }
        #expect(site.overTCP == ["a", "b"])
        #expect(site.fleet("b", .refused, .otherTransport))
        site.replace(["a": "rtsp://h/a", "b": "rtsp://h/other"])
        #expect(site.overTCP == ["a", "b"])
    }

    @Test("one that agrees to TCP and sends nothing is tried over UDP; one that has sent is not, and few at once are")
    func silent() {
        let site = Site()
        let many = Dictionary(uniqueKeysWithValues: (0..<40).map { ("c\($0)", "rtsp://h/\($0)") })
        site.replace(many)
        site.fleet("c0", .connecting)
        site.fleet("c0", .online)
        #expect(!site.fleet("c0", .stalled, .silent))
        for index in 1..<40 {
            site.fleet("c\(index)", .connecting)
            site.fleet("c\(index)", .stalled, .silent)
        }
        #expect(site.overUDP.count == 16)
        let first = site.overUDP[0]
        for _ in 0..<3 { site.poolFails(first) }
        site.fleet(first, .connecting)
        #expect(!site.fleet(first, .stalled, .silent), "not again so soon")
    }

    @Test("other failures, patrols and a setting move nobody")
    func stays() {
        let site = Site()
        site.replace(both, patrol: ["b"])
        #expect(!site.fleet("a", .refused, .unauthorized) && !site.fleet("b", .refused, .otherTransport))
        #expect(site.overTCP == ["a", "b"])
        let tcp = Site(.tcp)
        tcp.replace(both)
        #expect(!tcp.fleet("a", .refused, .otherTransport) && tcp.overTCP == ["a", "b"])
        let udp = Site(.udp)
        udp.replace(both)
        #expect(udp.overTCP.isEmpty && udp.overUDP.contains("a"))
    }
}
