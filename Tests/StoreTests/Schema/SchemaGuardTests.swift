import Cases
import Flow
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct SchemaGuardTests {
    @Test("stages and transitions of the database are those of the workflow")
    func sameTables() async throws {
        try await StoreDatabase.with { (database) async throws in
            let stages = try await database.pool.query("SELECT * FROM case_stage ORDER BY position").rows
            #expect(stages.map { $0["code"] } == CaseStage.allCases.map(\.rawValue))
            #expect(stages.map { $0["name_zh"] } == CaseStage.allCases.map(\.nameZh))
            #expect(stages.map { $0["name_en"] } == CaseStage.allCases.map(\.nameEn))
            #expect(try stages.map { try $0.requireInt("position") } == CaseStage.allCases.map(\.position))
            let table = try await database.pool.query(
                "SELECT stage_from || ' ' || stage_to AS pair FROM case_transition"
            ).rows
            let pairs = CaseStage.allCases.flatMap { from in
                CaseStage.allCases.filter { from.allows($0) }.map { "\(from.rawValue) \($0.rawValue)" }
            }
            #expect(Set(table.compactMap { $0["pair"] }) == Set(pairs))
        }
    }

    @Test("the words of the schema's checks are those of the workflow")
    func sameWords() async throws {
        try await StoreDatabase.with { (database) async throws in
            let checks =
                try await database.value(
                    "SELECT string_agg(pg_get_constraintdef(oid), ' ') FROM pg_constraint WHERE contype = 'c'"
                ) ?? ""
            let words = CaseOutcome.allCases.map(\.rawValue) + TaskState.allCases.map(\.rawValue)
            for word in words { #expect(checks.contains("'\(word)'"), "\(word)") }
            let comment = try await database.value(
                "SELECT col_description('case_event'::regclass, attnum) FROM pg_attribute WHERE attrelid = 'case_event'::regclass AND attname = 'kind'"
            )
            #expect(comment == CaseEventKind.allCases.map(\.rawValue).joined(separator: ", "))
        }
    }

    @Test("past the desk the database refuses every jump that the workflow forbids")
    func wrongJumps() async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a")])
            for from in CaseStage.allCases {
                for next in CaseStage.allCases where next != from {
                    let isAllowed = try await database.pool.withConnection { connection in
                        try await connection.script(
                            "BEGIN; ALTER TABLE hazard_case DISABLE TRIGGER guard_case_stage; "
                                + "UPDATE hazard_case SET stage = '\(from.rawValue)'; "
                                + "ALTER TABLE hazard_case ENABLE TRIGGER guard_case_stage"
                        )
                        do {
                            try await connection.query("UPDATE hazard_case SET stage = $1", [.text(next.rawValue)])
                            return true
                        } catch let error as PostgresError where error.sqlState == "GW002" {
                            return false
                        }
                    }
                    #expect(isAllowed == from.allows(next), "\(from) to \(next)")
                }
            }
        }
    }

    @Test("a closed case does not change, and is resolved in feedback only")
    func closed() async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a")])
            func state(_ sql: String) async -> String? {
                do {
                    try await database.pool.query(sql)
                    return nil
                } catch {
                    return (error as? PostgresError)?.sqlState
                }
            }
            let resolve = "UPDATE hazard_case SET outcome = 'resolved', closed_at = now()"
            #expect(await state(resolve) == "GW003")
            #expect(await state("UPDATE hazard_case SET outcome = 'false_alarm'") == "23514")
            #expect(await state("UPDATE hazard_case SET outcome = 'false_alarm', closed_at = now()") == nil)
            #expect(await state("UPDATE hazard_case SET stage = 'report'") == "GW001")
            #expect(await state("UPDATE hazard_case SET outcome = NULL, closed_at = NULL") == "GW001")
            #expect(await state("UPDATE hazard_case SET alert_count = 5") == nil)
        }
    }

    @Test(
        "the history only grows",
        arguments: [
            "UPDATE case_event SET note = 'x'", "DELETE FROM case_event", "TRUNCATE case_event",
        ]
    )
    func appendOnly(sql: String) async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a")])
            let error = await #expect(throws: PostgresError.self) { try await database.pool.query(sql) }
            #expect(error?.sqlState == "GW004")
            #expect(try await database.value("SELECT count(*) FROM case_event") == "1")
        }
    }

    @Test("changes of cases, tasks and camera states are announced by kind and key")
    func announced() async throws {
        try await StoreDatabase.with { (database) async throws in
            let listener = try await PostgresConnection.connect(database.conninfo)
            try await listener.listen("gridwatch_change")
            _ = try await AlertWriter(pool: database.pool).write([statement("a", auto: true)])
            var record = CameraStateRecord(
                camera: "a",
                state: "online",
                since: .zero,
                lastFrameAt: nil,
                detail: nil,
                scene: nil,
                reconnects: 0
            )
            try await CameraStates(pool: database.pool).record([record])
            record.reconnects = 1
            try await CameraStates(pool: database.pool).record([record])
            record.state = "offline"
            try await CameraStates(pool: database.pool).record([record])
            try await database.pool.query("SELECT pg_notify('gridwatch_change', 'end')")
            var heard: [String] = []
            for await notification in listener.notifications {
                if notification.payload == "end" { break }
                heard.append(notification.payload)
            }
            #expect(heard == ["case 1", "task 1", "camera a", "camera a"])
            await listener.close()
        }
    }
}
