import Flow
import Foundation
import TestSupport
import Testing

@testable import Ingest
@testable import RTSP

/// Cameras that fail at first, and are read once they have taught how.
@Suite(.ownThread) struct RTSPFleetLessonTests {
    private func run(
        _ camera: OddCamera,
        responseTimeout: Double,
        _ body: (Catch) async throws -> Void
    ) async throws {
        var settings = RTSPFleet.Settings()
        settings.readInterval = 0.1
        settings.responseTimeout = responseTimeout
        settings.life = CameraLifeSettings(
            connectWithin: 4 * responseTimeout,
            stalledAfter: 60,
            backoff: Backoff(base: 0.2, cap: 1)
        )
        let sink = Catch()
        let fleet = RTSPFleet(settings: settings, sink: sink, meter: Meter())
        fleet.replace(with: [StreamSource(camera: "odd", url: camera.url, pointClass: 1)])
        do {
            try await body(sink)
        } catch {
            Issue.record(error)
        }
        await withCheckedContinuation { continuation in
            Thread {
                fleet.stop()
                continuation.resume()
            }.start()
        }
        camera.stop()
    }

    @Test("no answer to DESCRIBE without OPTIONS before it: the second connection begins with that")
    func optionsFirst() async throws {
        let camera = OddCamera { request in
            request.method == "DESCRIBE" && !request.before.contains("OPTIONS") ? .silence : .ok
        }
        try await run(camera, responseTimeout: 1) { sink in
            try await sink.expect(60) { !$0.units("odd").isEmpty }
            #expect(camera.connections.map(\.first) == ["DESCRIBE", "OPTIONS"])
        }
    }

    @Test("the wait for an answer is the setting's: a camera that needs longer is read with a longer one only")
    func slowAnswer() async throws {
        let slow: @Sendable (OddCamera.Request) -> OddCamera.Answer = { request in
            if request.method == "DESCRIBE" { Thread.sleep(forTimeInterval: 3) }
            return .ok
        }
        let camera = OddCamera(answer: slow)
        try await run(camera, responseTimeout: 60) { sink in
            try await sink.expect(60) { !$0.units("odd").isEmpty }
            #expect(camera.connections.count == 1)
        }
        try await run(OddCamera(answer: slow), responseTimeout: 1) { sink in
            try await sink.expect(60) { $0.last("odd")?.state == .offline }
            #expect(sink.last("odd")?.detail?.contains("did not answer DESCRIBE within 1 s") == true)
        }
    }

    @Test("a description whose length is not told is taken when nothing more comes, on the first connection")
    func openDescription() async throws {
        let camera = OddCamera(tellsLength: false) { _ in .ok }
        try await run(camera, responseTimeout: 60) { sink in
            try await sink.expect(60) { !$0.units("odd").isEmpty }
            #expect(camera.connections.count == 1)
        }
    }

    @Test("a camera that hangs up on GET_PARAMETER is kept alive by OPTIONS from its second connection on")
    func hangsUpOnGetParameter() async throws {
        let camera = OddCamera(timeout: 10) { $0.method == "GET_PARAMETER" ? .hangUp : .ok }
        try await run(camera, responseTimeout: 10) { sink in
            try await sink.expect(120) { _ in
                camera.connections.count == 2 && camera.connections[1].count { $0 == "OPTIONS" } >= 2
            }
        }
    }

    @Test("454 to GET_PARAMETER while pictures come: OPTIONS, on the same connection")
    func answers454() async throws {
        let camera = OddCamera(timeout: 10) { $0.method == "GET_PARAMETER" ? .status("454 No", []) : .ok }
        try await run(camera, responseTimeout: 10) { sink in
            try await sink.expect(120) { _ in camera.connections.first?.count { $0 == "OPTIONS" } ?? 0 >= 2 }
            #expect(camera.connections.count == 1)
            #expect(camera.connections.first?.count { $0 == "GET_PARAMETER" } == 1)
        }
    }

    @Test("what one camera has taught is tried first with another one at the same place, and kept when it is changed")
    func book() throws {
        var book = LessonBook()
        func camera(_ id: String, _ url: String) throws -> FleetCamera {
            FleetCamera(
                source: StreamSource(camera: id, url: url),
                url: try RTSPURL(url),
                settings: CameraLifeSettings()
            )
        }
        let first = try camera("a", "rtsp://nvr/1")
        var taught = book.lessons(for: first)
        #expect(taught == CameraLessons())
        taught.failedLogins = 2
        book.learn(taught, from: first)
        #expect(book.lessons(for: first).failedLogins == 2)
        #expect(book.lessons(for: try camera("a", "rtsp://nvr/2")).failedLogins == 0, "another address")
        #expect(book.lessons(for: try camera("b", "rtsp://nvr/2")) == CameraLessons(), "another password")
        book.keep(cameras: { $0 != "a" }, hosts: ["nvr:554"])
        #expect(book.lessons(for: first).failedLogins == 0)
    }

    @Test("hosts are forgotten with their cameras, and beyond the bound the one that has taught longest ago")
    func hosts() throws {
        var book = LessonBook()
        func camera(_ host: Int) throws -> FleetCamera {
            let url = "rtsp://h\(host)/1"
            return FleetCamera(
                source: StreamSource(camera: "c\(host)", url: url),
                url: try RTSPURL(url),
                settings: CameraLifeSettings()
            )
        }
        var taught = CameraLessons()
        taught.signOfLife = .options
        for host in 0..<LessonBook.mostHosts + 10 { book.learn(taught, from: try camera(host)) }
        #expect(book.hostCount == LessonBook.mostHosts)
        book.keep(cameras: { _ in false }, hosts: ["h0:554", "h500:554"])
        #expect(book.hostCount == 1)
        #expect(try book.lessons(for: camera(500)).signOfLife == .options)
        #expect(try book.lessons(for: camera(0)) == CameraLessons())
        #expect(try book.lessons(for: camera(501)) == CameraLessons())
    }
}
