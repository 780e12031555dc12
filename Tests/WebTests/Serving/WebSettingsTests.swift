import Daemon
import Flow
import Foundation
import Postgres
import Replay
import Settings
import TestSupport
import Testing

@testable import Web

/// Settings of the web server, each with two values that make a difference, over HTTP.
@Suite(.enabled(if: TestSite.isAvailable)) struct WebSettingsTests {
    private func withSite(_ values: [String: String], _ body: (TestSite) async throws -> Void) async throws {
        var settings = WebSettings(try DaemonSettings.with(values).web)
        settings.port = 0
        settings.reportLife = 0
        try await TestSite.with(settings, body)
    }

    /// Days that a session of a login lives at most.
    private func life(_ site: TestSite, _ login: String) async throws -> Int {
        #expect(try await site.logIn(login).status == 201)
        let sql = """
            SELECT round(extract(epoch FROM max(s.expires_at) - now()) / 86400)::int FROM session s
            JOIN account a ON a.id = s.account_id WHERE a.login = $1
            """
        return try #require(try await site.value(sql, [.text(login)]).flatMap { Int($0) })
    }

    private func isIn(_ site: TestSite, idleMinutes: Int) async throws -> Bool {
        let browser = try await site.browser("olga")
        try await site.pool.query(
            "UPDATE session SET seen_at = now() - make_interval(mins => $1)",
            [.int(idleMinutes)]
        )
        return try await browser.get("/api/v1/session").status == 200
    }

    private func metrics(_ site: TestSite) async throws -> Int {
        try await site.client.send("GET", "/metrics", headers: [("Via", "1.1 proxy")]).status
    }

    @Test("sessions, cookies and metrics as the settings come")
    func defaults() async throws {
        try await withSite([:]) { (site) async throws in
            #expect(try await site.logIn("olga").sessionCookie?.hasPrefix("gw_session=") == true)
            #expect(try await metrics(site) == 403)
            #expect(try await life(site, "wang") == 14)
            #expect(try await isIn(site, idleMinutes: 100))
        }
    }

    @Test(
        "web.public_url, web.metrics_open, web.session_days, web.session_idle_minutes: the same with others of each"
    )
    func others() async throws {
        let values = [
            "web.public_url": "https://gridwatch.example.cn", "web.metrics_open": "true", "web.session_days": "3",
            "web.session_idle_minutes": "30",
        ]
        try await withSite(values) { (site) async throws in
            let answer = try await site.logIn("olga")
            #expect(answer.sessionCookie?.hasPrefix("__Host-gw_session=") == true)
            #expect(answer.headers.filter { $0.name == "set-cookie" }.allSatisfy { $0.value.contains("Secure") })
            #expect(try await metrics(site) == 200)
            #expect(try await life(site, "wang") == 3)
            let token = SessionToken()
            let add = """
                INSERT INTO session (token_hash, account_id, expires_at, seen_at)
                SELECT $1, id, now() + interval '1 hour', now() - make_interval(mins => $2) FROM account
                WHERE login = 'olga'
                """
            for (minutes, status) in [(20, 200), (40, 401)] {
                try await site.pool.query("DELETE FROM session")
                try await site.pool.query(add, [.bytes(token.hash), .int(minutes)])
                let browser = Browser(client: site.client, cookie: "__Host-gw_session=\(token.text)")
                #expect(try await browser.get("/api/v1/session").status == status, "\(minutes) minutes")
            }
        }
    }

    @Test(
        "web.trusted_proxies: whose word counts on where somebody comes from",
        arguments: [("10.0.0.0/8", "192.0.2.1"), ("", "10.1.2.3")]
    )
    func proxies(value: String, visitor: String) throws {
        let settings = WebSettings(try DaemonSettings.with(["web.trusted_proxies": value]).web)
        #expect(settings.visitor(connected: "10.1.2.3", forwarded: "192.0.2.1") == visitor)
    }

    @Test("a clock that was set back makes nobody wait for what is still to come")
    func clockSetBack() async throws {
        try await withSite([:]) { (site) async throws in
            try await site.pool.query(
                """
                INSERT INTO login_failure (login, peer, failed_at)
                SELECT 'olga', '127.0.0.1', now() + interval '1 day' FROM generate_series(1, 40)
                """
            )
            #expect(try await site.logIn("olga").status == 201)
            #expect(try await site.value("SELECT count(*) FROM login_failure WHERE failed_at > now()") == "0")
        }
    }
}

/// Settings of the database, and of the folders that the tuner works with.
@Suite struct DaemonSettingsTests {
    private static let conninfo = TestSite.conninfo

    @Test("database.url, database.url_file: whom the daemon asks", .enabled(if: TestSite.isAvailable))
    func url() async throws {
        func name(_ values: [String: String]) async throws -> String? {
            let daemon = DaemonContext(settings: try .with(values), label: "test")
            let name = try await daemon.database.query("SELECT current_database() AS name").rows[0]["name"]
            await daemon.database.close()
            return name
        }
        let own = "web_settings_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let server = PostgresPool(conninfo: Self.conninfo, size: 1)
        try await server.query("CREATE DATABASE \(own)")
        let file = FileManager.default.temporaryDirectory.appending(path: own)
        try Data("\(Self.conninfo) dbname=\(own)\n".utf8).write(to: file)
        #expect(try await name(["database.url": Self.conninfo]) != own)
        #expect(try await name(["database.url": "\(Self.conninfo) dbname=\(own)"]) == own)
        #expect(try await name(["database.url_file": file.path]) == own)
        try FileManager.default.removeItem(at: file)
        try await server.query("DROP DATABASE \(own) WITH (FORCE)")
        await server.close()
    }

    @Test(
        "database.pool_size: so many connections are there at once",
        .enabled(if: TestSite.isAvailable),
        arguments: [1, 3]
    )
    func pool(size: Int) async throws {
        let settings = try DaemonSettings.with(["database.url": Self.conninfo, "database.pool_size": "\(size)"])
        let daemon = DaemonContext(settings: settings, label: "test")
        let database = daemon.database
        var failure: PostgresError?
        do {
            // The second of them is asked for while the first is held.
            try await database.withConnection { first in
                try await first.query("SELECT 1")
                try await database.withConnection { try await $0.query("SELECT 1") }
            }
        } catch {
            failure = error as? PostgresError
        }
        await database.close()
        #expect((failure?.code == .timedOut) == (size == 1), "\(String(describing: failure))")
    }

    @Test(
        "database.statement_timeout_s: a statement that takes longer is stopped",
        .enabled(if: TestSite.isAvailable),
        arguments: [("0.2", true), ("60", false)]
    )
    func timeout(value: String, isStopped: Bool) async throws {
        let settings = try DaemonSettings.with(["database.url": Self.conninfo, "database.statement_timeout_s": value])
        let daemon = DaemonContext(settings: settings, label: "test")
        var failure: PostgresError?
        do {
            try await daemon.database.query("SELECT pg_sleep(1)")
        } catch {
            failure = error as? PostgresError
        }
        await daemon.database.close()
        #expect((failure?.isStatementTimeout == true) == isStopped, "\(String(describing: failure))")
    }

    @Test("storage.clips, storage.labels: what can be tried at /tuner")
    func footage() throws {
        let streams = TunerTests.root + "/sample-streams"
        func list(_ values: [String: String]) throws -> [TrialFootage.Item] {
            try Tuner(.with(values.merging(["storage.directory": "/nonexistent"]) { $1 })).trials.footage.list()
        }
        #expect(try list([:]).isEmpty)
        let beside = try list(["storage.clips": streams])
        #expect(beside.count >= 12 && !beside.contains(where: \.isLabelled), "the labels lie in a folder of their own")
        let labelled = try list(["storage.clips": streams, "storage.labels": streams + "/labels"])
        #expect(labelled.count == beside.count && labelled.contains(where: \.isLabelled))
    }

    @Test("storage.recordings_max_mb: recordings may take so much", arguments: [("0", true), ("64", false)])
    func recordings(value: String, isFull: Bool) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let recorder = try Tuner(
            .with([
                "storage.recordings_max_mb": value, "storage.directory": folder, "ingest.local_addresses": "any",
            ])
        ).recorder
        #expect(recorder.start("cam", url: TunerTests.root + "/sample-streams/river-day.mp4", seconds: 5))
        while recorder.status(of: "cam")?.isRunning == true { try await Task.sleep(for: .milliseconds(50)) }
        let problem = try #require(recorder.status(of: "cam")).problem
        #expect((problem != nil) == isFull, "\(problem ?? "")")
    }
}
