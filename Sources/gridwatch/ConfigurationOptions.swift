import ArgumentParser
import Foundation
import Postgres
import Settings

/// `--config FILE`, shared by the commands that use the daemon's settings.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: "The daemon's settings (YAML); GRIDWATCH_<SECTION>_<KEY> in the environment wins over it."
    )
    var file: String?

    /// The settings of the file and the environment.
    ///
    /// - Throws: `SettingsError` with every problem and its place.
    func load() throws(SettingsError) -> DaemonSettings {
        try DaemonSettings.load(file: file, environment: ProcessInfo.processInfo.environment)
    }

    /// The words that give another process of this program the same settings.
    var arguments: [String] { file.map { ["--config", $0] } ?? [] }

    /// A small pool of connections for a command; the caller closes it.
    ///
    /// - Parameter limit: Longest time that one statement may run. Commands may run statements over the whole registry,
    ///   which takes longer than a page may.
    /// - Returns: The pool, which connects when it is used.
    /// - Throws: `SettingsError` with every problem and its place.
    func database(limit: Duration = .seconds(600)) throws -> PostgresPool {
        let settings = try load().database
        return PostgresPool(conninfo: settings.url.exposed, size: 2, statementTimeout: limit)
    }

    /// Lends such a pool to `body` and closes it.
    func withDatabase<R: Sendable>(_ body: (PostgresPool) async throws -> R) async throws -> R {
        let pool = try database()
        let result: Result<R, any Error>
        do {
            result = .success(try await body(pool))
        } catch {
            result = .failure(error)
        }
        await pool.close()
        return try result.get()
    }
}
