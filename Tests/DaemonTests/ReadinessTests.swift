import Live
import Postgres
import Testing
import Web

@testable import Daemon

/// What `/readyz` says.
@Suite struct ReadinessTests {
    @Test("every part that must work is named, also while it does")
    func named() {
        let report = Readiness.report([:])
        #expect(report.isReady)
        #expect(
            report.checks.map(\.name)
                == ["alerts", "database", "delivery", "evidence", "pictures", "registry", "spool"]
        )
    }

    @Test("a problem makes its part, and the whole, not ready; parts that nobody expects are named with it")
    func problems() throws {
        let report = Readiness.report(["spool": "the disk is full", "worker 2 lease": "another machine has its name"])
        #expect(!report.isReady)
        #expect(report.checks.filter { !$0.isReady }.map(\.name) == ["spool", "worker 2 lease"])
        #expect(try #require(report.checks.first { $0.name == "spool" }).detail == "the disk is full")
        #expect(report.checks.filter(\.isReady).allSatisfy { $0.detail == nil })
    }

    @Test("the database is asked anew each time, whatever the board says")
    func asked() async {
        let board = HealthBoard()
        let pool = PostgresPool(conninfo: "host=/nonexistent dbname=none connect_timeout=2", size: 1)
        let report = await Readiness.report(board, pool)
        #expect(report.checks.filter { !$0.isReady }.map(\.name) == ["database"])
        await pool.close()
    }
}
