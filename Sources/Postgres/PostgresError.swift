/// What went wrong between this process and PostgreSQL.
///
/// Holds no password: connection strings never go into a message.
public struct PostgresError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure, for decisions; the message is for people.
    public enum Code: String, Sendable, Hashable {
        /// No connection could be made.
        case connectionFailed
        /// The connection broke; whether the last statement took effect is not known.
        case connectionLost
        /// The server refused the statement, or it could not be sent as written.
        case queryFailed
        /// The statement, or the wait for a free connection, took longer than allowed.
        case timedOut
        /// A column is missing, null, or not of the type asked for.
        case decodeFailed
        /// The pool was closed.
        case poolClosed
    }

    /// The kind of failure.
    public let code: Code
    /// Five-character SQLSTATE when the server answered, for example `23505`.
    public let sqlState: String?
    /// Name of the constraint that was broken, when the server named one.
    public let constraint: String?
    /// What failed, why, and what to do.
    public let message: String

    /// Makes an error.
    public init(_ code: Code, _ message: String, sqlState: String? = nil, constraint: String? = nil) {
        self.code = code
        self.message = message
        self.sqlState = sqlState
        self.constraint = constraint
    }

    /// True when the same call may succeed later without any change: server away, overloaded, or a lost race.
    public var isRetriable: Bool {
        switch code {
        case .connectionFailed, .connectionLost, .timedOut: true
        case .decodeFailed, .poolClosed: false
        case .queryFailed: Self.retriableStates.contains(sqlState ?? "")
        }
    }

    /// True when the server stopped a statement because it took too long: the server is there, the statement is too dear.
    public var isStatementTimeout: Bool { sqlState == "57014" }

    /// Why the server did not do what it was asked to, as far as that decides what to do about it.
    public enum Fault: Sendable, Hashable, CaseIterable {
        /// The statement holds what no column takes: it will never pass, whenever it is tried.
        case data
        /// What else goes on, how the tables are made, or how long it takes: fewer rows at once may pass, or the same later.
        case moment
        /// The server is away, full, starting, stopping, or lets nobody in: nothing passes until that is over.
        case server
    }

    /// Whose fault it is, by the class of the SQLSTATE; what is not known is held against no row.
    public var fault: Fault {
        guard let sqlState else {
            return code == .queryFailed || code == .decodeFailed ? .moment : .server
        }
        return switch sqlState.prefix(2) {
        // Data exceptions, broken constraints, a check of a view, a value that is too large for an index.
        case "22", "23", "44", "54": .data
        // Connections, log-ins, databases that are not there, read-only ones, resources, the server's files.
        case "08", "25", "28", "3D", "53", "58", "F0": .server
        case "57": isStatementTimeout ? .moment : .server
        // Lost races, locks, triggers that refuse, statements that do not fit the tables, what went wrong inside.
        default: .moment
        }
    }

    /// True when the server takes no writes on this connection: it is a standby, or told to be read-only.
    ///
    /// The connection is not used again; another one may lead to a server that does.
    public var isReadOnly: Bool { sqlState == Self.readOnlyState }

    /// True when the server is there and cannot do what it is asked to, whoever asks.
    ///
    /// It lacks rights, room, a table or an extension, or its files are damaged. Somebody who runs the database must see to
    /// it; then the same call succeeds.
    public var isServerFault: Bool {
        guard code == .queryFailed, let sqlState else { return false }
        return Self.faultStates.contains(sqlState) || Self.faultClasses.contains(String(sqlState.prefix(2)))
    }

    /// The message with its SQLSTATE.
    public var description: String {
        sqlState.map { "\(message) (SQLSTATE \($0))" } ?? message
    }

    private static let readOnlyState = "25006"
    /// No right; no such schema, table, column or function.
    private static let faultStates: Set<String> = ["42501", "3F000", "42P01", "42703", "42883", "42704"]
    /// Insufficient resources, object not in the state needed, operator intervention, system error, configuration file,
    /// internal error.
    private static let faultClasses: Set<String> = ["53", "55", "57", "58", "F0", "XX"]

    /// Serialization failure, deadlock, lock not available, server shutting down or starting, too many connections,
    /// disk full, out of memory, read-only.
    private static let retriableStates: Set<String> = [
        readOnlyState, "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53000", "53100", "53200", "53300",
    ]
}
