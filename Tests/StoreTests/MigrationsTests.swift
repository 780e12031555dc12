import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct MigrationsTests {
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
            #expect(applied == ["0001_registry.sql", "0002_accounts.sql", "0003_cases.sql"])
            #expect(try await migrations.migrate().isEmpty)
            #expect(try await migrations.status().isUpToDate)
            try await migrations.requireUpToDate()
        }
    }

    @Test("several programs that migrate at once apply each step once")
    func concurrent() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let applied = try await withThrowingTaskGroup(of: [String].self) { group in
                for _ in 0..<4 { group.addTask { try await Migrations(pool: database.pool).migrate() } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == ["0001_registry.sql", "0002_accounts.sql", "0003_cases.sql"])
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
}
