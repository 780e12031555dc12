import Foundation
import HTTPTypes
import Testing

@testable import Web

extension LiveSite {
    @Suite struct SiteTests {
        static let paths: [String] = [
            "/login", "/cases", "/map", "/cameras", "/cameras/cam-4", "/tasks", "/accounts", "/account", "/operations",
            "/nowhere",
            "/assets/app.js", "/api/v1/cases", "/healthz",
        ]

        @Test(
            "every answer carries the security headers, and no page has inline script or style",
            arguments: SiteTests.paths
        )
        func headers(path: String) async throws {
            let answer = try await TestSite.current.browser("boss").page(path)
            let policy = try #require(answer.header("content-security-policy"))
            #expect(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"))
            #expect(!policy.contains("unsafe"))
            #expect(answer.header("x-content-type-options") == "nosniff")
            #expect(answer.header("referrer-policy") == "no-referrer")
            #expect(answer.header("cache-control") != nil)
            #expect(answer.text.firstMatch(of: /<[^>]+ (style|on[a-z]+)="/) == nil)
            #expect(answer.text.firstMatch(of: /<script(?![^>]*src=)/) == nil)
        }

        @Test(
            "a change that another site makes a browser send is refused",
            arguments: [
                [("Sec-Fetch-Site", "cross-site")], [("Sec-Fetch-Site", "same-site")],
                [("Origin", "https://evil.example")],
                [("Origin", "null")], [("Sec-Fetch-Site", "cross-site"), ("Origin", "http://127.0.0.1")],
                [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://evil.example")],
                [("Origin", "http://127.0.0.1:1@evil.example")], [("Sec-Fetch-Site", "")],
            ]
        )
        func crossSite(headers: [(String, String)]) async throws {
            let site = try TestSite.current
            let browser = try await site.browser("olga")
            let cookie = [("Cookie", try #require(browser.cookie)), ("Content-Type", "application/json")]
            let answer = try await site.client.send("DELETE", "/api/v1/session", headers: cookie + headers)
            #expect(answer.status == 403)
            #expect(answer.json["code"] as? String == "cross-site")
            #expect(try await browser.get("/api/v1/session").status == 200)
        }

        @Test("an old browser that only says its origin, and a program that says nothing, may change")
        func sameSite() async throws {
            let site = try TestSite.current
            for headers in [[("Origin", "http://127.0.0.1:\(site.client.port)")], []] {
                let cookie = [("Cookie", try #require(try await site.browser("olga").cookie))]
                #expect(
                    try await site.client.send("DELETE", "/api/v1/session", headers: cookie + headers).status == 204
                )
            }
        }

        @Test("a method is what the request line says: no field or query makes it another")
        func methods() async throws {
            let site = try TestSite.current
            let olga = try await site.browser("olga")
            for name in ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"] {
                let path = "/api/v1/session?_method=DELETE"
                #expect(
                    try await site.client.send("GET", path, headers: olga.headers + [(name, "DELETE")]).status == 200
                )
            }
            #expect(try await olga.get("/api/v1/session").status == 200)
            for route in try await AccessTests.routes(site) where route.method == .get && !route.path.contains("{") {
                let path = route.path.replacing("**", with: "nothing")
                let head = try await site.client.send("HEAD", path, headers: olga.headers)
                #expect(head.status < 500 && head.body.isEmpty, "HEAD \(path)")
                for method in ["PATCH", "TRACE", "OPTIONS"] {
                    let status = try await site.client.send(method, path, headers: olga.headers).status
                    #expect([404, 405].contains(status), "\(method) \(path): \(status)")
                }
            }
        }

        @Test("a form of another type than JSON is refused, and a body that is too large or no JSON")
        func bodies() async throws {
            let site = try TestSite.current
            let client = site.client
            let path = "/api/v1/session"
            let form = Array("login=boss&password=x".utf8)
            let type = ("Content-Type", "application/x-www-form-urlencoded")
            #expect(try await client.send("POST", path, headers: [type], body: form).status == 415)
            let json = ("Content-Type", "application/json")
            #expect(try await client.send("POST", path, headers: [json], body: Array("{\"login\":".utf8)).status == 400)
            let large = [UInt8](repeating: 32, count: 70_000)
            #expect(try await client.send("POST", path, headers: [json], body: large).status == 413)
        }

        @Test(
            "no path leads out of the evidence directory or the assets",
            arguments: [
                "/evidence/../../../../etc/passwd", "/evidence/..%2f..%2f..%2fetc%2fpasswd", "/evidence//etc/passwd",
                "/evidence/%2e%2e/%2e%2e/etc/passwd", "/evidence/.hidden", "/evidence/tasks/1/..%5c..%5cx",
                "/evidence/2026/11/23/none.jpg", "/evidence/", "/assets/../strings/zh.json",
                "/assets/templates/layout.mustache",
                "/assets/..%2ftemplates/layout.mustache", "/assets/leaflet/../../../../etc/passwd",
            ]
        )
        func traversal(path: String) async throws {
            let answer = try await TestSite.current.browser("boss").get(path)
            #expect(answer.status == 404)
            #expect(!answer.text.contains("root:") && !answer.text.contains("{{"))
        }

        @Test("values of a query that no list offers are refused, and those of people are found literally")
        func queries() async throws {
            let site = try TestSite.current
            let boss = try await site.browser("boss")
            for query in ["severity=9", "state=odd", "grid=x", "overdue=2", "limit=100000", "q=%ff"] {
                #expect(try await boss.get("/api/v1/cases?\(query)").status == 400, "\(query)")
            }
            #expect(try await boss.get("/api/v1/cases?after=nonsense").status == 200)
            #expect(try await boss.get("/api/v1/cameras?q=%25").items.isEmpty, "a percent sign is no wildcard")
            #expect(try await boss.get("/api/v1/cameras?q=%E6%B2%B3%E8%BE%B9").items.count == 2)
            #expect(try await boss.get("/api/v1/cameras?q=1%27%20OR%20%271%27=%271").items.isEmpty)
            let long = String(repeating: "x", count: 3000)
            #expect(try await boss.get("/api/v1/cases?q=\(long)").status == 400)
        }

        @Test("pages of a list follow each other without gap or repetition")
        func paging() async throws {
            let site = try TestSite.current
            for _ in 0..<5 { _ = try await site.makeCase(camera: "cam-5") }
            let boss = try await site.browser("boss")
            for list in ["cases?camera=cam-5&", "cameras?"] {
                let all = try await boss.get("/api/v1/\(list)limit=200").items.map { "\($0["id"] ?? "")" }
                var seen: [String] = []
                var after: String?
                repeat {
                    let page = try await boss.get("/api/v1/\(list)limit=2" + (after.map { "&after=\($0)" } ?? ""))
                    seen += page.items.map { "\($0["id"] ?? "")" }
                    after = page.json["next"] as? String
                } while after != nil && seen.count < 100
                #expect(seen == all)
            }
        }

        @Test("pages say what there is, in the language that was chosen, and send strangers to the login")
        func pages() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            let boss = try await site.browser("boss")
            let list = try await boss.page("/cases?sort=opened&dir=desc").text
            #expect(list.contains("水域人员进入") && list.contains("/cases/\(id)\""))
            #expect(try await boss.page("/cameras").text.contains("滨江路&lt;1&gt;号"))
            let english = try await site.client.send(
                "GET",
                "/cases",
                headers: [
                    ("Cookie", "\(try #require(boss.cookie)); gw_language=en"), ("Accept", "text/html"),
                ]
            )
            #expect(english.text.contains("Person at water") && english.text.contains("lang=\"en\""))
            let stranger = try await site.stranger.page("/cases?state=all")
            #expect(stranger.status == 302 || stranger.status == 303)
            #expect(stranger.header("location") == "/login?back=%2Fcases%3Fstate%3Dall")
            let away = try await site.stranger.page("/language/en?back=%2F%2Fevil.example")
            #expect(away.header("location") == "/")
            #expect(try await boss.page("/nowhere").text.contains("404"))
        }

        @Test("a worker's pages show his tasks, with what he can do next")
        func workerPages() async throws {
            let site = try TestSite.current
            let (_, task) = try await site.makeTask()
            let wang = try await site.browser("wang")
            #expect(try await wang.page("/").header("location") == "/tasks")
            #expect(try await wang.page("/tasks").text.contains("/tasks/\(task)\""))
            #expect(try await wang.page("/tasks/\(task)").text.contains("/api/v1/tasks/\(task)/accept"))
            #expect(try await wang.send("POST", "/api/v1/tasks/\(task)/accept").status == 200)
            #expect(try await wang.page("/tasks/\(task)").text.contains("/api/v1/tasks/\(task)/handled"))
            #expect(try await wang.page("/accounts").status == 403)
        }

        @Test("health, readiness and metrics answer without a login, metrics on this machine only")
        func health() async throws {
            let stranger = try TestSite.current.stranger
            #expect(try await stranger.get("/healthz").status == 200)
            #expect(try await stranger.get("/readyz").json["ready"] as? Bool == true)
            let metrics = try await stranger.get("/metrics")
            #expect(metrics.status == 200 && metrics.text.contains("# TYPE gridwatch_web_streams gauge"))
            for sign in ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"] {
                let proxied = try await stranger.client.send("GET", "/metrics", headers: [(sign, "10.0.0.1")])
                #expect(proxied.status == 403, "\(sign)")
            }
        }

        @Test(
            "which parts work is for everybody, why is for this machine and the office",
            arguments: [(nil, false), ("wang", false), ("vera", true), ("olga", true)] as [(String?, Bool)]
        )
        func reasons(login: String?, sees: Bool) async throws {
            let site = try TestSite.current
            var elsewhere = site.client
            elsewhere.source = "127.0.0.9"
            var headers: [(String, String)] = []
            if let login { headers = try await site.browser(login).headers }
            let answer = try await elsewhere.send("GET", "/readyz", headers: headers)
            #expect(answer.json["ready"] as? Bool == true && answer.text.contains("database"))
            #expect(answer.text.contains("db.example") == sees)
            #expect(try await site.client.send("GET", "/readyz").text.contains("db.example"))
        }

        @Test("readiness is refused with the reason, and a secure site marks its cookie")
        func notReadyAndSecure() async throws {
            let report = HealthReport(checks: [
                .init(name: "database", isReady: false, detail: "no answer"), .init(name: "spool", isReady: true),
            ])
            #expect(!report.isReady)
            let settings = WebSettings(publicURL: "https://gridwatch.example.cn/")
            #expect(settings.isSecure && settings.publicAuthority == "gridwatch.example.cn")
            let cookie = SessionCookie(isSecure: true).set(SessionToken(), lifeSeconds: 60)
            #expect(cookie.hasPrefix("__Host-gw_session=") && cookie.hasSuffix("; Secure"))
        }

        @Test("an asset is served with a tag and not sent again when the browser has it")
        func assets() async throws {
            let client = try TestSite.current.client
            let first = try await client.send("GET", "/assets/app.css")
            let tag = try #require(first.header("etag"))
            #expect(first.status == 200 && first.header("content-type")?.hasPrefix("text/css") == true)
            #expect(try await client.send("GET", "/assets/app.css", headers: [("If-None-Match", tag)]).status == 304)
        }
    }
}
