import Foundation
public import Live
public import Logging
public import Postgres
public import ServiceLifecycle
import Store
public import Web

/// Waits for the database, checks its schema, makes the first administrator and prints the password once.
public struct FirstStart: Service {
    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0

    private let database: PostgresPool
    private let web: WebSettings
    private let health: HealthBoard
    private let logger: Logger

    /// Makes it; `health` hears under `schema` that the database cannot be used yet.
    public init(database: PostgresPool, web: WebSettings, health: HealthBoard, logger: Logger) {
        self.database = database
        self.web = web
        self.health = health
        self.logger = logger
    }

    /// Tries until it has succeeded, then waits for the service group to stop.
    ///
    /// - Throws: `StoreError` when the schema is not the one of this program.
    public func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Migrations(pool: database).requireUpToDate()
                    if let made = try await AccountService(pool: database, settings: web).ensureAdministrator() {
                        show(made)
                    }
                    health.report("schema", problem: nil)
                    break
                } catch is CancellationError {
                    // Asked to end before it had begun: no failure.
                    break
                } catch let error as PostgresError where error.isRetriable || error.isServerFault {
                    // What is wrong with the database ends no process that watches cameras.
                    health.report("schema", problem: "the database cannot be used yet: \(error)")
                    logger.warning("waiting for the database", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(Self.retryInterval))
                }
            }
            // A service that returns would end the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// Prints the password, which stands nowhere else.
    private func show(_ made: AccountService.FirstAdministrator) {
        let text = "first administrator: \(made.login)\npassword: \(made.password)\n"
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            logger.error(
                "the first administrator's password could not be written to standard output",
                metadata: ["why": "\(error)", "todo": "gridwatch account reset \(made.login)"]
            )
        }
    }
}
