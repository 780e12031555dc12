import Live
import Logging
import Postgres
import ServiceLifecycle
import Settings
import TestSupport
import Testing
import Web

@testable import Daemon

/// The first minute of a daemon whose database is not there.
@Suite struct FirstStartTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("while the database is away it is said, nothing ends, and an orderly stop is no failure")
    func waits() async throws {
        let health = HealthBoard()
        let pool = PostgresPool(conninfo: "host=/nonexistent dbname=none connect_timeout=2", size: 1)
        let start = FirstStart(
            database: pool,
            web: WebSettings(DaemonSettings().web),
            health: health,
            logger: Self.logger
        )
        let group = ServiceGroup(services: [start], logger: Self.logger)
        let running = Task { try await group.run() }
        #expect(try await eventually { health.current["schema"]?.contains("cannot be used yet") == true })
        await group.triggerGracefulShutdown()
        try await running.value
        await pool.close()
    }
}
