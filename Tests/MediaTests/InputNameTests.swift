import Flow
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import Media

/// Names of cameras: what was looked at is what is connected to, although FFmpeg would look a name up once more.
@Suite(.ownThread) struct InputNameTests {
    private static let password = "TopSecret9"

    private static func stream() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try Clips.pattern("plain.ts", Clips.h264))))
    }

    /// A resolver that knows one name: answers one after the other, the last one for ever.
    private func resolver(_ answers: [HostLookup]) -> @Sendable (String) -> HostLookup {
        let asked = Mutex(0)
        return { host in
            guard host == "camera.invalid" else { return HostLookup(host) }
            return asked.withLock { asked in
                defer { asked += 1 }
                return answers[min(asked, answers.count - 1)]
            }
        }
    }

    private func here(_ addresses: String...) -> HostLookup {
        HostLookup(place: .thisMachine, addresses: addresses)
    }

    /// Opens an address; what went wrong, or nil.
    private func problem(
        _ url: String,
        _ lookup: @escaping @Sendable (String) -> HostLookup,
        _ local: LocalAddresses = .loopback
    ) -> MediaError? {
        let options = Demuxer.Options(openTimeout: 5, localAddresses: local)
        do throws(MediaError) {
            let watch = IODeadline(interrupter: Interrupter())
            _ = try MediaInput(source: MediaSource(url: url), options: options, watch: watch, lookup: lookup)
            return nil
        } catch {
            return error
        }
    }

    private func rtsp(_ head: String, _ status: String, _ lines: [String] = []) -> AnsweringServer.Answer {
        let number = AnsweringServer.header("CSeq", in: head) ?? "0"
        let lines = ["RTSP/1.0 \(status)", "CSeq: \(number)"] + lines
        return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
    }

    @Test(
        "a name that means this machine when it is connected to is refused, and nothing is sent",
        arguments: ["http", "rtsp"]
    )
    func rebinding(scheme: String) {
        let local = AnsweringServer { _ in .last(AnsweringServer.http(200)) }
        let lookup = resolver([HostLookup(place: .elsewhere, addresses: ["203.0.113.1"]), here("127.0.0.1")])
        let error = problem("\(scheme)://camera.invalid:\(local.port)/a", lookup)
        #expect(error?.code == .refused, "\(String(describing: error))")
        #expect(local.requests.isEmpty)
    }

    @Test("what was found for a name is connected to, and the server still hears its name")
    func pinned() throws {
        let stream = try Self.stream()
        let camera = AnsweringServer { _ in .last(AnsweringServer.http(200, ["Content-Type: video/mp2t"], stream)) }
        #expect(problem("http://camera.invalid:\(camera.port)/a.ts", resolver([here("127.0.0.1")])) == nil)
        let head = try #require(camera.requests.first)
        #expect(AnsweringServer.header("Host", in: head) == "camera.invalid:\(camera.port)")
        #expect(
            problem("http://camera.invalid:\(camera.port)/a.ts", resolver([here("127.0.0.1")]), .refuse)?.code
                == .refused
        )
    }

    @Test("RTSP goes to what was found for a name")
    func pinnedRTSP() {
        let camera = AnsweringServer { [self] in rtsp($0, "404 Not Found") }
        let error = problem("rtsp://camera.invalid:\(camera.port)/a", resolver([here("127.0.0.1")]))
        #expect(error?.code == .openFailed && !camera.requests.isEmpty)
    }

    @Test("of several addresses the next one is tried when one cannot be connected to")
    func next() throws {
        let stream = try Self.stream()
        let camera = AnsweringServer { _ in .last(AnsweringServer.http(200, ["Content-Type: video/mp2t"], stream)) }
        let lookup = resolver([here("127.0.0.9", "127.0.0.1")])
        #expect(problem("http://camera.invalid:\(camera.port)/a.ts", lookup) == nil)
        let other = AnsweringServer { [self] in rtsp($0, "404 Not Found") }
        #expect(problem("rtsp://camera.invalid:\(other.port)/a", lookup) != nil)
        #expect(!other.requests.isEmpty)
    }

    @Test("a name that nobody knows is said, without its password")
    func unknown() {
        for scheme in ["http", "rtsp", "rtmp"] {
            let lookup = resolver([HostLookup(place: .elsewhere, addresses: [])])
            let error = problem("\(scheme)://cam:\(Self.password)@camera.invalid/a", lookup)
            #expect(error?.code == .openFailed && error?.isRetriable == true)
            #expect(error?.message.contains("camera.invalid is not known") == true, "\(String(describing: error))")
            #expect(error?.message.contains(Self.password) == false)
        }
    }

    @Test("playlist, segments and redirects of a named camera keep name and account")
    func samePlace() throws {
        let stream = try Self.stream()
        let lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:2,", "seg.ts", "#EXT-X-ENDLIST", ""]
        let list = Array(lines.joined(separator: "\n").utf8)
        let port = Mutex<UInt16>(0)
        let camera = AnsweringServer { head in
            if head.hasPrefix("GET /first") {
                let place = "camera.invalid:\(port.withLock { $0 })"
                return .last(AnsweringServer.http(302, ["Location: http://\(place)/list.m3u8"]))
            }
            guard AnsweringServer.header("Authorization", in: head) != nil else {
                return .last(AnsweringServer.http(401, ["WWW-Authenticate: Basic realm=\"x\""]))
            }
            let type = head.hasPrefix("GET /list") ? "application/vnd.apple.mpegurl" : "video/mp2t"
            return .last(
                AnsweringServer.http(200, ["Content-Type: \(type)"], head.hasPrefix("GET /list") ? list : stream)
            )
        }
        port.withLock { $0 = camera.port }
        let url = "http://cam:\(Self.password)@camera.invalid:\(camera.port)/first"
        #expect(problem(url, resolver([here("127.0.0.1")])) == nil)
        #expect(camera.requests.contains { $0.hasPrefix("GET /seg.ts") })
        for head in camera.requests {
            #expect(AnsweringServer.header("Host", in: head) == "camera.invalid:\(camera.port)", "\(head)")
        }
    }

    @Test("a server that sends its reader on to its own address and port keeps the account that its name was given")
    func ownAddress() {
        let port = Mutex<UInt16>(0)
        let camera = AnsweringServer { [self] head in
            if head.hasPrefix("OPTIONS") { return rtsp(head, "200 OK") }
            guard head.contains("/moved") else {
                return rtsp(head, "302 Moved", ["Location: rtsp://127.0.0.1:\(port.withLock { $0 })/moved"])
            }
            let isKnown = AnsweringServer.header("Authorization", in: head) != nil
            return rtsp(head, isKnown ? "404 Not Found" : "401 No", ["WWW-Authenticate: Basic realm=\"x\""])
        }
        port.withLock { $0 = camera.port }
        let url = "rtsp://cam:\(Self.password)@camera.invalid:\(camera.port)/a"
        _ = problem(url, resolver([here("127.0.0.1")]))
        #expect(
            camera.requests.contains { $0.contains("/moved") && AnsweringServer.header("Authorization", in: $0) != nil }
        )
    }

    @Test("the ways to an address: as written, by what was found, and by name only where a certificate stands for it")
    func ways() throws {
        func ways(_ url: String, _ lookup: HostLookup) throws -> [ConnectWay] {
            ConnectWay.all(to: url, try #require(MediaAddress(url)), lookup, name: nil)
        }
        let found = HostLookup(place: .elsewhere, addresses: ["10.0.0.7", "2001:db8::7"])
        let plain = try ways("http://u:p@cam.lan:8080/a?b#c", found)
        #expect(plain.map(\.text) == ["http://u:p@10.0.0.7:8080/a?b#c", "http://u:p@[2001:db8::7]:8080/a?b#c"])
        #expect(plain.allSatisfy { $0.options == ["headers": "Host: cam.lan:8080\r\n"] && !$0.isByName })
        let secure = try ways("https://cam.lan/a", found)
        #expect(secure.map(\.text) == ["https://cam.lan/a", "https://10.0.0.7/a", "https://[2001:db8::7]/a"])
        #expect(secure[0].options == ["tls_verify": "1"] && secure[0].isByName && !secure[1].isByName)
        #expect(try ways("crypto+http://cam.lan/k", found)[0].text == "crypto+http://10.0.0.7/k")
        let application = try ways("rtmp://cdn.lan/live/in/one", found)[0]
        #expect(application.text == "rtmp://10.0.0.7/live/in/one")
        #expect(application.options == ["rtmp_tcurl": "rtmp://cdn.lan/live/in"])
        #expect(try ways("rtmp://cdn.lan/live/one", found)[0].options["rtmp_tcurl"] == "rtmp://cdn.lan/live")
        #expect(try ways("rtsp://10.0.0.7/a", HostLookup("10.0.0.7")).map(\.text) == ["rtsp://10.0.0.7/a"])
        #expect(try ways("rtsp://nobody.lan/a", HostLookup(place: .elsewhere, addresses: [])).isEmpty)
    }
}
