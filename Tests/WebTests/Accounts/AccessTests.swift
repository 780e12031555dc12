import Flow
import Foundation
import HTTPTypes
import Logging
import Store
import Testing

@testable import Web

extension LiveSite {
    @Suite struct AccessTests {
        private static let logins: [AccountRole: String] = [
            .admin: "boss", .operate: "olga", .viewer: "vera", .worker: "wang",
        ]

        @Test("every route refuses strangers and every role that it is not for", arguments: AccountRole.allCases)
        func roleMatrix(role: AccountRole) async throws {
            let site = try TestSite.current
            let routes = try await Self.routes(site)
            #expect(routes.count > 48)
            let login = try #require(Self.logins[role])
            for route in routes where route.path != "/api/v1/events" {
                let path = Self.example(route.path)
                let stranger = try await site.stranger.send(route.method.rawValue, path)
                let known = try await site.browser(login).send(route.method.rawValue, path)
                switch route.access {
                case .open: #expect(known.status != 401 && known.status != 403, "\(route.method) \(path)")
                case .anySession:
                    #expect(stranger.status == 401, "\(route.method) \(path)")
                    #expect(known.status != 401 && known.status != 403, "\(route.method) \(path)")
                case .roles(let roles):
                    #expect(stranger.status == 401, "\(route.method) \(path)")
                    #expect((known.status == 403) == !roles.contains(role), "\(route.method) \(path) \(known.text)")
                }
            }
        }

        @Test("who may do what is what the roles say")
        func table() async throws {
            let routes = try await Self.routes(TestSite.current)
            func roles(_ method: String, _ path: String) -> RouteAccess? {
                routes.first { $0.method.rawValue == method && $0.path == path }?.access
            }
            for action in ["dispatch", "reject", "supervise", "rework", "approve"] {
                #expect(roles("POST", "/api/v1/cases/{id}/\(action)") == .roles([.admin, .operate]))
            }
            for action in ["accept", "photos", "handled", "false-alarm"] {
                #expect(roles("POST", "/api/v1/tasks/{id}/\(action)") == .roles([.worker]))
            }
            #expect(roles("GET", "/operations") == .roles([.admin, .operate, .viewer]))
            #expect(roles("GET", "/api/v1/operations") == .roles([.admin, .operate, .viewer]))
            for part in ["/quarantine/", "/platforms", "/sampling-overrides"] {
                let changes = routes.filter { $0.path.contains(part) }
                #expect(!changes.isEmpty && changes.allSatisfy { $0.access == .roles([.admin, .operate]) }, "\(part)")
            }
            for route in routes where route.path.contains("/accounts") { #expect(route.access == .roles([.admin])) }
            let open = routes.filter { $0.access == .open }.map(\.path).sorted()
            let expected = [
                "/api/v1/session", "/assets/**", "/healthz", "/language/{code}", "/login", "/metrics", "/readyz",
            ]
            #expect(open == expected)
        }

        @Test("a worker sees the cases, tasks, cameras and pictures of his grid and below, and nothing else")
        func workerSeesHisGrid() async throws {
            let site = try TestSite.current
            let (near, far) = (try await site.makeCase(camera: "cam-4"), try await site.makeCase(camera: "cam-9"))
            let wang = try await site.browser("wang")
            for (id, status) in [(near, 200), (far, 404)] {
                #expect(try await wang.get("/api/v1/cases/\(id)").status == status)
                #expect(try await wang.page("/cases/\(id)").status == status)
                #expect(try await wang.get(try await site.picture(ofCase: id)).status == status)
            }
            let ids = try await wang.get("/api/v1/cases?limit=200").items.compactMap { $0["id"] as? Int }
            #expect(ids.contains(near) && !ids.contains(far))
            #expect(try await wang.get("/api/v1/cases?grid=6").items.isEmpty, "a filter must not widen the view")
            #expect(try await wang.get("/api/v1/cameras").items.compactMap { $0["id"] as? String } == ["cam-4"])
            for (camera, status) in [("cam-4", 200), ("cam-5", 404), ("cam-9", 404), ("cam-lost", 404)] {
                #expect(try await wang.get("/api/v1/cameras/\(camera)").status == status)
                #expect(try await wang.page("/cameras/\(camera)").status == status)
            }
            #expect(try await wang.get("/api/v1/cameras/map").json["total"] as? Int == 1)
            #expect(try await wang.get("/api/v1/grids").items.compactMap { $0["id"] as? Int } == [4])
            let wen = try await site.browser("wen")
            #expect(
                try await wen.get("/api/v1/cameras").items.compactMap { $0["id"] as? String } == ["cam-4", "cam-5"]
            )
            #expect(try await wen.get("/api/v1/cases/\(near)").status == 200)
            let micros = try await wen.get("/api/v1/grids?level=4").items.compactMap { $0["id"] as? Int }
            #expect(micros == [4, 5], "grid 9 has a code like theirs, but another parent")
        }

        @Test("a post without a grid sees what was given to it, and nothing else")
        func postWithoutGrid() async throws {
            let site = try TestSite.current
            let (given, task) = try await site.makeTask(camera: "cam-9", post: "unit")
            let other = try await site.makeCase(camera: "cam-9")
            let repair = try await site.browser("repair")
            #expect(try await repair.get("/api/v1/tasks/\(task)").status == 200)
            #expect(try await repair.get("/api/v1/cases/\(given)").status == 200)
            #expect(try await repair.get(try await site.picture(ofCase: given)).status == 200)
            #expect(try await repair.get("/api/v1/cases/\(other)").status == 404)
            #expect(try await repair.get("/api/v1/cameras").items.isEmpty)
        }

        @Test(
            "restricted hazard types are for operators and administrators only",
            arguments: [("boss", true), ("olga", true), ("vera", false), ("wang", false)]
        )
        func restricted(login: String, sees: Bool) async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4", hazard: "JDFZ-01")
            let browser = try await site.browser(login)
            #expect(try await browser.get("/api/v1/cases/\(id)").status == (sees ? 200 : 404))
            #expect(try await browser.get(try await site.picture(ofCase: id)).status == (sees ? 200 : 404))
            let types = try await browser.get("/api/v1/hazard-types").items.compactMap { $0["code"] as? String }
            #expect(types.contains("JDFZ-01") == sees)
            let camera = try await browser.get("/api/v1/cameras/cam-4").json
            let kinds = (camera["alerts"] as? [[String: Any]] ?? []).compactMap { $0["case_id"] as? Int }
            #expect(kinds.contains(id) == sees)
        }

        @Test("no stream address leaves the server, not in a list, a detail or a page")
        func streamsAreSecret() async throws {
            let boss = try await TestSite.current.browser("boss")
            for path in ["/api/v1/cameras", "/api/v1/cameras/cam-4", "/api/v1/cameras/map"] {
                #expect(!(try await boss.get(path).text.contains("secret")))
            }
            #expect(!(try await boss.page("/cameras/cam-4").text.contains("secret")))
        }

        static func routes(_ site: TestSite) async throws -> [Route] { try await Self.parts(site).routes }

        static func parts(_ site: TestSite) async throws -> Site {
            try await Site(
                settings: WebSettings(),
                pool: site.pool,
                evidenceDirectory: site.evidence.path,
                meter: Meter(),
                health: { HealthReport(checks: []) },
                desk: AccountService(pool: site.pool, settings: WebSettings(), cost: TestSite.cost),
                tuner: TunerTests.tuner(site.evidence),
                logger: Logger(label: "test")
            )
        }

        private static func example(_ path: String) -> String {
            path.replacing("{id}", with: "999999").replacing("{code}", with: "zh").replacing("**", with: "nothing.js")
                .replacing("{camera}", with: "cam-none").replacing("{host}", with: "none.example")
                .replacing("{sha256}", with: "aa")
        }
    }
}
