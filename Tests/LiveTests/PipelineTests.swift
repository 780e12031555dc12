import Flow
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Settings
import Store
import TestSupport
import Testing

@testable import Live

/// A database of the test's own on the private server; nil where the environment names none.
struct TestDatabase {
    static let server = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"]

    let name = "pipeline_" + UUID().uuidString.lowercased().replacing("-", with: "").prefix(12)
    let conninfo: String

    static func make() async throws -> TestDatabase {
        let server = try #require(Self.server)
        let database = TestDatabase(server: server)
        let pool = PostgresPool(conninfo: server, size: 1)
        _ = try await pool.query("CREATE DATABASE \(database.name)")
        await pool.close()
        return database
    }

    private init(server: String) {
        let name = name
        conninfo = server.split(separator: " ").map { $0.hasPrefix("dbname=") ? "dbname=\(name)" : String($0) }
            .joined(separator: " ")
    }

    func drop() async throws {
        let pool = PostgresPool(conninfo: try #require(Self.server), size: 1)
        _ = try await pool.query("DROP DATABASE \(name) WITH (FORCE)")
        await pool.close()
    }
}

@Suite(.enabled(if: TestDatabase.server != nil)) struct PipelineTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// A registry with one small grid tree, one post, and cameras that the given URLs feed.
    private func fill(_ pool: PostgresPool, urls: [String]) async throws {
        _ = try await Migrations(pool: pool).migrate()
        let square = "ST_Multi(ST_MakeEnvelope(110.6, 26.7, 110.7, 26.8, 4326))"
        var parent = "NULL"
        for (level, code) in ["430581001", "430581001001", "430581001001001", "430581001001001001"].enumerated() {
            let sql = """
                INSERT INTO grid (code, name, level, parent_id, geom)
                VALUES ('\(code)', '网格\(level + 1)', \(level + 1), \(parent), \(square))
                """
            _ = try await pool.query(sql)
            parent = "(SELECT id FROM grid WHERE code = '\(code)')"
        }
        _ = try await pool.query(
            "INSERT INTO post (code, title, kind, grid_id) VALUES ('P1', '微网格长', 'micro_grid_leader', \(parent))"
        )
        _ = try await pool.query(
            """
            INSERT INTO account (login, display_name, role, post_id, password_hash)
            SELECT 'leader', '网格长', 'worker', id, '-' FROM post
            """
        )
        _ = try await pool.query(
            """
            INSERT INTO hazard_type (code, code_scheme, theme, name_zh, name_en, severity, handle_minutes)
            VALUES ('FNS-01', 'LOCAL', 'FNS', '危险水域人员进入', 'Person at dangerous water', 1, 60)
            """
        )
        let label = try Data(contentsOf: URL(fileURLWithPath: checkout + "/sample-streams/labels/river-day.json"))
        let object = try #require(try JSONSerialization.jsonObject(with: label) as? [String: Any])
        let rules = try #require(object["rules"] as? [[String: Any]])
        var rule = try #require(rules.first { $0["kind"] as? String == "intrusion" })
        rule["dispatch"] = "auto"
        let definition = String(decoding: try JSONSerialization.data(withJSONObject: rule), as: UTF8.self)
        for (index, url) in urls.enumerated() {
            _ = try await pool.query(
                """
                INSERT INTO camera (id, name, stream_url, geom, grid_id, mapping_method, enabled) VALUES
                ($1, '河边', $2, ST_SetSRID(ST_Point(110.65, 26.75), 4326), \(parent), 'point', true)
                """,
                [.text("cam-\(index)"), .text(url)]
            )
            _ = try await pool.query(
                "INSERT INTO camera_rule VALUES ($1, 'bank', 'FNS-01', $2::jsonb)",
                [.text("cam-\(index)"), .json(definition)]
            )
        }
    }

    private func settings(_ folder: Folder) -> DaemonSettings {
        var settings = DaemonSettings()
        settings.storage.directory = folder.path
        settings.storage.evidenceMinFreeMB = 1
        settings.ingest.ioThreads = 4
        settings.ingest.decode = .everyFrame
        settings.ingest.openTimeout = 3
        settings.ingest.readTimeout = 3
        return settings
    }

    private func pipeline(_ folder: Folder, _ pool: PostgresPool, _ meter: Meter = Meter()) throws -> Pipeline {
        try Pipeline(
            settings: settings(folder),
            place: ProcessPlace(node: "test", slot: 0, version: "0"),
            database: pool,
            meter: meter,
            logger: logger
        )
    }

    @Test(
        "a camera's stream over RTSP becomes one case with grid, evidence and a task, and a dead camera stays alone",
        arguments: CameraSource.allCases.filter(\.isInstalled)
    )
    func wholeWay(source: CameraSource) async throws {
        let database = try await TestDatabase.make()
        let folder = try Folder()
        let camera = try await source.start(clip: checkout + "/sample-streams/river-day.mp4", logger: logger)
        let pool = PostgresPool(conninfo: database.conninfo, size: 4)
        try await fill(pool, urls: [camera.url, "rtsp://127.0.0.1:1/dead"])
        let pipeline = try pipeline(folder, pool)
        let group = ServiceGroup(services: [pipeline], logger: logger)
        let running = Task { try await group.run() }

        let sql = """
            SELECT c.number, g.level, t.state, a.evidence_path FROM hazard_case c JOIN grid g ON g.id = c.grid_id
            JOIN task t ON t.case_id = c.id JOIN alert a ON a.case_id = c.id WHERE a.evidence_path IS NOT NULL
            """
        #expect(try await eventually(seconds: 90) { try await !pool.query(sql).rows.isEmpty })
        let row = try #require(try await pool.query(sql).rows.first)
        #expect(try row.int("level") == 4)
        #expect(try row.text("state") == "open")
        let picture = folder.path + "/evidence/" + (try #require(try row.text("evidence_path")))
        #expect(FileManager.default.fileExists(atPath: picture))
        let states = try await pool.query("SELECT camera_id, state, detail FROM camera_state ORDER BY 1").rows
        #expect(try states.first?.text("state") == "online")
        #expect(try states.last?.text("state") == "offline")
        _ = pipeline.silentLoops()
        #expect(try await eventually { pipeline.silentLoops().isEmpty }, "a worker that was asked gives a sign of life")

        await group.triggerGracefulShutdown()
        try await running.value
        await camera.stop()
        let open = try await pool.query("SELECT count(*) AS n FROM alert WHERE ended_at IS NULL").rows.first?.int("n")
        #expect(open == 0, "a graceful stop ends open alerts and delivers them")
        await pool.close()
        try await database.drop()
    }

    @Test(
        "a process that starts while the database is away watches what it watched before, and delivers when it is back"
    )
    func startFromCopy() async throws {
        let database = try await TestDatabase.make()
        let folder = try Folder()
        let camera = try await CameraSource.farm.start(clip: checkout + "/sample-streams/river-day.mp4", logger: logger)
        let pool = PostgresPool(conninfo: database.conninfo, size: 4)
        try await fill(pool, urls: [camera.url])
        let before = ServiceGroup(services: [try pipeline(folder, pool)], logger: logger)
        let first = Task { try await before.run() }
        let copy = folder.path + "/worker-0.fleet"
        #expect(
            try await eventually { (try? String(contentsOfFile: copy, encoding: .utf8))?.contains("cam-0") == true }
        )
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions] as? Int
        #expect(mode == 0o600, "it holds the passwords of cameras")
        await before.triggerGracefulShutdown()
        try await first.value
        let known = try await pool.query("SELECT count(*) AS n FROM alert").rows[0].requireInt("n")

        // Another process on another disk, which has only what this one knew.
        let later = try Folder()
        try FileManager.default.copyItem(atPath: copy, toPath: later.path + "/worker-0.fleet")
        // The server is there, but the way to it is not yet.
        let socket = try #require(database.conninfo.split(separator: " ").first { $0.hasPrefix("host=/") }).dropFirst(5)
        let away = PostgresPool(
            conninfo: database.conninfo.replacing("host=\(socket)", with: "host=\(later.path)/run"),
            size: 4
        )
        let meter = Meter()
        let second = try pipeline(later, away, meter)
        let group = ServiceGroup(services: [second], logger: logger)
        let running = Task { try await group.run() }
        func metric(_ name: String) -> Int { meter.samples().first { $0.name == name }?.value ?? 0 }
        #expect(try await eventually { metric("gridwatch_cameras_online") == 1 })
        #expect(try await eventually { metric("gridwatch_registry_age_seconds") > 0 })
        let said = "1 cameras are watched by what was known"
        #expect(try await eventually { second.health.current["registry"]?.contains(said) == true })
        #expect(try await eventually(seconds: 90) { metric("gridwatch_spool_rows") > 0 }, "alerts wait")

        try FileManager.default.createSymbolicLink(atPath: later.path + "/run", withDestinationPath: String(socket))
        #expect(try await eventually { second.health.current.isEmpty })
        #expect(try await eventually { metric("gridwatch_registry_age_seconds") == 0 })
        let cases = "SELECT count(*) AS n FROM alert WHERE case_id IS NOT NULL"
        #expect(try await eventually { try await pool.query(cases).rows[0].requireInt("n") > known })
        await group.triggerGracefulShutdown()
        try await running.value
        await camera.stop()
        await away.close()
        await pool.close()
        try await database.drop()
    }

    @Test("without a database the daemon runs, says so, and stops in order")
    func databaseAway() async throws {
        let folder = try Folder()
        let pool = PostgresPool(conninfo: "host=\(folder.path) dbname=nothing connect_timeout=1", size: 2)
        let pipeline = try pipeline(folder, pool)
        let group = ServiceGroup(services: [pipeline], logger: logger)
        let running = Task { try await group.run() }
        #expect(try await eventually { pipeline.health.current["registry"]?.contains("cannot be read") == true })
        await group.triggerGracefulShutdown()
        try await running.value
        await pool.close()
    }
}
