/// What a statement gave back.
public struct PostgresResult: Sendable {
    /// The rows, in the server's order.
    public let rows: [PostgresRow]
    /// Rows inserted, updated, deleted or selected.
    public let affected: Int
    /// The command tag, for example `INSERT 0 1`; `ROLLBACK` where a `COMMIT` could not be done.
    let tag: String
}

/// The columns of a result, shared by its rows.
final class PostgresColumns: Sendable {
    let names: [String]
    let positions: [String: Int]

    init(names: [String]) {
        self.names = names
        self.positions = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
    }
}

/// One row of a result, read by column name.
///
/// Each reader gives nil for SQL `NULL`; its `require…` twin throws instead. All of them throw `decodeFailed` with the
/// column's name when there is no such column or its value is not of that type.
public struct PostgresRow: Sendable {
    let columns: PostgresColumns
    let cells: [String?]

    /// The value as the server wrote it; nil for null and for a column that is not there.
    public subscript(column: String) -> String? {
        columns.positions[column].flatMap { cells[$0] }
    }

    /// The value as text.
    public func text(_ column: String) throws(PostgresError) -> String? {
        guard let position = columns.positions[column] else {
            throw PostgresError(
                .decodeFailed,
                "the result has no column \(column), only: \(columns.names.joined(separator: ", "))"
            )
        }
        return cells[position]
    }

    /// A `smallint`, `integer` or `bigint`.
    public func int(_ column: String) throws(PostgresError) -> Int? {
        try decode(column, "a whole number") { Int($0) }
    }

    /// A `real`, `double precision` or `numeric`.
    public func double(_ column: String) throws(PostgresError) -> Double? {
        try decode(column, "a number") { Double($0) }
    }

    /// A `boolean`.
    public func bool(_ column: String) throws(PostgresError) -> Bool? {
        try decode(column, "a boolean") { $0 == "t" ? true : $0 == "f" ? false : nil }
    }

    /// A `timestamptz`, `timestamp` (taken as UTC) or `date` (its midnight UTC), microseconds since the Unix epoch.
    public func timestamp(_ column: String) throws(PostgresError) -> Int64? {
        try decode(column, "a time") { Timestamp.parse($0) }
    }

    /// A `bytea`.
    public func bytes(_ column: String) throws(PostgresError) -> [UInt8]? {
        try decode(column, "a bytea in hex form") { HexBytes.parse($0) }
    }

    /// A one-dimensional array of text, or of anything written as text.
    public func textArray(_ column: String) throws(PostgresError) -> [String?]? {
        try decode(column, "a one-dimensional array") { ArrayLiteral.parse($0) }
    }

    /// A one-dimensional array of numbers.
    public func doubleArray(_ column: String) throws(PostgresError) -> [Double?]? {
        try decode(column, "an array of numbers") { text in
            guard let elements = ArrayLiteral.parse(text) else { return nil }
            let numbers = elements.map { $0.flatMap { Double($0) } }
            return zip(elements, numbers).allSatisfy { ($0 == nil) == ($1 == nil) } ? numbers : nil
        }
    }

    /// The value as text; throws when it is null.
    public func requireText(_ column: String) throws(PostgresError) -> String {
        try require(column, text(column))
    }

    /// A whole number; throws when it is null.
    public func requireInt(_ column: String) throws(PostgresError) -> Int {
        try require(column, int(column))
    }

    /// A number; throws when it is null.
    public func requireDouble(_ column: String) throws(PostgresError) -> Double {
        try require(column, double(column))
    }

    /// A boolean; throws when it is null.
    public func requireBool(_ column: String) throws(PostgresError) -> Bool {
        try require(column, bool(column))
    }

    /// Microseconds since the Unix epoch; throws when it is null.
    public func requireTimestamp(_ column: String) throws(PostgresError) -> Int64 {
        try require(column, timestamp(column))
    }

    /// A `bytea`; throws when it is null.
    public func requireBytes(_ column: String) throws(PostgresError) -> [UInt8] {
        try require(column, bytes(column))
    }

    private func decode<Value>(
        _ column: String,
        _ expected: String,
        _ read: (String) -> Value?
    ) throws(PostgresError) -> Value? {
        guard let text = try text(column) else { return nil }
        guard let value = read(text) else {
            throw PostgresError(.decodeFailed, "column \(column) is not \(expected): \(text.prefix(60))")
        }
        return value
    }

    private func require<Value>(_ column: String, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.decodeFailed, "column \(column) is null, a value was expected") }
        return value
    }
}
