import Foundation
import Postgres
import Store
import Testing

@testable import Web

extension LiveSite {
    @Suite struct LiveTests {
        @Test("a change reaches the stream of those who may see it")
        func delivery() async throws {
            let site = try TestSite.current
            let id = try await site.makeCase(camera: "cam-4")
            for login in ["olga", "wang"] {
                let browser = try await site.browser(login)
                let text = try await site.client.stream(
                    "/api/v1/events",
                    headers: browser.headers,
                    until: "\"live\":true",
                    act: {
                        try await site.pool.query("UPDATE hazard_case SET alert_count = 2 WHERE id = $1", [.int(id)])
                    },
                    then: "{\"kind\":\"case\",\"id\":\"\(id)\"}"
                )
                #expect(text.contains("text/event-stream") && text.contains("event: change"))
            }
        }

        @Test("a worker hears nothing of other grids")
        func filter() async throws {
            let site = try TestSite.current
            let (near, far) = (try await site.makeCase(camera: "cam-4"), try await site.makeCase(camera: "cam-9"))
            let secret = try await site.makeCase(camera: "cam-4", hazard: "JDFZ-01")
            let wang = try await site.browser("wang")
            let text = try await site.client.stream(
                "/api/v1/events",
                headers: wang.headers,
                until: "\"live\":true",
                act: {
                    for id in [far, secret, near] {
                        try await site.pool.query("UPDATE hazard_case SET alert_count = 3 WHERE id = $1", [.int(id)])
                    }
                },
                then: "\"id\":\"\(near)\""
            )
            #expect(!text.contains("\"id\":\"\(far)\"") && !text.contains("\"id\":\"\(secret)\""))
        }

        @Test("strangers get no stream, and an account not more than allowed")
        func bounds() async throws {
            let site = try TestSite.current
            #expect(try await site.stranger.get("/api/v1/events").status == 401)
            let parts = try await AccessTests.parts(site)
            let account = try #require(try await AccountStore(pool: site.pool).list().first)
            var held: [ChangeFeed.Subscription] = []
            for _ in 0..<WebSettings().maximumStreamsPerAccount { held.append(try await parts.feed.subscribe(account)) }
            await #expect(throws: WebError.self) { _ = try await parts.feed.subscribe(account) }
            held.removeLast()
            held.append(try await parts.feed.subscribe(account))
            parts.feed.close()
            await #expect(throws: WebError.self) { _ = try await parts.feed.subscribe(account) }
        }

        @Test(
            "a stream looks at once whether its session still lives when the account's sessions end",
            .timeLimit(.minutes(2)),
            arguments: ["logout", "disabled", "reset", "password"]
        )
        func endings(way: String) async throws {
            try await TestSite.with { site in
                let parts = try await AccessTests.parts(site)
                let list = try await AccountStore(pool: site.pool).list()
                let vera = try #require(list.first { $0.login == "vera" })
                let boss = try #require(list.first { $0.login == "boss" })
                let subscription = try await parts.feed.subscribe(vera)
                let other = try await parts.feed.subscribe(boss)
                var messages = subscription.messages.makeAsyncIterator()
                #expect(await messages.next() == .beat(isLive: false))
                let visitors = [vera, boss].map { AccountService.Visitor(account: $0, tokenHash: [1]) }
                switch way {
                case "logout": try await parts.desk.logOut(visitors[0])
                case "disabled": _ = try await parts.desk.setDisabled(true, account: vera.id, by: visitors[1])
                case "reset": _ = try await parts.desk.resetPassword(account: vera.id, by: visitors[1])
                default:
                    let new = "Kites-Over-The-River-7"
                    try await parts.desk.changePassword(of: visitors[0], from: TestSite.password, to: new)
                }
                // Nobody else gives a sign: the feed does not run.
                #expect(await messages.next() == .beat(isLive: false))
                parts.feed.close()
                var others = 0
                for await _ in other.messages { others += 1 }
                #expect(others == 1, "other accounts need not look")
            }
        }

        @Test("who goes from page to page holds one stream, not one of each page")
        func pageToPage() async throws {
            let site = try TestSite.current
            let cookie = try #require(try await site.browser("otto").cookie)
            let head = "GET /api/v1/events HTTP/1.1\r\nHost: a\r\nCookie: \(cookie)\r\n\r\n"
            for _ in 0..<(WebSettings().maximumStreamsPerAccount * 2) {
                let held = try await site.client.hold(Array(head.utf8))
                held.endSending()
                let text = try await held.rest()
                #expect(text.hasPrefix("HTTP/1.1 200 "), "\(text)")
            }
        }

        @Test("who asks for a stream's head only, however often, holds none")
        func heads() async throws {
            let site = try TestSite.current
            let olga = try await site.browser("olga")
            for _ in 0..<(WebSettings().maximumStreamsPerAccount * 2) {
                #expect(try await site.client.send("HEAD", "/api/v1/events", headers: olga.headers).status == 200)
            }
        }
    }
}
