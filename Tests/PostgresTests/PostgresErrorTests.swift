import Postgres
import Testing

/// Whose fault it is that a statement was refused: only what a row holds is the row's.
@Suite struct PostgresErrorTests {
    /// Every class of SQLSTATE in PostgreSQL's list of error codes, with codes of those that are split or well known.
    static let states: [(String, PostgresError.Fault)] = [
        // Data.
        ("22000", .data), ("22001", .data), ("22003", .data), ("22007", .data), ("22021", .data), ("22P02", .data),
        ("22P05", .data), ("23000", .data), ("23502", .data), ("23503", .data), ("23505", .data), ("23514", .data),
        ("23P01", .data), ("44000", .data), ("54000", .data),
        // What else goes on, and how things are made.
        ("57014", .moment), ("55P03", .moment), ("55006", .moment), ("55000", .moment), ("40001", .moment),
        ("40P01", .moment), ("40002", .moment), ("21000", .moment), ("42501", .moment), ("42601", .moment),
        ("42703", .moment), ("42P01", .moment), ("0A000", .moment), ("P0001", .moment), ("P0004", .moment),
        ("XX000", .moment), ("XX001", .moment), ("XX002", .moment), ("24000", .moment), ("26000", .moment),
        ("2F000", .moment), ("2B000", .moment), ("27000", .moment), ("34000", .moment), ("38000", .moment),
        ("39000", .moment), ("3B000", .moment), ("3F000", .moment), ("72000", .moment), ("HV000", .moment),
        ("01000", .moment), ("02000", .moment), ("03000", .moment), ("09000", .moment), ("0B000", .moment),
        ("0F000", .moment), ("0L000", .moment), ("0P000", .moment), ("0Z000", .moment), ("20000", .moment),
        ("2D000", .moment),
        // The server.
        ("08000", .server), ("08001", .server), ("08003", .server), ("08006", .server), ("08P01", .server),
        ("25006", .server), ("25P02", .server), ("25P03", .server), ("28000", .server), ("28P01", .server),
        ("3D000", .server), ("53000", .server), ("53100", .server), ("53200", .server), ("53300", .server),
        ("53400", .server), ("57000", .server), ("57P01", .server), ("57P02", .server), ("57P03", .server),
        ("57P04", .server), ("57P05", .server), ("58000", .server), ("58030", .server), ("58P01", .server),
        ("F0000", .server),
    ]

    @Test("each class of SQLSTATE is somebody's fault, and only data is the row's", arguments: states)
    func fault(state: String, fault: PostgresError.Fault) {
        #expect(PostgresError(.queryFailed, "x", sqlState: state).fault == fault)
        if fault == .data { #expect(["22", "23", "44", "54"].contains(state.prefix(2))) }
    }

    @Test("what has no SQLSTATE is never held against the data")
    func stateless() {
        for code in [PostgresError.Code.connectionFailed, .connectionLost, .timedOut, .poolClosed] {
            #expect(PostgresError(code, "x").fault == .server)
        }
        for code in [PostgresError.Code.queryFailed, .decodeFailed] {
            #expect(PostgresError(code, "x").fault == .moment)
        }
    }
}
