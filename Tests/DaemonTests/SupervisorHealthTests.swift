import Flow
import Foundation
import Logging
import Postgres
import ServiceLifecycle
import Settings
import TestSupport
import Testing

@testable import Daemon
@testable import Live

/// `/readyz` is the parent's: it must know when its child is not there.
@Suite struct SupervisorHealthTests {
    /// Runs `script` in place of an ingest process until `condition` holds.
    private static func supervised(
        _ script: String,
        _ condition: @escaping (HealthBoard, Meter) -> Bool
    ) async throws -> Bool {
        let folder = try Folder()
        defer { withExtendedLifetime(folder) {} }
        var settings = DaemonSettings()
        settings.storage.directory = folder.path
        settings.ingest.processes = 1
        let (health, meter) = (HealthBoard(), Meter())
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let pool = PostgresPool(conninfo: "host=/nowhere", size: 1)
        let supervisor = IngestSupervisor(
            settings: settings,
            executable: "/bin/sh",
            arguments: { _ in ["-c", script] },
            node: "a",
            database: pool,
            meter: meter,
            health: health,
            logger: logger
        )
        let group = ServiceGroup(services: [supervisor], logger: logger)
        let task = Task { try await group.run() }
        let isMet = try await eventually { condition(health, meter) }
        await group.triggerGracefulShutdown()
        _ = await task.result
        await pool.close()
        return isMet
    }

    private static func report(_ fields: String) -> String {
        "echo '{\"problems\":{},\"silentLoops\":[],\"metrics\":[]\(fields)}' >&3"
    }

    @Test("a process that cannot start is a problem with its own words, again and again")
    func cannotStart() async throws {
        let script = Self.report(#","failure":"spool X: a newer version wrote it""#) + "; exit 1"
        #expect(
            try await Self.supervised(script) { health, meter in
                let problem = health.current[IngestSupervisor.part] ?? ""
                return problem.hasPrefix("spool X: a newer version wrote it; it is started again")
                    && meter.sum(of: "gridwatch_worker_deaths_total") >= 2
            }
        )
    }

    @Test("a process that just ends is a problem, too")
    func ends() async throws {
        #expect(
            try await Self.supervised("exit 3") { health, _ in
                health.current[IngestSupervisor.part]?.hasPrefix("it ended with code 3") == true
            }
        )
    }

    @Test("before its first sign of life it is a problem, and with that none any more")
    func starts() async throws {
        let folder = try Folder()
        let mark = folder.path + "/go"
        defer { withExtendedLifetime(folder) {} }
        let script = "while ! [ -e \(mark) ]; do sleep 0.1; done; \(Self.report("")); exec sleep 60"
        #expect(
            try await Self.supervised(script) { health, _ in
                if FileManager.default.fileExists(atPath: mark) { return health.current[IngestSupervisor.part] == nil }
                if health.current[IngestSupervisor.part]?.hasPrefix("it starts") == true {
                    _ = FileManager.default.createFile(atPath: mark, contents: nil)
                }
                return false
            }
        )
    }

    @Test("what a process had at the moment goes with it")
    func gauges() async throws {
        let metric = #"{"name":"gridwatch_cameras_online","labels":"","help":"x","kind":"gauge","value":4}"#
        let line = "echo '{\"problems\":{},\"silentLoops\":[],\"metrics\":[\(metric)]}' >&3"
        let folder = try Folder()
        let mark = folder.path + "/seen"
        defer { withExtendedLifetime(folder) {} }
        let script = "[ -e \(mark) ] && exec sleep 60; \(line); while ! [ -e \(mark) ]; do sleep 0.1; done; exit 1"
        #expect(
            try await Self.supervised(script) { _, meter in
                let isShown = meter.exposition().contains("gridwatch_cameras_online{worker=\"0\"} 4")
                if isShown { _ = FileManager.default.createFile(atPath: mark, contents: nil) }
                return !isShown && FileManager.default.fileExists(atPath: mark)
            }
        )
    }
}
