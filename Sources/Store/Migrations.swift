import Foundation
public import Postgres

/// One numbered step of the schema, `Schema/NNNN_name.sql`.
struct Migration: Sendable, Hashable {
    let version: Int
    let name: String
    let sql: String

    /// The steps that this program carries, in order.
    ///
    /// - Throws: `StoreError` with `incompatible` when they are not where the program was installed.
    static func bundled() throws(StoreError) -> [Migration] {
        guard let folder = Bundle.module.url(forResource: "Schema", withExtension: nil),
            let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        else { throw StoreError(.incompatible, "the schema files are missing beside the program: install it again") }
        return try ordered(
            files.filter { $0.pathExtension == "sql" }.map { file in
                (file.lastPathComponent, (try? String(contentsOf: file, encoding: .utf8)) ?? "")
            }
        )
    }

    /// Reads the numbers of the file names and puts the files in order.
    static func ordered(_ files: [(name: String, sql: String)]) throws(StoreError) -> [Migration] {
        var migrations: [Migration] = []
        for (name, sql) in files.sorted(by: { $0.name < $1.name }) {
            let version = migrations.count + 1
            guard Int(name.prefix { $0 != "_" }) == version, !sql.isEmpty else {
                throw StoreError(.incompatible, "schema file \(name) is empty, or not number \(version) of the series")
            }
            migrations.append(Migration(version: version, name: name, sql: sql))
        }
        return migrations
    }
}

/// Brings the schema of a database up to what this program needs, forwards only.
///
/// Each step is one transaction under one lock, so several programs may start at once. Applied steps are remembered with
/// their SHA-256 in `schema_migration`.
public struct Migrations: Sendable {
    /// How a database stands.
    public struct Status: Sendable, Hashable {
        /// One step of the schema.
        public struct Step: Sendable, Hashable {
            /// File name, `NNNN_name.sql`.
            public let name: String
            /// When it was applied, microseconds since the Unix epoch; nil when it is missing.
            public let appliedAt: Int64?
        }

        /// All steps that this program or the database knows.
        public let steps: [Step]
        /// Why this program must not use the database; nil when it may.
        public let problem: String?

        /// True when nothing is missing and nothing is wrong.
        public var isUpToDate: Bool { problem == nil && steps.allSatisfy { $0.appliedAt != nil } }

        /// One line per step for a person, then the problem.
        public var lines: [String] {
            steps.map { "\($0.appliedAt == nil ? "missing" : "applied")  \($0.name)" } + (problem.map { [$0] } ?? [])
        }
    }

    private let pool: PostgresPool
    private let migrations: @Sendable () throws(StoreError) -> [Migration]

    /// Makes the migrations that this program carries.
    public init(pool: PostgresPool) {
        self.pool = pool
        self.migrations = Migration.bundled
    }

    init(pool: PostgresPool, migrations: [Migration]) {
        self.pool = pool
        self.migrations = { () throws(StoreError) in migrations }
    }

    /// Applies what is missing.
    ///
    /// - Returns: The file names of the steps that were applied now, in order.
    /// - Throws: `StoreError` with `incompatible` when the database is newer than this program or an applied step was
    ///   changed; `PostgresError` when a step fails: then that step and those after it are not applied.
    @discardableResult
    public func migrate() async throws -> [String] {
        let migrations = try migrations()
        try await transaction { connection in
            try await Self.requireUnicode(connection)
            try await connection.script(Self.table)
        }
        var applied: [String] = []
        for migration in migrations where try await apply(migration, of: migrations) { applied.append(migration.name) }
        return applied
    }

    /// Says how the database stands, and changes nothing.
    ///
    /// - Throws: `PostgresError`; `StoreError` when this program's own schema files are missing.
    public func status() async throws -> Status {
        let migrations = try migrations()
        return try await pool.withConnection { connection in
            let exists = try await connection.query("SELECT to_regclass('schema_migration') IS NOT NULL AS exists")
            let known = try exists.rows[0].requireBool("exists") ? try await Self.applied(connection) : []
            var steps = migrations.map { migration in
                Status.Step(name: migration.name, appliedAt: known.first { $0.version == migration.version }?.appliedAt)
            }
            steps += known.filter { $0.version > migrations.count }.map {
                .init(name: $0.name, appliedAt: $0.appliedAt)
            }
            do {
                try await Self.check(known, against: migrations, connection)
                return Status(steps: steps, problem: nil)
            } catch let error as StoreError {
                return Status(steps: steps, problem: error.message)
            }
        }
    }

    /// Refuses a database that this program must not use.
    ///
    /// - Throws: `StoreError` with `incompatible`, naming what is missing or wrong; `PostgresError`.
    public func requireUpToDate() async throws {
        let status = try await status()
        if let problem = status.problem { throw StoreError(.incompatible, problem) }
        let missing = status.steps.filter { $0.appliedAt == nil }.map(\.name)
        guard missing.isEmpty else {
            throw StoreError(
                .incompatible,
                "the database lacks \(missing.joined(separator: ", ")): run `gridwatch db migrate`"
            )
        }
    }

    private struct Applied: Sendable {
        let version: Int
        let name: String
        let sha256: String
        let appliedAt: Int64
    }

    private func transaction<R: Sendable>(_ body: @Sendable (PostgresConnection) async throws -> R) async throws -> R {
        try await pool.transaction { connection in
            // Any two numbers of our own: the lock that whoever changes the schema holds.
            try await connection.query("SELECT pg_advisory_xact_lock(430581, 1)")
            return try await body(connection)
        }
    }

    private func apply(_ migration: Migration, of all: [Migration]) async throws -> Bool {
        try await transaction { connection in
            let known = try await Self.applied(connection)
            try await Self.check(known, against: all, connection)
            if known.contains(where: { $0.version == migration.version }) { return false }
            do {
                try await connection.script(migration.sql)
            } catch let error as PostgresError {
                throw PostgresError(
                    error.code,
                    "schema step \(migration.name): \(error.message)",
                    sqlState: error.sqlState
                )
            }
            try await connection.query(
                """
                INSERT INTO schema_migration (version, name, sha256)
                VALUES ($1, $2, encode(sha256(convert_to($3, 'UTF8')), 'hex'))
                """,
                [.int(migration.version), .text(migration.name), .text(migration.sql)]
            )
            return true
        }
    }

    private static func applied(_ connection: PostgresConnection) async throws -> [Applied] {
        try await connection.query("SELECT version, name, sha256, applied_at FROM schema_migration ORDER BY version")
            .rows
            .map { row in
                Applied(
                    version: try row.requireInt("version"),
                    name: try row.requireText("name"),
                    sha256: try row.requireText("sha256"),
                    appliedAt: try row.requireTimestamp("applied_at")
                )
            }
    }

    private static func check(
        _ applied: [Applied],
        against migrations: [Migration],
        _ connection: PostgresConnection
    ) async throws {
        if let newer = applied.last, newer.version > migrations.count {
            throw StoreError(
                .incompatible,
                "the database is at schema step \(newer.name), newer than this program, which ends at "
                    + "\(migrations.last?.name ?? "none"): install the newer gridwatch"
            )
        }
        let hashes = try await connection.query(
            """
            SELECT encode(sha256(convert_to(sql, 'UTF8')), 'hex') AS sha256
            FROM unnest($1::text[]) WITH ORDINALITY AS u (sql, place) ORDER BY place
            """,
            [.textArray(migrations.map(\.sql))]
        ).rows.map { row in try row.requireText("sha256") }
        for step in applied where hashes[step.version - 1] != step.sha256 {
            throw StoreError(
                .incompatible,
                "schema step \(step.name) was changed after it had been applied to this database: "
                    + "put the file back as it was, and make the change in a new step"
            )
        }
    }

    /// Refuses a database that cannot hold what people and cameras are called, before it holds anything.
    private static func requireUnicode(_ connection: PostgresConnection) async throws {
        let row = try await connection.query(
            """
            SELECT current_setting('server_encoding') AS encoding, current_database() AS name,
                to_regclass('schema_migration') IS NULL AS is_new
            """
        ).rows[0]
        let encoding = try row.requireText("encoding")
        guard encoding != "UTF8", try row.requireBool("is_new") else { return }
        throw StoreError(
            .incompatible,
            "the database \(try row.requireText("name")) has the encoding \(encoding), which cannot hold all names: make it "
                + "anew with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"
        )
    }

    private static let table = """
        CREATE TABLE IF NOT EXISTS schema_migration (
            version    integer PRIMARY KEY,
            name       text NOT NULL,
            sha256     text NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        );
        COMMENT ON TABLE schema_migration IS 'Steps of the schema that this database has';
        COMMENT ON COLUMN schema_migration.version IS 'Number of the step, from 1';
        COMMENT ON COLUMN schema_migration.name IS 'File that it came from';
        COMMENT ON COLUMN schema_migration.sha256 IS 'SHA-256 of that file, hex';
        COMMENT ON COLUMN schema_migration.applied_at IS 'When it was applied';
        """
}
