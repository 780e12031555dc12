public import CityGrid
public import Postgres

/// Loads grids, posts, hazard types, rule templates and cameras from files into the registry.
///
/// Each file is one transaction. A bad row is reported and left out, the others are stored; a grid file is taken as a
/// whole or not at all, since a missing grid would leave the cameras in it without one. Importing a file again changes
/// nothing. A row that is no longer in a file stays in the database. Two imports never run at the same time: the
/// second one waits.
public struct RegistryImporter: Sendable {
    let pool: PostgresPool
    let policy: MappingPolicy

    /// Makes an importer.
    ///
    /// - Parameters:
    ///   - pool: the database, with its schema up to date.
    ///   - policy: how cameras are given to grids.
    public init(pool: PostgresPool, policy: MappingPolicy = MappingPolicy()) {
        self.pool = pool
        self.policy = policy
    }

    /// Imports everything that a folder of seeds holds, in the order that references need: `grids.geojson`,
    /// `posts.csv`, `hazard-types.csv`, `rule-templates.json`, `cameras.csv`.
    ///
    /// - Returns: one report for each file.
    /// - Throws: `StoreError` or `PostgresError`; files before the one that failed stay imported.
    public func importSeeds(
        directory: String,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> [ImportReport] {
        let folder = directory.hasSuffix("/") ? directory : directory + "/"
        return [
            try await importGrids(file: folder + "grids.geojson", progress: progress),
            try await importPosts(file: folder + "posts.csv", progress: progress),
            try await importHazardTypes(file: folder + "hazard-types.csv", progress: progress),
            try await importRuleTemplates(file: folder + "rule-templates.json", progress: progress),
            try await importCameras(file: folder + "cameras.csv", progress: progress),
        ]
    }

    /// Imports grids from GeoJSON; all of them or, when one is wrong, none.
    ///
    /// Cameras are given to grids anew when a grid changed.
    ///
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importGrids(
        file: String,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await GridImport(connection: connection, policy: policy, file: file, progress: progress).run()
        }
    }

    /// Imports posts from CSV with the columns `code`, `title`, `kind` and `grid`.
    ///
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importPosts(
        file: String,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await PostImport(connection: connection, file: file, progress: progress).run()
        }
    }

    /// Imports hazard types from CSV with the columns `code`, `code_scheme`, `theme`, `name_zh`, `name_en`,
    /// `severity`, `handle_minutes` and `restricted`.
    ///
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importHazardTypes(
        file: String,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await HazardTypeImport(connection: connection, file: file, progress: progress).run()
        }
    }

    /// Imports rule templates from JSON: `{"templates": [{"code", "tag", "name", "hazard_type", "definition"}]}`.
    ///
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importRuleTemplates(
        file: String,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await RuleTemplateImport(connection: connection, file: file, progress: progress).run()
        }
    }

    /// Imports cameras from CSV with the headers of the 一机一档 sheet, and gives them to grids.
    ///
    /// Needs 设备编码 and 设备名称; a column that the file does not have keeps what is stored. Empty stream addresses and
    /// an empty 启用 keep what is stored too, so that an exported sheet without secrets can be imported again.
    ///
    /// - Parameters:
    ///   - file: the sheet, UTF-8 or GB18030.
    ///   - datum: what all positions are in, whatever the column 坐标系 says; nil = as the column says, WGS84 if empty.
    ///   - dryRun: true to change nothing.
    ///   - progress: is told how far the reading is.
    /// - Returns: what was done, with the mapping of all cameras of the registry.
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importCameras(
        file: String,
        datum: Datum? = nil,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in }
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await CameraImport(
                connection: connection,
                policy: policy,
                file: file,
                datum: datum,
                progress: progress
            ).run()
        }
    }

    /// Ends a transaction without keeping it, and carries the report out.
    private struct RolledBack: Error {
        let report: ImportReport
    }

    func inTransaction(
        _ dryRun: Bool,
        _ body: @Sendable (PostgresConnection) async throws -> ImportReport
    ) async throws -> ImportReport {
        do {
            return try await pool.transaction { connection in
                try await RegistryLock.take(connection)
                var report = try await body(connection)
                if report.outcome == .committed, !dryRun { return report }
                if dryRun { report.outcome = .dryRun }
                throw RolledBack(report: report)
            }
        } catch let ended as RolledBack {
            return ended.report
        }
    }
}

/// Lets one transaction at a time change the registry.
enum RegistryLock {
    /// Waits for the lock; the end of the transaction gives it back.
    ///
    /// Switches just-in-time compilation off for the transaction: it costs each mapping statement half a second.
    static func take(_ connection: PostgresConnection) async throws {
        try await connection.query("SELECT pg_advisory_xact_lock(hashtextextended('gridwatch registry', 0))")
        try await connection.query("SET LOCAL jit = off")
    }
}
