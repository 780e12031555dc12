import Flow
import Foundation
import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct SetAsideAlertsTests {
    @Test("statements that could not be stored are listed with why, and stored once that is mended")
    func retry() async throws {
        try await StoreDatabase.with { (database) async throws in
            var odd = statement("b", minutes: 3)
            odd.score = .nan
            let records = [statement("newcomer", minutes: 1), statement("newcomer", minutes: 2), odd]
            let report = try await AlertWriter(pool: database.pool).write(records, authority: .town)
            #expect(report.quarantined == 3)
            let desk = SetAsideAlerts(pool: database.pool)
            let listed = try await desk.list(limit: 2)
            #expect(listed.count == 2 && listed.allSatisfy { $0.setAside == 3 })
            let all = try await desk.list()
            #expect(all.count { $0.reason == "unknown camera newcomer" && $0.camera == "newcomer" } == 2)
            #expect(all.contains { $0.reason.hasPrefix("score nan") && $0.rule == "bank" })

            #expect(try await desk.retry(within: .zero) == SetAsideAlerts.Outcome(stored: 0, left: 3))
            #expect(try await desk.retry() == SetAsideAlerts.Outcome(stored: 0, left: 3))
            try await database.pool.query("INSERT INTO camera (id, name) VALUES ('newcomer', '新')")
            #expect(try await desk.retry() == SetAsideAlerts.Outcome(stored: 2, left: 1))
            #expect(try await desk.retry() == SetAsideAlerts.Outcome(stored: 0, left: 1))
            #expect(try await desk.list().map(\.camera) == ["b"])
            // Stored as facts; whoever watches the camera does what follows.
            #expect(try await database.value("SELECT count(*) FROM alert WHERE orphan") == "2")
            _ = try await AlertWriter(pool: database.pool).adopt(.town)
            #expect(try await database.value("SELECT count(*) FROM alert WHERE case_id IS NULL") == "0")
        }
    }
}
