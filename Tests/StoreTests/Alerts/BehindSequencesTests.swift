import Cases
import Flow
import Postgres
import Testing

@testable import Store

/// A database that gives numbers of rows again: restored without the values of its sequences, or replicated row by row.
@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct BehindSequencesTests {
    @Test(
        "alerts become cases all the same, none is put aside, and the sequence is where it belongs",
        arguments: ["hazard_case", "case_event", "task"]
    )
    func behind(table: String) async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            for number in 0..<6 {
                _ = try await writer.write([statement("b", rule: "first\(number)", minutes: Double(number) * 60)])
            }
            _ = try await database.pool.query(
                """
                INSERT INTO task (case_id, post_id, state, deadline_at)
                SELECT h.id, (SELECT min(id) FROM post), 'cancelled', now() FROM hazard_case h
                """
            )
            try await database.pool.query("SELECT setval(pg_get_serial_sequence('\(table)', 'id'), 1, false)")
            for number in 0..<3 {
                let report = try await writer.write(
                    [statement("b", rule: "second\(number)", minutes: 600 + Double(number) * 60, auto: true)]
                )
                #expect(report.quarantined == 0 && report.stored == 1 && report.tasksOpened == 1)
            }
            #expect(try await database.value("SELECT count(*) FROM alert_quarantine") == "0")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE case_id IS NULL") == "0")
        }
    }

    @Test("a sequence that is ahead of its table is left as it is")
    func ahead() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query("SELECT setval(pg_get_serial_sequence('task', 'id'), 1000)")
            try await BehindSequences.mend("task", database.pool)
            #expect(try await database.value("pg_sequence_last_value(pg_get_serial_sequence('task', 'id'))") == "1000")
            try await BehindSequences.mend("case_event", database.pool)
        }
    }

    @Test("only keys that the database counts are meant")
    func others() {
        func error(_ state: String, _ constraint: String?) -> PostgresError {
            PostgresError(.queryFailed, "x", sqlState: state, constraint: constraint)
        }
        #expect(BehindSequences.table(error("23505", "case_event_pkey")) == "case_event")
        #expect(BehindSequences.table(error("23505", "alert_pkey")) == nil)
        #expect(BehindSequences.table(error("23505", nil)) == nil)
        #expect(BehindSequences.table(error("23503", "case_event_pkey")) == nil)
    }
}
