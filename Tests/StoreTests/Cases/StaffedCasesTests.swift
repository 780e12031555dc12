import Cases
import Flow
import Postgres
import Store
import Testing

/// Cases that no post could take.
@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct StaffedCasesTests {
    private func disable(_ database: StoreDatabase) async throws {
        try await database.pool.query("UPDATE account SET disabled = true WHERE role = 'worker'")
    }

    @Test("a case that nobody could take is given out once a post of its line has somebody, and its history says so")
    func givenOut() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await disable(database)
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a", auto: true), statement("d", auto: true)])
            #expect(try await writer.staff(.town) == WriteReport())
            let accounts = AccountStore(pool: database.pool)
            let post = try #require(try await database.person("stranger").postID)
            _ = try await accounts.create(
                AccountDraft(login: "fresh", displayName: "新人", role: .worker, postID: post, passwordHash: "x")
            )
            let report = try await writer.staff(.town)
            #expect(report.tasksOpened == 1 && report.casesWithoutPost == 0)
            #expect(try await database.value("SELECT string_agg(post_id::text, ' ') FROM task") == String(post))
            let id = try await database.caseID("a")
            #expect(
                try await database.value(
                    "SELECT string_agg(kind, ' ' ORDER BY id) FROM case_event WHERE case_id = \(id)"
                ) == "opened unstaffed staffed reported dispatched"
            )
            #expect(try await database.value("SELECT count(*) FROM hazard_case WHERE unstaffed_at IS NOT NULL") == "1")
            #expect(try await writer.staff(.town) == WriteReport(), "the other one lies elsewhere")
            let street = try #require(try await database.person("street").accountID)
            try await accounts.setDisabled(false, account: street)
            #expect(try await writer.staff(.town).tasksOpened == 1)
        }
    }

    @Test("a repair waits for its unit only where nobody else could take it")
    func repairs() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await disable(database)
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a", hazard: "SBGZ-01", auto: true), statement("b", auto: true)])
            let repair = try #require(try await database.person("repair").accountID)
            try await AccountStore(pool: database.pool).setDisabled(false, account: repair)
            #expect(try await writer.staff(.town).tasksOpened == 1)
            #expect(try await database.value("SELECT p.code FROM task t JOIN post p ON p.id = t.post_id") == "R1")
        }
    }

    @Test("the budget of the grid holds, and who does not own the camera's shard gives nothing out")
    func bounds() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await disable(database)
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 1))
            for index in 0..<3 {
                _ = try await writer.write([
                    statement("b", rule: "r\(index)", minutes: Double(index) * 60, auto: true)
                ])
            }
            try await database.pool.query("UPDATE account SET disabled = false WHERE login = 'worker'")
            let others = Authority(worker: .town, epochs: Authority.town.epochs.mapValues { $0 + 1 })
            #expect(try await writer.staff(others) == WriteReport())
            let report = try await writer.staff(.town)
            #expect((report.tasksOpened, report.casesHeldBack) == (1, 2))
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'staffed'") == "3")
            #expect(try await writer.staff(.town) == WriteReport(), "what is held back waits for a person's look")
        }
    }

    @Test("a case that somebody dispatched, rejected or that has ended is left alone")
    func decided() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await disable(database)
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a", auto: true)])
            let clerk = try await database.person("clerk")
            try await CaseActions(pool: database.pool).reject(
                case: try await database.caseID("a"),
                reason: .light,
                by: clerk,
                seen: 1
            )
            try await database.pool.query("UPDATE account SET disabled = false")
            #expect(try await writer.staff(.town) == WriteReport())
        }
    }
}
