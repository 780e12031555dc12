import Flow
import Foundation
import TestSupport
import Testing

@testable import Media

/// What cameras and their servers may make a reader do, with a server of the test's own in the place of the camera.
@Suite(.ownThread) struct InputGuardTests {
    private static let password = "TopSecret9"

    /// A transport stream of two seconds.
    private static func stream() throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: try Clips.pattern("plain.ts", Clips.h264))))
    }

    /// A server that asks everybody for a password, and whose stream nobody gets.
    private func asking() -> AnsweringServer {
        AnsweringServer { head in
            if head.hasPrefix("OPTIONS") || head.hasPrefix("DESCRIBE") {
                let number = AnsweringServer.header("CSeq", in: head) ?? "0"
                let lines = ["RTSP/1.0 401 No", "CSeq: \(number)", "WWW-Authenticate: Basic realm=\"x\""]
                return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
            }
            return .last(AnsweringServer.http(401, ["WWW-Authenticate: Basic realm=\"x\""]))
        }
    }

    private func playlist(_ segment: String) -> [UInt8] {
        let lines = ["#EXTM3U", "#EXT-X-TARGETDURATION:4", "#EXTINF:2,", segment, "#EXT-X-ENDLIST", ""]
        let body = Array(lines.joined(separator: "\n").utf8)
        return AnsweringServer.http(200, ["Content-Type: application/vnd.apple.mpegurl"], body)
    }

    /// Opens an address as a camera's; what went wrong, or nil.
    private func problem(
        _ url: String,
        _ local: LocalAddresses = .loopback,
        _ transport: Demuxer.RTSPTransport = .tcp
    ) -> MediaError? {
        do throws(MediaError) {
            _ = try Demuxer(url: url, options: Demuxer.Options(rtspTransport: transport, localAddresses: local)).next()
            return nil
        } catch {
            return error
        }
    }

    private func hasHeardPassword(_ server: AnsweringServer) -> Bool {
        server.requests.contains { AnsweringServer.header("Authorization", in: $0) != nil }
    }

    @Test(
        "a password stays with its host and port when HTTP or a playlist leads elsewhere",
        arguments: [302, 307, 200]
    )
    func passwordStays(status: Int) throws {
        let other = asking()
        let port = other.port
        let list = playlist("http://127.0.0.1:\(port)/x.ts")
        let camera = AnsweringServer { _ in
            .last(
                status == 200
                    ? list : AnsweringServer.http(status, ["Location: http://127.0.0.1:\(port)/x.ts"])
            )
        }
        let error = problem("http://cam:\(Self.password)@127.0.0.1:\(camera.port)/a.m3u8")
        #expect(error?.code == .openFailed)
        #expect(error?.message.contains("password") == true && error?.message.contains(Self.password) == false)
        #expect(!other.requests.isEmpty && !hasHeardPassword(other))
    }

    @Test(
        "a password stays with its host and port when RTSP leads elsewhere",
        arguments: [Demuxer.RTSPTransport.tcp, .udp]
    )
    func passwordStaysInRTSP(transport: Demuxer.RTSPTransport) {
        let other = asking()
        let port = other.port
        let camera = AnsweringServer { head in
            let number = AnsweringServer.header("CSeq", in: head) ?? "0"
            let isOptions = head.hasPrefix("OPTIONS")
            let lines =
                [isOptions ? "RTSP/1.0 200 OK" : "RTSP/1.0 302 Moved", "CSeq: \(number)"]
                + (isOptions ? [] : ["Location: rtsp://127.0.0.1:\(port)/other"])
            return .bytes(Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8))
        }
        let error = problem("rtsp://cam:\(Self.password)@127.0.0.1:\(camera.port)/a", .loopback, transport)
        #expect(error?.message.contains("stays with its own host and port") == true, "\(String(describing: error))")
        #expect(!other.requests.isEmpty && !hasHeardPassword(other))
    }

    @Test("a redirect and a playlist within the camera keep its password, and are read")
    func samePlace() throws {
        let stream = try Self.stream()
        let list = playlist("seg.ts")
        let camera = AnsweringServer { head in
            if head.hasPrefix("GET /first") { return .last(AnsweringServer.http(302, ["Location: /list.m3u8"])) }
            guard AnsweringServer.header("Authorization", in: head) != nil else {
                return .last(AnsweringServer.http(401, ["WWW-Authenticate: Basic realm=\"x\""]))
            }
            return .last(
                head.hasPrefix("GET /list") ? list : AnsweringServer.http(200, ["Content-Type: video/mp2t"], stream)
            )
        }
        #expect(problem("http://cam:\(Self.password)@127.0.0.1:\(camera.port)/first") == nil)
        #expect(camera.requests.contains { $0.hasPrefix("GET /seg.ts") })
    }

    @Test(
        "nothing leads to files, other kinds of addresses, the wire, or round and round",
        arguments: ["file:///etc/passwd", "http://169.254.169.254/x", "rtmp://127.0.0.1/x", "/again"]
    )
    func refusedRedirects(location: String) {
        let camera = AnsweringServer { _ in .last(AnsweringServer.http(302, ["Location: \(location)"])) }
        let error = problem("http://127.0.0.1:\(camera.port)/a")
        #expect(error?.code == .refused && error?.isRetriable == false, "\(String(describing: error))")
        #expect(camera.requests.count <= 8)
    }

    @Test(
        "a playlist names no files and nothing on the wire",
        arguments: ["file:///etc/hosts.ts", "http://169.254.1.1/x.ts"]
    )
    func refusedSegments(segment: String) {
        let list = playlist(segment)
        let camera = AnsweringServer { _ in .last(list) }
        let error = problem("http://127.0.0.1:\(camera.port)/a.m3u8")
        #expect(error?.code == .refused, "\(String(describing: error))")
    }

    @Test("addresses close to this machine are read as the setting says, names by what they lead to")
    func setting() throws {
        let stream = try Self.stream()
        let camera = AnsweringServer { _ in .last(AnsweringServer.http(200, ["Content-Type: video/mp2t"], stream)) }
        for host in ["127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"] {
            let before = camera.requests.count
            #expect(problem("http://\(host):\(camera.port)/a", .refuse)?.code == .refused)
            #expect(camera.requests.count == before, "nothing was sent")
        }
        #expect(problem("http://127.0.0.1:\(camera.port)/a", .loopback) == nil)
        let file = try Clips.pattern("plain.ts", Clips.h264)
        for url in [file, "file:" + file, "file://" + file, "FILE://" + file] {
            #expect(problem(url, .loopback)?.code == .refused, "\(url)")
        }
        #expect(problem(file, .any) == nil && problem("file://" + file, .any) == nil)
        #expect(problem("http://169.254.0.1:1/", .loopback)?.code == .refused)
    }

    @Test(
        "protocols that read other things are refused by name",
        arguments: [
            "concat:/etc/passwd", "subfile,,start,0,end,9,,:/etc/passwd", "data:text/plain,x", "pipe:0", "gopher://x/",
        ]
    )
    func protocols(url: String) {
        #expect(problem(url, .any)?.code == .refused || problem(url, .any)?.code == .openFailed)
        #expect(problem(url, .any)?.message.contains("not read") == true || url.hasPrefix("subfile"))
    }

    @Test("a script of other files is no recording, whatever its name")
    func scripts() throws {
        let other = try Clips.pattern("plain.ts", Clips.h264)
        let path = Clips.path("script.mp4")
        try Data("ffconcat version 1.0\nfile '\(URL(fileURLWithPath: other).lastPathComponent)'\n".utf8)
            .write(to: URL(fileURLWithPath: path))
        #expect(problem(path, .any)?.code == .openFailed)
    }
}
