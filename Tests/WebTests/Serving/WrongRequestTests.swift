import Foundation
import HTTPTypes
import Postgres
import Store
import Testing

@testable import Web

extension LiveSite {
    /// Requests that are wrong in themselves: the sender's mistake, never the server's.
    @Suite struct WrongRequestTests {
        private static let head = "POST /api/v1/session HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"

        private static let texts: [(String, String)] = [
            (
                "a chunk size of 17 digits",
                head + "Transfer-Encoding: chunked\r\n\r\n" + String(repeating: "F", count: 17) + "\r\n"
            ),
            ("a chunk size that is no number", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
            ("a wrong chunk after a right one", head + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n-1\r\n\r\n"),
            ("an unknown transfer encoding", head + "Transfer-Encoding: gzip\r\n\r\n{}"),
            ("two transfer encodings", head + "Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"),
            (
                "a transfer encoding twice",
                head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
            (
                "a length beside chunks",
                head + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
            ),
            ("two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"),
            ("two equal lengths", head + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}"),
            ("a length below zero", head + "Content-Length: -2\r\n\r\n{}"),
            ("a length of 23 digits", head + "Content-Length: 99999999999999999999999\r\n\r\n{}"),
            ("two hosts", "GET /login HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
            ("no host", "GET /login HTTP/1.1\r\n\r\n"),
            ("a host with a blank", "GET /login HTTP/1.1\r\nHost: a b\r\n\r\n"),
            ("a host with a path", "GET /login HTTP/1.1\r\nHost: a/b\r\n\r\n"),
            ("no version", "GET /login\r\n\r\n"),
            ("an unknown method", "FOO /login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("a tunnel", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            ("TRACE", "TRACE /login HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
            (
                "a head of 40 KB",
                "GET /login HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "a", count: 40_000))\r\n\r\n"
            ),
            ("300 fields", "GET /login HTTP/1.1\r\nHost: a\r\n\(String(repeating: "X: a\r\n", count: 300))\r\n"),
            ("NUL in a field", "GET /login HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n"),
            ("a field over two lines", "GET /login HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n"),
            (
                "a path of 3,000 characters",
                "GET /\(String(repeating: "a", count: 3000)) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            ),
        ]

        static let raw: [String: [UInt8]] = {
            var all = Dictionary(uniqueKeysWithValues: texts.map { ($0.0, Array($0.1.utf8)) })
            let tls: [UInt8] = [0x16, 3, 1, 0, 0xa5, 1, 0, 0, 0xa1, 3, 3, 0x78, 0x78, 13, 10, 13, 10]
            all["TLS"] = tls
            let odd: [UInt8] = [0xff, 0xfe]
            all["a path that is no UTF-8"] =
                Array("GET /cameras/".utf8) + odd + Array(" HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
            let start = head + "Content-Length: 29\r\nConnection: close\r\n\r\n{\"login\":\""
            all["a body that is no UTF-8"] = Array(start.utf8) + odd + Array("\",\"password\":\"1\"}".utf8)
            return all
        }()

        @Test("what is not HTTP as it must be is the sender's mistake", arguments: WrongRequestTests.raw.keys.sorted())
        func malformed(name: String) async throws {
            let bytes = try #require(Self.raw[name])
            let answer = try await TestSite.current.client.raw(bytes)
            #expect((400..<500).contains(answer.status), "\(name): \(answer.status) \(answer.text)")
        }

        @Test("right requests that are rare are answered: HTTP/1.0 without a host, trailers, extensions of chunks")
        func rare() async throws {
            let client = try TestSite.current.client
            #expect(try await client.raw(Array("GET /healthz HTTP/1.0\r\n\r\n".utf8)).status == 200)
            for host in ["127.0.0.1:8080", "[::1]:8080", "gridwatch.example.cn", "localhost"] {
                let text = "GET /healthz HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
                #expect(try await client.raw(Array(text.utf8)).status == 200)
            }
            let body = #"{"login":"nobody","password":"x"}"#
            let chunked =
                Self.head + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
                + String(body.utf8.count, radix: 16) + ";a=b\r\n\(body)\r\n0\r\nX: y\r\n\r\n"
            #expect(try await client.raw(Array(chunked.utf8)).status == 401)
        }

        @Test("a body that breaks off is not taken for a whole one")
        func cut() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            let head =
                "POST /api/v1/tasks/\(task)/photos HTTP/1.1\r\nHost: a\r\nCookie: \(try #require(wang.cookie))\r\n"
                + "Content-Type: image/jpeg\r\nContent-Length: 900\r\n\r\n"
            do {
                let held = try await site.client.hold(Array(head.utf8) + TestPicture.png(3))
                held.endSending()
                #expect(try await held.rest().hasPrefix("HTTP/1.1 400 "))
            }
            let folder = site.evidence.appending(path: "tasks/\(task)").path
            #expect((try? FileManager.default.contentsOfDirectory(atPath: folder))?.isEmpty ?? true)
        }

        @Test("NUL in any text, also written as an escape, is refused, and an escaped backslash before it is not")
        func nul() async throws {
            let site = try TestSite.current
            for (login, status) in [("no\\u0000body", 400), ("no\\\\u0000body", 401), ("\\\\\\u0000", 400)] {
                let body = Array(#"{"login":"\#(login)","password":"x"}"#.utf8)
                let type = [("Content-Type", "application/json")]
                let answer = try await site.client.send("POST", "/api/v1/session", headers: type, body: body)
                #expect(answer.status == status, "\(login)")
            }
            try await site.pool.query("DELETE FROM login_failure")
        }

        private static let oddKeys = [
            "0", "-1", "2147483647", "2147483648", "9223372036854775807", "9223372036854775808",
            "99999999999999999999999999", "1e9", "0x10", "%00", "a%00b", "%ff%fe", "%E4%B8", "%", "'", "%22%3C",
            "..%2f..%2fx",
            "%D9%A1", String(repeating: "9", count: 400),
        ]
        private static let oddNames = [
            "id", "after", "limit", "state", "stage", "hazard", "severity", "grid", "camera", "q", "held_back",
            "overdue",
            "tag", "mapping", "level", "near_grid", "back", "at", "t", "days", "hours", "rule", "threshold", "sort",
        ]

        @Test("no route answers a key or a query that cannot be with a failure of its own")
        func oddValues() async throws {
            let site = try TestSite.current
            var failures: [String] = []
            var turn = 0
            for route in try await AccessTests.routes(site) where route.path != "/api/v1/events" {
                let browser = try await Self.browser(for: route, site)
                var paths: [String] = []
                if route.path.contains("{") || route.path.contains("**") {
                    paths = Self.oddKeys.map { route.path.replacing(/\{[a-z0-9]+\}|\*\*/, with: $0) }
                } else if route.method == .get {
                    // Each name with some of the values, others at the next route: all of them would take minutes.
                    for name in Self.oddNames {
                        for _ in 0..<4 {
                            turn += 1
                            paths.append("\(route.path)?\(name)=\(Self.oddKeys[turn % Self.oddKeys.count])")
                        }
                    }
                }
                for path in paths {
                    let status = try await Self.status(browser, route, path, route.method == .get ? nil : "{}")
                    if status >= 500 { failures.append("\(status) \(route.method) \(path.prefix(120))") }
                }
            }
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        }

        private static let oddValues = [
            "2147483648", "-1", "1e300", "99999999999999999999999", #""a\u0000b""#, #""\ud800""#, "\"\"", "null",
            "true",
            "[]", "{}", "[null]", #"[{"a":1}]"#, "\"\(String(repeating: "长", count: 3000))\"", "[2147483648]",
        ]
        private static let oddDocuments = ["", "null", "[]", "1", "{", "\"x\"", String(repeating: "[", count: 20_000)]

        @Test("no route answers a body with a value that cannot be with a failure of its own")
        func oddBodies() async throws {
            let site = try TestSite.current
            var failures: [String] = []
            var turn = 0
            for route in try await AccessTests.routes(site) where route.method != .get {
                guard route.path != "/api/v1/session" || route.method != .delete else { continue }
                let browser = try await Self.browser(for: route, site)
                var bodies = Self.oddDocuments
                for (key, _) in Self.usual {
                    for _ in 0..<4 {
                        turn += 1
                        let value = Self.oddValues[turn % Self.oddValues.count]
                        let fields = Self.usual.map { "\"\($0.0)\":\($0.0 == key ? value : $0.1)" }
                        bodies.append("{\(fields.joined(separator: ","))}")
                    }
                }
                for body in bodies {
                    let status = try await Self.status(browser, route, Self.plain(route.path), body)
                    if status >= 500 { failures.append("\(status) \(route.method) \(route.path) \(body.prefix(300))") }
                }
            }
            try await site.pool.query("DELETE FROM login_failure")
            #expect(failures.isEmpty, "\(failures.joined(separator: "\n"))")
        }

        private static func status(
            _ browser: Browser,
            _ route: Route,
            _ path: String,
            _ body: String?
        ) async throws -> Int {
            try await browser.client.send(
                route.method.rawValue,
                path,
                headers: browser.headers + [("Content-Type", "application/json")],
                body: Array((body ?? "").utf8)
            ).status
        }

        private static let usual: [(String, String)] = [
            ("login", "\"nobody\""), ("password", "\"x\""), ("current", "\"x\""), ("new", "\"Quartz-Lamp-7-fig\""),
            ("display_name", "\"N\""), ("role", "\"viewer\""), ("post_id", "1"), ("note", "\"n\""),
            ("reason", "\"light\""),
            ("photos", "[]"), ("host", "\"none.example\""), ("name", "\"n\""), ("patrol_sessions", "1"),
            ("camera", "\"cam-5\""),
            ("interval", "30"), ("schedule", "[]"), ("version", "1"), ("rules", "[]"), ("settings", "{}"),
            ("seconds", "10"),
        ]

        private static func plain(_ path: String) -> String {
            path.replacing("{camera}", with: "cam-none").replacing("{host}", with: "none.example")
                .replacing(/\{[a-z0-9]+\}/, with: "999999").replacing("**", with: "nothing")
        }

        private static func browser(for route: Route, _ site: TestSite) async throws -> Browser {
            if case .roles(let roles) = route.access, roles == [.worker] { return try await site.browser("wang") }
            return try await site.browser("boss")
        }
    }
}
