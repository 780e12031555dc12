import Cases
import Flow
import Postgres
import Store
import Testing

@Suite struct TaskBudgetRuleTests {
    @Test("the less severe a case, the sooner it waits for a person; the most severe never does")
    func shares() {
        let budget = TaskBudget(tasksPerDay: 10)
        let admitted = (1...4).map { severity in (0...20).count { budget.admits(severity: severity, given: $0) } }
        #expect(admitted == [21, 10, 8, 5])
    }

    @Test("a budget of one still gives one task of each severity, and 0 is no limit")
    func edges() {
        #expect((1...4).allSatisfy { TaskBudget(tasksPerDay: 1).admits(severity: $0, given: 0) })
        #expect((2...4).allSatisfy { !TaskBudget(tasksPerDay: 1).admits(severity: $0, given: 1) })
        #expect((1...4).allSatisfy { TaskBudget.unlimited.admits(severity: $0, given: 1_000_000) })
        #expect(TaskBudget(tasksPerDay: -3) == .unlimited)
    }
}

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct TaskBudgetTests {
    /// Alerts that each open a case of its own in the micro-grid of camera b.
    private func alerts(
        _ range: Range<Int>,
        severity: Int,
        hazard: String = "FNS-01",
        score: Double = 0.5
    ) -> [AlertRecord] {
        range.map { index in
            statement(
                "b",
                rule: "s\(severity)-\(index)",
                hazard: hazard,
                minutes: Double(index) * 60,
                score: score,
                auto: true,
                severity: severity
            )
        }
    }

    private func stages(_ database: StoreDatabase) async throws -> [String: String] {
        let rows = try await database.pool.query("SELECT rule_id, stage FROM hazard_case").rows
        return Dictionary(
            uniqueKeysWithValues: try rows.map { (try $0.requireText("rule_id"), try $0.requireText("stage")) }
        )
    }

    @Test("a grid gets its tasks of the day, the rest waits for a look; severe ones get through, other grids go on")
    func budget() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 5))
            let report = try await writer.write(alerts(0..<7, severity: 3))
            #expect(report.casesOpened == 7)
            #expect(report.tasksOpened == 4)
            #expect(report.casesHeldBack == 3)
            #expect(report.casesWithoutPost == 0)
            let next = try await writer.write(alerts(10..<12, severity: 2) + alerts(20..<22, severity: 1))
            #expect((next.tasksOpened, next.casesHeldBack) == (2, 2))
            let elsewhere = try await writer.write([statement("far", auto: true, severity: 3)])
            #expect(elsewhere.tasksOpened == 1)
            let stages = try await stages(database)
            #expect(
                stages.filter { $0.value == "inspection" }.keys.sorted()
                    == ["s2-10", "s2-11", "s3-4", "s3-5", "s3-6"].sorted()
            )
        }
    }

    @Test("of what comes together the surest get the tasks that are left")
    func ranking() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 2))
            let report = try await writer.write(
                alerts(0..<2, severity: 3, score: 0.5) + alerts(2..<4, severity: 3, score: 0.9)
            )
            #expect((report.tasksOpened, report.casesHeldBack) == (2, 2))
            let given = try await stages(database).filter { $0.value == "dispatch" }.keys.sorted()
            #expect(given == ["s3-2", "s3-3"])
        }
    }

    @Test("holding back is told once a day in the history, is listed and counted, and ends when somebody acts")
    func visible() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 1))
            _ = try await writer.write(alerts(0..<1, severity: 3) + alerts(5..<6, severity: 3))
            let again = statement("b", rule: "s3-5", minutes: 301, auto: true, severity: 3)
            #expect(try await writer.write([again]).casesHeldBack == 1)
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'held_back'") == "1")
            let reader = CaseReader(pool: database.pool)
            var filter = CaseFilter()
            filter.isHeldBack = true
            let held = try await reader.list(filter, access: .everything).items
            #expect(held.count == 1)
            #expect(held.first?.heldBackAt != nil)
            #expect(try await reader.counts(access: .everything).heldBack == 1)
            let id = try #require(held.first?.id)
            try await CaseActions(pool: database.pool).dispatch(case: id, toPost: nil, by: database.person("clerk"))
            #expect(try await reader.counts(access: .everything).heldBack == 0)
            #expect(try await reader.list(filter, access: .everything).items.isEmpty)
        }
    }

    @Test("what each grid got today and what was held back is listed, the fullest first")
    func listed() async throws {
        try await StoreDatabase.with { (database) async throws in
            let reader = OperationsReader(pool: database.pool)
            #expect(try await reader.budgets().isEmpty)
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 2))
            let repair = alerts(20..<21, severity: 3, hazard: "SBGZ-01")
            _ = try await writer.write(alerts(0..<4, severity: 3) + repair + [statement("far", auto: true)])
            let lines = try await reader.budgets()
            #expect(lines.map(\.given) == [2, 1])
            #expect(lines.map(\.held) == [2, 0])
            #expect(lines.first?.grid.code == "430581001001001001")
        }
    }

    @Test("repairs of cameras are outside the budget")
    func repairs() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 1))
            let report = try await writer.write(
                alerts(0..<3, severity: 3, hazard: "SBGZ-01") + alerts(10..<11, severity: 3)
            )
            #expect((report.tasksOpened, report.casesHeldBack) == (4, 0))
        }
    }

    @Test("yesterday's tasks are not counted")
    func midnight() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, budget: TaskBudget(tasksPerDay: 1))
            _ = try await writer.write(alerts(0..<1, severity: 3))
            try await database.pool.query("UPDATE task SET created_at = created_at - interval '1 day'")
            #expect(try await writer.write(alerts(5..<6, severity: 3)).tasksOpened == 1)
        }
    }
}
