import Flow
import Foundation
import Postgres
import Store
import Testing

@testable import Web

/// Wrong passwords: whoever guesses is slowed, whoever owns the account is not.
@Suite(.enabled(if: TestSite.isAvailable)) struct GuessTests {
    private static var behindProxy: WebSettings {
        var settings = WebSettings.test
        settings.trustedProxies = AddressRange.list("127.0.0.1") ?? []
        return settings
    }

    private static func logIn(
        _ site: TestSite,
        _ login: String,
        _ password: String = TestSite.password,
        from source: String,
        cookie: String? = nil
    ) async throws -> Answer {
        let headers = [
            ("X-Forwarded-For", source), ("Content-Type", "application/json"), ("Sec-Fetch-Site", "same-origin"),
        ]
        let body = try JSONSerialization.data(withJSONObject: ["login": login, "password": password])
        return try await site.client.send(
            "POST",
            "/api/v1/session",
            headers: headers + (cookie.map { [("Cookie", $0)] } ?? []),
            body: Array(body)
        )
    }

    @Test("a stranger behind the same proxy slows neither other names nor the owner at his own address")
    func proxy() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            for number in 0..<25 {
                let login = number < 8 ? "vera" : "nobody\(number)"
                let status = try await Self.logIn(site, login, "wrong", from: "203.0.113.9").status
                #expect(status == 401 || status == 429)
            }
            #expect(try await Self.logIn(site, "otto", from: "203.0.113.9").status == 429, "his address must wait")
            #expect(try await Self.logIn(site, "vera", from: "198.51.100.8").status == 201)
            #expect(try await Self.logIn(site, "otto", from: "198.51.100.8").status == 201)
        }
    }

    @Test("addresses of one network of IPv6 are one guesser, and another network is somebody else")
    func network() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            for number in 1...25 {
                _ = try await Self.logIn(site, "nobody\(number)", "wrong", from: "2001:db8:1:2::\(number)")
            }
            let peers = try await site.value("SELECT string_agg(DISTINCT peer, ' ') FROM login_failure")
            #expect(peers == "2001:db8:1:2::/64")
            #expect(try await Self.logIn(site, "otto", from: "2001:db8:1:2:3:4:5:6").status == 429)
            #expect(try await Self.logIn(site, "otto", from: "2001:db8:1:3::1").status == 201)
        }
    }

    @Test("who shares the address of a guesser waits seconds, and the guesser gets no more than twenty a minute")
    func sharedAddress() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            try await site.pool.query(
                "INSERT INTO login_failure (login, peer) SELECT 'n' || n, '192.0.2.1' FROM generate_series(1, 20) n"
            )
            let refused = try await Self.logIn(site, "otto", from: "192.0.2.1")
            #expect(refused.status == 429 && ["1", "2", "3"].contains(refused.header("retry-after")))
            try await site.pool.query("UPDATE login_failure SET failed_at = failed_at - interval '3 seconds'")
            #expect(try await Self.logIn(site, "ghost", "wrong", from: "192.0.2.1").status == 401)
            #expect(try await Self.logIn(site, "otto", from: "192.0.2.1").status == 429, "the turn was taken")
            try await site.pool.query("UPDATE login_failure SET failed_at = failed_at - interval '3 seconds'")
            #expect(try await Self.logIn(site, "otto", from: "192.0.2.1").status == 201)
        }
    }

    @Test("a login name whose characters are made of thousands of marks is a wrong name, not a broken database")
    func marks() async throws {
        try await TestSite.with { site in
            var random = SystemRandomNumberGenerator()
            let marks = (0..<20_000).compactMap { _ in
                Unicode.Scalar(UInt32(0x300) + UInt32.random(in: 0..<0x6f, using: &random))
            }
            let name = "a" + String(String.UnicodeScalarView(marks))
            #expect(name.count == 1)
            #expect(try await site.logIn(name).status == 401)
            let longest = try await site.value("SELECT max(length(login)) FROM login_failure")
            #expect(longest == "64")
        }
    }

    @Test("the fifth wrong password is the last that costs nothing: then each wait is twice the one before, and ends")
    func slowed() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            let pass = { (seconds: Int) in
                _ = try await site.pool.query(
                    "UPDATE login_failure SET failed_at = failed_at - make_interval(secs => $1)",
                    [.int(seconds)]
                )
            }
            for login in ["vera", "ghost"] {
                for _ in 0..<5 { #expect(try await Self.logIn(site, login, "wrong", from: "192.0.2.1").status == 401) }
                for wait in [5, 10, 20, 40] {
                    for _ in 0..<2 {
                        let refused = try await Self.logIn(site, login, from: "192.0.2.1")
                        #expect(refused.status == 429 && refused.header("retry-after") == "\(wait)")
                        #expect((refused.json["detail"] as? String)?.contains("稍等") == true)
                    }
                    try await pass(wait)
                    #expect(try await Self.logIn(site, login, "wrong", from: "192.0.2.1").status == 401)
                }
                try await pass(80)
                let right = try await Self.logIn(site, login, from: "192.0.2.1").status
                #expect(right == (login == "vera" ? 201 : 401), "also a name that does not exist is slowed")
                try await site.pool.query("DELETE FROM login_failure")
            }
        }
    }

    @Test("a browser that has logged in before is let in while a stranger at its address guesses its name")
    func knownDevice() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            let first = try await Self.logIn(site, "vera", from: "192.0.2.1")
            let mark = try #require(
                first.headers.filter { $0.name == "set-cookie" }.map(\.value).first { $0.hasPrefix("gw_device=") }
            )
            let cookie = String(try #require(mark.split(separator: ";").first))
            for number in 0..<30 {
                _ = try await Self.logIn(site, number < 8 ? "vera" : "n\(number)", "wrong", from: "192.0.2.1")
            }
            #expect(try await Self.logIn(site, "vera", from: "192.0.2.1").status == 429)
            #expect(try await Self.logIn(site, "vera", from: "192.0.2.1", cookie: cookie).status == 201)
            #expect(try await Self.logIn(site, "otto", from: "192.0.2.1", cookie: cookie).status == 429, "not its own")
            for _ in 0..<5 {
                #expect(try await Self.logIn(site, "vera", "wrong", from: "192.0.2.1", cookie: cookie).status == 401)
            }
            #expect(
                try await Self.logIn(site, "vera", from: "192.0.2.1", cookie: cookie).status == 429,
                "whoever holds the mark is slowed like everybody"
            )
        }
    }

    @Test("a name that many addresses guess is tried by strangers in turns of ten seconds")
    func everybody() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            try await site.pool.query(
                "INSERT INTO login_failure (login, peer) SELECT 'vera', '192.0.2.' || n FROM generate_series(1, 60) n"
            )
            let refused = try await Self.logIn(site, "vera", from: "198.51.100.1")
            #expect(refused.status == 429 && refused.header("retry-after") == "10")
            #expect(try await Self.logIn(site, "otto", from: "198.51.100.1").status == 201)
            try await site.pool.query("UPDATE login_failure SET failed_at = failed_at - interval '10 seconds'")
            #expect(try await Self.logIn(site, "vera", from: "198.51.100.1").status == 201)
        }
    }

    @Test(
        "the last address that our own proxies did not add is believed, and what stands before it is not",
        arguments: [
            ("127.0.0.1", "203.0.113.9", "203.0.113.9"), ("127.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
            ("127.0.0.1", "203.0.113.9, 10.0.0.3, 10.0.0.2", "203.0.113.9"), ("127.0.0.1", "10.0.0.3", "10.0.0.3"),
            ("127.0.0.1", "203.0.113.9:4711", "203.0.113.9"), ("127.0.0.1", "[2001:DB8::1]:443", "2001:db8::1"),
            ("127.0.0.1", "x\u{0}y", "127.0.0.1"), ("127.0.0.1", "203.0.113.9, unknown", "127.0.0.1"),
            ("198.51.100.1", "203.0.113.9", "198.51.100.1"), ("::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ]
    )
    func forwarded(peer: String, header: String, visitor: String) {
        let settings = WebSettings(trustedProxies: AddressRange.list("127.0.0.1, 10.0.0.0/8") ?? [])
        #expect(settings.visitor(connected: peer, forwarded: header) == visitor)
        #expect(settings.visitor(connected: peer, forwarded: nil) == (peer.contains("127") ? "127.0.0.1" : peer))
    }

    @Test("three hundred logins at once: all are answered, and a person who works is served meanwhile")
    func flood() async throws {
        try await TestSite.with(Self.behindProxy) { site in
            let vera = try await site.browser("vera")
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        try await Self.logIn(site, "nobody", "wrong", from: "10.9.\(number / 200).\(number % 200)")
                            .status
                    }
                }
                for _ in 0..<5 { #expect(try await vera.get("/api/v1/cases").status == 200) }
                return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
            }
            #expect(statuses.isSubset(of: [401, 429, 503]))
        }
    }

    @Test("who may read goes on reading while the database takes no changes, and a login is told so")
    func readOnly() async throws {
        try await TestSite.with { site in
            let vera = try await site.browser("vera")
            try await site.pool.query("UPDATE session SET seen_at = now() - interval '5 minutes'")
            let name = try #require(try await site.value("current_database()"))
            try await site.pool.query("ALTER DATABASE \(name) SET default_transaction_read_only = on")
            // Sessions that are open keep their setting.
            _ = try? await site.pool.query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            _ = try? await site.pool.query("SELECT pg_terminate_backend(pg_backend_pid())")
            var answer = try await site.logIn("vera")
            for _ in 0..<20 where answer.json["detail"] == nil { answer = try await site.logIn("vera") }
            #expect(answer.status == 503)
            #expect((answer.json["detail"] as? String)?.contains("只能读取") == true)
            #expect(try await vera.get("/api/v1/cases").status == 200)
        }
    }
}
