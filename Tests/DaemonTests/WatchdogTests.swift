import Live
import Logging
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import Daemon

/// What systemd hears of the daemon while it runs.
@Suite struct WatchdogTests {
    private static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs a watchdog that wants a sign each tenth of a second; what was said after it has stopped.
    private func run(
        _ health: HealthBoard = HealthBoard(),
        isSilent: @escaping @Sendable () -> Bool = { false },
        until isEnough: ([String]) -> Bool
    ) async throws -> [String] {
        let socket = try NotifySocket()
        let manager = ServiceManager(environment: ["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "200000"])
        let dog = Watchdog(health: health, isSilent: isSilent, manager: manager, logger: Self.logger)
        let group = ServiceGroup(services: [dog], logger: Self.logger)
        let running = Task { try await group.run() }
        var heard: [String] = []
        #expect(
            try await eventually {
                heard += socket.messages()
                return isEnough(heard)
            }
        )
        await group.triggerGracefulShutdown()
        try await running.value
        return heard + socket.messages()
    }

    @Test("while all loops turn it is alive and well, and at the end it stops")
    func alive() async throws {
        let heard = try await run { $0.count { $0 == "WATCHDOG=1" } >= 3 }
        #expect(heard.contains("STATUS=all well") && heard.last == "STOPPING=1")
    }

    @Test("what is wrong stands in the line that systemctl shows, and the daemon is alive all the same")
    func problems() async throws {
        let health = HealthBoard()
        health.report("spool", problem: "the disk is full")
        health.report("lease", problem: "the database is away")
        let heard = try await run(health) { $0.count { $0.hasPrefix("STATUS=") } >= 2 }
        #expect(heard.contains("STATUS=the database is away; the disk is full") && heard.contains("WATCHDOG=1"))
    }

    @Test("one look at a silent supervisor says nothing; at the second no sign is given any more")
    func silent() async throws {
        let looks = Mutex(0)
        let heard = try await run(
            isSilent: {
                looks.withLock { looks in
                    looks += 1
                    return looks > 2
                }
            },
            until: { $0.count { $0.hasPrefix("STATUS=") } >= 6 }
        )
        #expect(heard.count { $0 == "WATCHDOG=1" } == 3, "two healthy looks and the first silent one")
    }
}
