import Foundation
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
        axe.run(document, { resultTypes: ['violations'] }).then((result) => {
          window.axeFound = result.violations.filter((one) => ['serious', 'critical'].includes(one.impact))
            .map((one) => `${one.impact} ${one.id}: ` + one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | '))
            .join('\\n') || 'nothing';
        }); 'started'
        """

    @Test("no page has a serious or critical violation, on a desktop or a phone")
    func pages() async throws {
        let script = try #require(Axe.script)
        try await TestSite.with { site in
            try await TestSite.$shared.withValue(site) { try await LiveSite.OperationsTests.makeTrouble(site) }
            let (id, open) = try await site.makeTask()
            let (_, accepted) = try await site.makeTask(camera: "cam-4")
            _ = try await site.browser("wang").send("POST", "/api/v1/tasks/\(accepted)/accept")
            try await site.pool.query("UPDATE hazard_case SET severity = 1 + id % 4")
            let root = "http://127.0.0.1:\(site.client.port)"
            let visits: [(String?, [String])] = [
                (
                    "boss",
                    [
                        "/cases", "/cases/\(id)", "/cameras", "/cameras/cam-4", "/tasks", "/tasks/\(open)", "/map",
                        "/operations",
                        "/accounts", "/account", "/tuner", "/nowhere",
                    ]
                ),
                (
                    "wang",
                    ["/tasks", "/tasks/\(open)", "/tasks/\(accepted)", "/cases", "/cases/\(id)", "/cameras", "/map"]
                ),
                (nil, ["/login"]),
            ]
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
}
