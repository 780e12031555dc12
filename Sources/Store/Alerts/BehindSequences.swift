import Postgres

/// Numbers of rows that the database gives again although they are taken.
///
/// After a fail-over to a server that was replicated row by row, or a restore of the data alone, sequences stand behind their
/// tables. Every insert then breaks the key of its table, whatever it holds: neither the statement nor the row is to blame,
/// and the sequence can be put where it belongs.
struct BehindSequences {
    /// Tables whose keys the database counts, by the name of the constraint of the key.
    private static let tables = [
        "hazard_case_pkey": "hazard_case", "case_event_pkey": "case_event", "task_pkey": "task",
        "task_photo_pkey": "task_photo", "alert_quarantine_pkey": "alert_quarantine",
    ]

    /// The table whose sequence is behind; nil when the error says something else.
    static func table(_ error: PostgresError) -> String? {
        guard error.sqlState == "23505" else { return nil }
        return error.constraint.flatMap { tables[$0] }
    }

    /// Puts the sequence behind the last row of its table after an error that says that it is not there.
    ///
    /// - Throws: `PostgresError`.
    static func mend(after error: PostgresError, _ pool: PostgresPool) async throws {
        if let table = table(error) { try await mend(table, pool) }
    }

    /// Puts the sequence of a table behind its last row, and never back.
    ///
    /// - Throws: `PostgresError`.
    static func mend(_ table: String, _ pool: PostgresPool) async throws {
        try await pool.query(
            """
            SELECT setval(s.name, greatest(pg_sequence_last_value(s.name), (SELECT max(id) FROM \(table)), 1))
            FROM (SELECT pg_get_serial_sequence('\(table)', 'id')::regclass AS name) AS s
            """
        )
    }
}
