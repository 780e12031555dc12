import CityGrid
import Foundation
import Postgres
import Store

/// A database of its own with the schema of the registry, and the files that tests import.
struct RegistryDatabase {
    let pool: PostgresPool
    var importer: RegistryImporter { RegistryImporter(pool: pool) }

    static let conninfo = ProcessInfo.processInfo.environment["GRIDWATCH_TEST_DATABASE"] ?? ""
    static var isAvailable: Bool { !conninfo.isEmpty }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func seed(_ name: String) -> String { root.appending(path: "seeds/\(name)").path }

    /// Makes the database, runs `body`, and drops it again.
    static func with<R>(_ body: (RegistryDatabase) async throws -> R) async throws -> R {
        let name = "gridwatch_registry_" + UUID().uuidString.lowercased().filter { $0 != "-" }
        let server = PostgresPool(conninfo: conninfo, size: 1)
        try await server.query("CREATE DATABASE \(name)")
        // As long as the import command allows: the checks compare all cameras with all grids, beside other tests.
        let pool = PostgresPool(conninfo: "\(conninfo) dbname=\(name)", size: 2, statementTimeout: .seconds(600))
        let result: Result<R, any Error>
        do {
            try await Migrations(pool: pool).migrate()
            result = .success(try await body(RegistryDatabase(pool: pool)))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        try await server.query("DROP DATABASE \(name) WITH (FORCE)")
        await server.close()
        return try result.get()
    }

    /// The first column of the first row.
    func value(_ sql: String) async throws -> String? {
        try await pool.query("SELECT (\(sql))::text AS value").rows.first?["value"]
    }

    /// Two columns, `key` and `value`, as a dictionary.
    func table(_ sql: String) async throws -> [String: String] {
        let rows = try await pool.query(sql).rows
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["key"] ?? "", $0["value"] ?? "") })
    }

    /// Everything that the registry holds, as one hash.
    func fingerprint() async throws -> String? {
        try await value(
            """
            SELECT md5(string_agg(line, E'\\n' ORDER BY line)) FROM (
                SELECT g::text AS line FROM grid g UNION ALL SELECT p::text FROM post p
                UNION ALL SELECT h::text FROM hazard_type h UNION ALL SELECT r::text FROM rule_template r
                UNION ALL SELECT c::text FROM camera c) everything
            """
        )
    }
}

/// A file that exists as long as its test runs.
struct ScratchFile {
    let path: String

    init(_ name: String, _ text: String) throws {
        path = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString)-\(name)").path
        try Data(text.utf8).write(to: URL(filePath: path))
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
