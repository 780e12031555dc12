import Flow
import Foundation
import Logging
import Postgres
import Store
import Testing

@testable import Web

/// A running server over a database of its own, with a small county in it.
///
/// Grids: street 1 → community 2 → small 3 → micro 4 and 5; another street 6 → 7 → 8 → micro 9. Posts: `micro4`,
/// `small3`, `micro9` and a maintenance unit without a grid.
struct TestSite: Sendable {
    static let password = "Sturm-und-Drang-9"
    static let conninfo = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"] ?? ""
    static var isAvailable: Bool { !conninfo.isEmpty }
    /// Hashing as cheap as can be: in a debug build the real cost takes seconds.
    static let cost = PasswordHash.Cost(logRounds: 4, blockSize: 8, parallelism: 1)
    /// The site of the suite that runs.
    @TaskLocal static var shared: TestSite?

    let pool: PostgresPool
    let client: HTTPClient
    let evidence: URL

    static var current: TestSite {
        get throws { try #require(shared, "no site: the suite needs the trait .site") }
    }

    /// Runs `body` with a site.
    static func with(
        _ settings: WebSettings = .test,
        _ body: (TestSite) async throws -> Void
    ) async throws {
        let name = "gridwatch_web_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let server = PostgresPool(conninfo: conninfo, size: 1)
        try await server.query("CREATE DATABASE \(name)")
        let pool = PostgresPool(conninfo: "\(conninfo) dbname=\(name)", size: 6)
        let evidence = FileManager.default.temporaryDirectory.appending(path: name, directoryHint: .isDirectory)
        let result: Result<Void, any Error>
        do {
            try FileManager.default.createDirectory(at: evidence, withIntermediateDirectories: true)
            try await Migrations(pool: pool).migrate()
            try await pool.withConnection { try await $0.script(county) }
            result = .success(try await run(settings, pool, evidence, body))
        } catch {
            result = .failure(error)
        }
        try? FileManager.default.removeItem(at: evidence)
        await pool.close()
        try await server.query("DROP DATABASE \(name) WITH (FORCE)")
        await server.close()
        try result.get()
    }

    private static func run(
        _ settings: WebSettings,
        _ pool: PostgresPool,
        _ evidence: URL,
        _ body: (TestSite) async throws -> Void
    ) async throws {
        let (ports, announce) = AsyncStream.makeStream(of: Int.self)
        var logger = Logger(label: "web.test")
        logger.logLevel = .critical
        let server = WebServer(
            settings: settings,
            pool: pool,
            evidenceDirectory: evidence.path,
            tuner: TunerTests.tuner(evidence),
            meter: Meter(),
            health: { HealthReport(checks: [.init(name: "database", isReady: true, detail: "host db.example")]) },
            logger: logger,
            desk: AccountService(pool: pool, settings: settings, cost: cost),
            onListening: { announce.yield($0) }
        )
        let task = Task {
            defer { announce.finish() }
            try await server.run()
        }
        defer { task.cancel() }
        let port = await ports.first { _ in true }
        let site = TestSite(pool: pool, client: HTTPClient(port: try #require(port)), evidence: evidence)
        try await site.makeAccounts()
        try await body(site)
        task.cancel()
        _ = await task.result
    }

    private func makeAccounts() async throws {
        let hash = try PasswordHash(of: Self.password, cost: Self.cost).phc
        let accounts: [(String, String, String?)] = [
            ("boss", "admin", nil), ("olga", "operator", nil), ("otto", "operator", nil), ("vera", "viewer", nil),
            ("wang", "worker", "micro4"), ("wu", "worker", "micro9"), ("wen", "worker", "small3"),
            ("repair", "worker", "unit"),
        ]
        for (login, role, post) in accounts {
            try await pool.query(
                """
                INSERT INTO account (login, display_name, role, post_id, password_hash)
                VALUES ($1, upper($1), $2, (SELECT id FROM post WHERE code = $3), $4)
                """,
                [.text(login), .text(role), PostgresValue(post), .text(hash)]
            )
        }
    }

    /// A browser with a session that exists already, without the cost of a login.
    func browser(_ login: String) async throws -> Browser {
        let token = SessionToken()
        try await pool.query(
            """
            INSERT INTO session (token_hash, account_id, expires_at)
            SELECT $1, id, now() + interval '1 hour' FROM account WHERE login = $2
            """,
            [.bytes(token.hash), .text(login)]
        )
        return Browser(client: client, cookie: "gw_session=\(token.text)")
    }

    /// A browser of nobody.
    var stranger: Browser { Browser(client: client, cookie: nil) }

    /// Logs in through the API.
    func logIn(_ login: String, _ password: String = TestSite.password) async throws -> Answer {
        try await stranger.send("POST", "/api/v1/session", ["login": login, "password": password])
    }

    /// One value of the database.
    func value(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> String? {
        try await pool.query("SELECT (\(sql))::text AS value", parameters).rows.first?["value"]
    }

    /// Makes a case at a camera with one alert and its picture.
    func makeCase(camera: String, hazard: String = "FNS-01", stage: String = "inspection") async throws -> Int {
        let id = try #require(try await value("nextval('case_seq')").flatMap { Int($0) })
        let path = "2026/11/23/\(UUID().uuidString.lowercased()).jpg"
        let file = evidence.appending(path: path)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(Self.jpeg(id)).write(to: file)
        try await pool.query(
            """
            INSERT INTO hazard_case (id, number, hazard_type, severity, stage, camera_id, rule_id, grid_id, alert_count,
                opened_at, last_alert_at) OVERRIDING SYSTEM VALUE
            SELECT $1, $5, $2, 2, $3, cam.id, $6, cam.grid_id, 1, now(), now() FROM camera cam WHERE cam.id = $4
            """,
            [
                .int(id), .text(hazard), .text(stage), .text(camera),
                .text("43058120261123" + String(100_000 + id).dropFirst()), .text("rule-\(id)"),
            ]
        )
        try await pool.query(
            """
            INSERT INTO alert (id, camera_id, rule_id, kind, hazard_type, severity, auto_dispatch, started_at, stated_at,
                score, box, evidence_path, evidence_sha256, evidence_bytes, settings_version, case_id)
            VALUES (gen_random_uuid(), $1, $5, 'intrusion', $3, 2, false, now(), now(), 0.8, '{0.1,0.1,0.2,0.2}', $4,
                repeat('a', 64), 200, 'v1', $2)
            """,
            [.text(camera), .int(id), .text(hazard), .text(path), .text("rule-\(id)")]
        )
        return id
    }

    /// The address of a case's picture.
    func picture(ofCase id: Int) async throws -> String {
        let path = try await value("SELECT evidence_path FROM alert WHERE case_id = $1", [.int(id)])
        return "/evidence/" + (try #require(path))
    }

    /// Makes a case and gives its task to a post.
    func makeTask(camera: String = "cam-4", post: String = "micro4") async throws -> (case: Int, task: Int) {
        let id = try await makeCase(camera: camera)
        let postID = try await postID(post)
        let answer = try await browser("olga").send("POST", "/api/v1/cases/\(id)/dispatch", ["post_id": postID])
        try #require(answer.status == 200, "\(answer.text)")
        let task = try await value("SELECT max(id) FROM task WHERE case_id = $1", [.int(id)])
        return (id, try #require(task.flatMap { Int($0) }))
    }

    func postID(_ code: String) async throws -> Int {
        try #require(try await value("SELECT id FROM post WHERE code = $1", [.text(code)]).flatMap { Int($0) })
    }

    /// Bytes that begin like a JPEG and differ by `seed`.
    static func jpeg(_ seed: Int, size: Int = 400) -> [UInt8] {
        [0xff, 0xd8, 0xff, 0xe0] + (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) }
    }
}

extension WebSettings {
    /// A free port, and reports that are never older than the question.
    static var test: WebSettings {
        var settings = WebSettings(port: 0)
        settings.reportLife = 0
        return settings
    }
}

/// Starts a site around a suite, once.
struct SiteTrait: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test,
        testCase: Test.Case?,
        performing function: @Sendable () async throws -> Void
    ) async throws {
        try await TestSite.with { site in
            try await TestSite.$shared.withValue(site) { try await function() }
        }
    }
}

extension Trait where Self == SiteTrait {
    static var site: SiteTrait { SiteTrait() }
}

/// All tests over the running server share it, one after the other.
@Suite(.serialized, .enabled(if: TestSite.isAvailable), .site)
enum LiveSite {}
