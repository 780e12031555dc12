import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct MigrationsTests {
    private static let steps = [
        "0001_registry.sql", "0002_accounts.sql", "0003_cases.sql", "0004_ingest.sql", "0005_quality.sql",
        "0006_profiles.sql", "0007_budget.sql", "0008_scores.sql", "0009_score_basis.sql",
        "0010_people.sql", "0011_sight.sql", "0012_delivery.sql", "0013_evidence.sql",
        "0014_reasons.sql",
        "0015_transport.sql",
        "0016_bounded_pages.sql",
    ]

    @Test("an empty database is brought up to date once, then nothing is left to do")
    func migrate() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let migrations = Migrations(pool: database.pool)
            let before = try await migrations.status()
            #expect(!before.isUpToDate)
            #expect(before.lines.first == "missing  0001_registry.sql")
            #expect(try await database.value("to_regclass('schema_migration')") == nil)
            await #expect(throws: StoreError.self) { try await migrations.requireUpToDate() }
            let applied = try await migrations.migrate()
            #expect(applied == Self.steps)
            #expect(try await migrations.migrate().isEmpty)
            #expect(try await migrations.status().isUpToDate)
            try await migrations.requireUpToDate()
        }
    }

    @Test("a database that cannot hold all names is refused before anything is made in it, with what to do")
    func encoding() async throws {
        let name = "gridwatch_latin_" + TownTemplate.suffix()
        try await TownTemplate.server(
            "CREATE DATABASE \(name) ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
        )
        let pool = PostgresPool(conninfo: "\(StoreDatabase.server) dbname=\(name)", size: 1)
        let error = await #expect(throws: StoreError.self) { try await Migrations(pool: pool).migrate() }
        #expect(error?.message.contains("LATIN1") == true && error?.message.contains("ENCODING 'UTF8'") == true)
        let tables = try await pool.query("SELECT FROM pg_class WHERE relname = 'schema_migration'")
        #expect(tables.rows.isEmpty)
        await pool.close()
        try await TownTemplate.server("DROP DATABASE \(name) WITH (FORCE)")
    }

    @Test("several programs that migrate at once apply each step once")
    func concurrent() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await Migrations(pool: database.pool).migrate() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Self.steps)
        }
    }

    @Test("a database newer than the program, and a step that was changed, are refused by name")
    func refused() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let one = Migration(version: 1, name: "0001_one.sql", sql: "CREATE TABLE one (n int)")
            let two = Migration(version: 2, name: "0002_two.sql", sql: "CREATE TABLE two (n int)")
            try await Migrations(pool: database.pool, migrations: [one, two]).migrate()
            let older = Migrations(pool: database.pool, migrations: [one])
            let newer = await #expect(throws: StoreError.self) { try await older.migrate() }
            #expect(newer?.code == .incompatible)
            #expect(newer?.message.contains("0002_two.sql, newer than this program") == true)
            #expect(try await older.status().problem == newer?.message)
            let edited = Migration(version: 1, name: one.name, sql: one.sql + ";")
            let changed = await #expect(throws: StoreError.self) {
                try await Migrations(pool: database.pool, migrations: [edited, two]).migrate()
            }
            #expect(changed?.message.contains("0001_one.sql was changed") == true)
        }
    }

    @Test("a step that fails leaves nothing of itself and is named")
    func failing() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let broken = Migration(version: 1, name: "0001_x.sql", sql: "CREATE TABLE x (n int); SELECT 1/0;")
            let migrations = Migrations(pool: database.pool, migrations: [broken])
            let error = await #expect(throws: PostgresError.self) { try await migrations.migrate() }
            #expect(error?.message.contains("0001_x.sql") == true)
            let status = try await migrations.status()
            #expect(status.steps.map(\.appliedAt) == [nil])
            #expect(try await database.value("to_regclass('x')") == nil)
        }
    }

    @Test("files must be numbered without a gap")
    func numbering() throws {
        let sorted = try Migration.ordered([("0002_b.sql", "b"), ("0001_a.sql", "a")])
        #expect(sorted.map(\.version) == [1, 2])
        #expect(throws: StoreError.self) { _ = try Migration.ordered([("0001_a.sql", "a"), ("0003_c.sql", "c")]) }
        #expect(throws: StoreError.self) { _ = try Migration.ordered([("0001_a.sql", "")]) }
    }

    @Test("every table and every column says what it means")
    func comments() async throws {
        try await StoreDatabase.with { (database) async throws in
            let silent = try await database.pool.query(
                """
                SELECT c.relname || coalesce('.' || a.attname, '') AS name
                FROM pg_class c
                LEFT JOIN LATERAL (SELECT attname, attnum FROM pg_attribute
                    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped
                    UNION ALL SELECT NULL, 0) a ON true
                WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
                    AND NOT EXISTS (SELECT FROM pg_description d WHERE d.objoid = c.oid AND d.objsubid = a.attnum)
                """
            ).rows.compactMap { $0["name"] }
            #expect(silent.isEmpty)
            let tables = try await database.value("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
            #expect((Int(tables ?? "") ?? 0) > 15)
        }
    }

    @Test("a database with cameras, states, alerts and cases gets the ingest schema without losing any of them")
    func ingestOverData() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let all = try Migration.bundled()
            try await Migrations(pool: database.pool, migrations: Array(all.prefix(3))).migrate()
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    INSERT INTO hazard_type VALUES ('FNS-01', 'LOCAL', 'FNS', '水', 'Water', 2, 60, false);
                    INSERT INTO camera (id, name, enabled, stream_url, sub_stream_url) VALUES
                        ('a', 'A', true, 'rtsp://user:secret@10.0.0.1:554/main', NULL),
                        ('b', 'B', true, 'rtsp://10.0.0.1/main', 'rtsp://NVR.local:8554/sub?x=1@2'),
                        ('c', 'C', true, '', NULL), ('d', 'D', false, 'rtsp://10.0.0.1/d', ''), ('e', 'E', true,
                        '/srv/clip.mp4', NULL);
                    INSERT INTO camera_state (camera_id, state, since) VALUES ('a', 'online', now());
                    INSERT INTO hazard_case (number, hazard_type, severity, stage, opened_at, last_alert_at)
                        VALUES ('4305812026080400001', 'FNS-01', 2, 'inspection', now(), now());
                    INSERT INTO alert (id, camera_id, rule_id, kind, hazard_type, severity, auto_dispatch, started_at,
                        stated_at, score, box, settings_version, case_id)
                        SELECT gen_random_uuid(), 'a', 'r', 'intrusion', 'FNS-01', 2, false, now(), now(), 0.5,
                            '{0,0,1,1}', '1', n FROM (VALUES (1), (NULL)) AS v (n);
                    """
                )
            }
            #expect(try await Migrations(pool: database.pool).migrate() == Array(Self.steps.dropFirst(3)))
            let cameras = try await database.pool.query("SELECT * FROM camera ORDER BY id").rows
            #expect(cameras.map { $0["watched"] } == ["t", "t", "f", "f", "t"])
            #expect(cameras.map { $0["stream_host"] } == ["10.0.0.1", "nvr.local", nil, "10.0.0.1", nil])
            // MD5 of "a" begins with 0c.
            #expect(try cameras[0].int("shard") == 0x0c)
            #expect(try await database.value("SELECT state FROM camera_state WHERE late_count = 0") == "online")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE NOT late AND NOT orphan") == "2")
            let shards = try await database.value(
                "SELECT count(*) FROM ingest_shard WHERE worker_id IS NULL AND epoch = 0"
            )
            #expect(shards == "256")
        }
    }
}
