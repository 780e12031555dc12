import Flow
import Live
import Logging
import Postgres
import ServiceLifecycle
import Settings
import Synchronization
import TestSupport
import Testing

@testable import Daemon

@Suite struct ProcessCountTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("ingest.processes: so many processes are started", arguments: [1, 3])
    func processes(count: Int) async throws {
        let folder = try Folder()
        var settings = try DaemonSettings.with(["ingest.processes": "\(count)"])
        settings.storage.directory = folder.path
        let started = Mutex<Set<Int>>([])
        let pool = PostgresPool(conninfo: "host=\(folder.path) dbname=none", size: 1)
        let supervisor = IngestSupervisor(
            settings: settings,
            executable: "/bin/sleep",
            arguments: { slot in
                started.withLock { _ = $0.insert(slot) }
                return ["60"]
            },
            node: "n",
            database: pool,
            meter: Meter(),
            health: HealthBoard(),
            logger: logger
        )
        let group = ServiceGroup(services: [supervisor], logger: logger)
        let running = Task { try await group.run() }
        #expect(try await eventually { started.withLock(\.count) == count })
        await group.triggerGracefulShutdown()
        try await running.value
        await pool.close()
        #expect(started.withLock { $0 } == Set(0..<count))
    }
}
