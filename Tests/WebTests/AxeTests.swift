import Foundation
import HTTPTypes
import Postgres
import Testing

@testable import Web

/// The checker of accessibility.
enum Axe {
    /// Where `deploy/prerequisites test` puts it; it is not ours, so it is not in the repository.
    static let script: String? = {
        let variables = ProcessInfo.processInfo.environment
        let cache = variables["XDG_CACHE_HOME"] ?? (variables["HOME"] ?? "/root") + "/.cache"
        return try? String(contentsOfFile: "\(cache)/gridwatch/axe.min.js", encoding: .utf8)
    }()
}

/// Every page before axe-core, the checker that browsers' own tools use: names, labels, contrast, roles.
@Suite(
    .enabled(if: TestSite.isAvailable && Chromium.path != nil && Axe.script != nil, "deploy/prerequisites test")
)
struct AxeTests {
    /// What it found, one line each: page, impact, rule, first elements.
    private static let run = """
        for (const fold of document.querySelectorAll('details')) fold.open = true;
        axe.run(document, { resultTypes: ['violations'] }).then((result) => {
          window.axeFound = result.violations.filter((one) => ['moderate', 'serious', 'critical'].includes(one.impact))
            .map((one) => `${one.impact} ${one.id}: ` + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | '))
            .join('\\n') || 'nothing';
        }); 'started'
        """

    @Test("no page has a moderate, serious or critical violation, on a desktop or a phone, with all that unfolds")
    func pages() async throws {
        let script = try #require(Axe.script)
        try await TestSite.with { site in
            try await TestSite.$shared.withValue(site) { try await LiveSite.OperationsTests.makeTrouble(site) }
            let (id, open) = try await site.makeTask()
            let (_, accepted) = try await site.makeTask(camera: "cam-4")
            _ = try await site.browser("wang").send("POST", "/api/v1/tasks/\(accepted)/accept")
            let (withdrawn, over) = try await site.makeTask()
            _ = try await site.browser("olga").send("POST", "/api/v1/cases/\(withdrawn)/reject", ["reason": "light"])
            try await site.pool.query("UPDATE hazard_case SET severity = 1 + id % 4")
            try await site.pool.query(
                "UPDATE camera_state SET state = 'blind', reason = 'damaged 40', detail = 'x' WHERE camera_id = 'cam-4'"
            )
            let root = "http://127.0.0.1:\(site.client.port)"
            let visits: [(String?, [String])] = [
                (
                    "boss",
                    [
                        "/cases", "/cases/\(id)", "/cameras", "/cameras/cam-4", "/tasks", "/tasks/\(open)", "/map",
                        "/operations",
                        "/accounts", "/account", "/tuner", "/tuner?camera=cam-4", "/nowhere",
                        "/cases?state=all&stage=dispatch", "/cases?q=nothing", "/cases/\(withdrawn)",
                        "/tasks?state=finished", "/map?level=4",
                    ]
                ),
                (
                    "wang",
                    [
                        "/tasks", "/tasks/\(open)", "/tasks/\(accepted)", "/tasks/\(over)", "/tasks?state=finished",
                        "/cases", "/cases/\(id)", "/cameras", "/cameras/cam-4", "/map", "/account",
                    ]
                ),
                (nil, ["/login"]),
            ]
            let visited = visits.flatMap(\.1).map { String($0.prefix { $0 != "?" }) }
            for route in try await LiveSite.AccessTests.routes(site) where Self.isPage(route) {
                let beginning = String(route.path.prefix { $0 != "{" })
                let isVisited = visited.contains {
                    route.path == $0 || beginning != route.path && $0.hasPrefix(beginning)
                }
                #expect(isVisited, "\(route.path) is a page that nobody looks at")
            }
            for (login, paths) in visits {
                var visitor = Browser(client: site.client, cookie: "gw_language=zh")
                if let login { visitor = try await site.browser(login) }
                try await Chromium.with(visitor) { browser in
                    for (width, height) in [(1440, 900), (390, 844)] {
                        try await browser.resize(width: width, height: height, isPhone: width < 900)
                        for path in paths {
                            if login == nil {
                                try await browser.open(root + path)
                            } else {
                                try await browser.visit(root + path)
                            }
                            _ = try await browser.evaluate(script + "; 'read'")
                            _ = try await browser.evaluate(Self.run)
                            try await browser.wait(for: "window.axeFound")
                            let found = try await browser.evaluate("window.axeFound")
                            #expect(found == "nothing", "\(path) for \(login ?? "nobody") at \(width): \(found)")
                        }
                    }
                }
            }
        }
    }

    /// Whether a route shows a page of its own: not the API, not a file, not a way to another page.
    private static func isPage(_ route: Route) -> Bool {
        let others = ["/api/", "/assets/", "/evidence/", "/language/", "/healthz", "/readyz", "/metrics"]
        return route.method == .get && route.path != "/" && !others.contains { route.path.hasPrefix($0) }
    }
}
