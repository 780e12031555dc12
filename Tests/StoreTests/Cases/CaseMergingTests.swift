import Cases
import Flow
import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CaseMergingTests {
    @Test("alerts merge by identity, by micro-grid, by distance over a border, and else open cases")
    func merging() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            func write(_ record: AlertRecord) async throws -> String {
                _ = try await writer.write([record])
                return try await database.value(
                    """
                    SELECT h.camera_id || ' ' || e.kind || coalesce(' ' || (e.data ->> 'by'), '')
                    FROM case_event e JOIN hazard_case h ON h.id = e.case_id ORDER BY e.id DESC LIMIT 1
                    """
                ) ?? ""
            }
            #expect(try await write(statement("a")) == "a opened")
            #expect(try await write(statement("a", minutes: 5)) == "a alert identity")
            #expect(try await write(statement("b", minutes: 10)) == "a merged grid")
            #expect(try await write(statement("c", minutes: 20)) == "a merged distance")
            #expect(try await write(statement("a", rule: "other", minutes: 25)) == "a merged grid")
            #expect(try await write(statement("far", minutes: 25)) == "far opened")
            #expect(try await write(statement("b", hazard: "DLJT-01", minutes: 25)) == "b opened")
            #expect(try await write(statement("b", rule: "late", minutes: 56)) == "b opened")
            #expect(try await write(statement("a", minutes: 500)) == "a alert identity")
            #expect(try await write(statement("lost", minutes: 500)) == "lost opened")
            #expect(try await database.value("SELECT alert_count FROM hazard_case WHERE camera_id = 'a'") == "6")
            #expect(try await database.value("SELECT count(DISTINCT stage) FROM hazard_case") == "1")
        }
    }

    @Test("alerts of one batch merge with each other in order of their starts")
    func withinBatch() async throws {
        try await StoreDatabase.with { (database) async throws in
            let batch = [
                statement("c", minutes: 20), statement("b", minutes: 10), statement("a"), statement("b", minutes: 45),
                statement("a", minutes: 90, severity: 1), statement("b", minutes: 91, severity: 1),
            ]
            let report = try await AlertWriter(pool: database.pool).write(batch)
            #expect(report.casesOpened == 1)
            #expect(report.alertsAttached == 5)
            let row = try await database.pool.query("SELECT * FROM hazard_case").rows[0]
            #expect(row["camera_id"] == "a")
            #expect(try row.int("alert_count") == 6)
            #expect(try row.int("severity") == 1)
            #expect(try row.requireTimestamp("last_alert_at") - row.requireTimestamp("opened_at") == 5_460_000_000)
        }
    }

    @Test("numbers count per day in Shanghai, in order, and begin anew at midnight")
    func numbers() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            // Noon in Shanghai is 04:00 UTC; 12 hours later the next day begins.
            let batch = [715.0, 719.99, 720, 721].enumerated().map {
                statement("lost", rule: "r\($0.offset)", minutes: $0.element)
            }
            _ = try await writer.write(batch.reversed())
            _ = try await writer.write([statement("lost", rule: "late", minutes: 1)])
            let numbers = try await database.pool.query("SELECT number FROM hazard_case ORDER BY opened_at").rows
            #expect(
                numbers.map { $0["number"] } == [
                    "4305812026080400003", "4305812026080400001", "4305812026080400002", "4305812026080500001",
                    "4305812026080500002",
                ]
            )
        }
    }

    @Test("when a day has no numbers left its alerts are kept without a case, and the batch goes on")
    func numbersUsedUp() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query("INSERT INTO case_counter VALUES ('2026-08-04', 99998)")
            let batch = (0..<3).map { statement("lost", rule: "r\($0)", minutes: Double($0)) }
            let report = try await AlertWriter(pool: database.pool).write(batch + [statement("lost", minutes: 800)])
            #expect((report.casesOpened, report.alertsWithoutNumber, report.stored) == (2, 2, 4))
            #expect(
                try await database.value("SELECT max(number) FROM hazard_case WHERE number LIKE '%20260804%'")
                    == "4305812026080499999"
            )
        }
    }

    @Test("a case of an identity that was closed less than 24 hours before names it")
    func recurrence() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a")])
            let first = try await database.caseID("a")
            try await database.pool.query(
                "UPDATE hazard_case SET outcome = 'false_alarm', closed_at = opened_at + interval '1 hour'"
            )
            _ = try await writer.write([statement("a", minutes: 24 * 60)])
            #expect(
                try await database.value("SELECT recurs_case_id FROM hazard_case WHERE id > \(first)") == "\(first)"
            )
            try await database.pool.query(
                "UPDATE hazard_case SET outcome = 'false_alarm', closed_at = opened_at WHERE outcome IS NULL"
            )
            _ = try await writer.write([statement("a", minutes: 49 * 60)])
            #expect(
                try await database.value("SELECT count(*) FROM hazard_case WHERE recurs_case_id IS NOT NULL") == "1"
            )
        }
    }

    @Test(
        "the task goes to the post of the micro-grid, else up the tree; faults go to the repair unit",
        arguments: [
            ("a", "FNS-01", "M1"), ("c", "FNS-01", "S1"), ("d", "FNS-01", "L1"), ("a", "SBGZ-01", "R1"),
            ("lost", "FNS-01", nil),
        ]
    )
    func posts(camera: String, hazard: String, post: String?) async throws {
        try await StoreDatabase.with { (database) async throws in
            let report = try await AlertWriter(pool: database.pool).write([
                statement(camera, hazard: hazard, auto: true)
            ])
            #expect(report.tasksOpened == (post == nil ? 0 : 1))
            #expect(report.casesWithoutPost == (post == nil ? 1 : 0))
            let row = try await database.pool.query(
                """
                SELECT h.stage, p.code, h.deadline_at = t.deadline_at AS agrees,
                       extract(epoch FROM t.deadline_at - t.created_at) / 60 = y.handle_minutes AS is_due
                FROM hazard_case h JOIN hazard_type y ON y.code = h.hazard_type
                LEFT JOIN task t ON t.case_id = h.id LEFT JOIN post p ON p.id = t.post_id AND p.id = h.assignee_post_id
                """
            ).rows[0]
            #expect(row["code"] == post)
            #expect(row["stage"] == (post == nil ? "inspection" : "dispatch"))
            if post != nil {
                #expect(try row.bool("agrees") == true)
                #expect(try row.bool("is_due") == true)
                let events = try await database.pool.query("SELECT kind, actor, stage_to FROM case_event ORDER BY id")
                    .rows
                #expect(events.map { $0["kind"] } == ["opened", "reported", "dispatched"])
                #expect(events.map { $0["stage_to"] } == ["inspection", "report", "dispatch"])
                #expect(events.allSatisfy { $0["actor"] == "system" })
            }
        }
    }

    @Test("a case for triage is dispatched when a rule that may do so joins it, and attaching never moves it again")
    func laterDispatch() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            #expect(try await writer.write([statement("a")]).tasksOpened == 0)
            #expect(try await database.value("SELECT stage FROM hazard_case") == "inspection")
            #expect(try await writer.write([statement("b", minutes: 1, auto: true)]).tasksOpened == 1)
            #expect(try await writer.write([statement("b", minutes: 2, auto: true)]).tasksOpened == 0)
            #expect(try await database.value("SELECT stage FROM hazard_case") == "dispatch")
            #expect(try await database.value("SELECT count(*) FROM task") == "1")
        }
    }
}
