import CPostgres

/// A statement with its parameters, encoded for libpq.
struct Statement: Sendable {
    /// The most parameters that the protocol can carry.
    static let maximumParameters = 65_535

    let sql: String
    private let parameters: [[UInt8]?]
    private let isScript: Bool

    /// Encodes one statement.
    ///
    /// - Throws: `queryFailed` for text that PostgreSQL cannot hold, and for too many parameters.
    init(_ sql: String, _ values: [PostgresValue]) throws(PostgresError) {
        guard values.count <= Self.maximumParameters else {
            throw PostgresError(
                .queryFailed,
                "\(values.count) parameters, at most \(Self.maximumParameters) are possible: pass arrays and unnest them"
            )
        }
        var parameters: [[UInt8]?] = []
        for (index, value) in values.enumerated() {
            guard let text = value.encoded else {
                parameters.append(nil)
                continue
            }
            let bytes = Array(text.utf8)
            guard !bytes.contains(0) else {
                throw PostgresError(
                    .queryFailed,
                    "parameter $\(index + 1) holds a NUL character, which PostgreSQL text cannot store"
                )
            }
            parameters.append(bytes + [0])
        }
        self.sql = sql
        self.parameters = parameters
        self.isScript = false
    }

    /// Takes several statements, separated by semicolons, without parameters.
    init(script: String) {
        self.sql = script
        self.parameters = []
        self.isScript = true
    }

    /// Hands the statement to libpq, which copies it.
    ///
    /// - Returns: False when the connection is broken.
    func send(over connection: OpaquePointer) -> Bool {
        if isScript { return PQsendQuery(connection, sql) == 1 }
        var pointers: [UnsafePointer<CChar>?] = []
        let flat = parameters.flatMap { $0 ?? [] }
        return flat.withUnsafeBytes { buffer in
            var offset = 0
            for parameter in parameters {
                guard let parameter else {
                    pointers.append(nil)
                    continue
                }
                pointers.append(buffer.baseAddress.map { ($0 + offset).assumingMemoryBound(to: CChar.self) })
                offset += parameter.count
            }
            return PQsendQueryParams(connection, sql, Int32(pointers.count), nil, pointers, nil, nil, 0) == 1
        }
    }
}

/// A `PGresult`, freed once.
struct RawResult: ~Copyable {
    private let pointer: OpaquePointer

    init(owning pointer: OpaquePointer) {
        self.pointer = pointer
    }

    deinit { PQclear(pointer) }

    var status: ExecStatusType { PQresultStatus(pointer) }

    /// The rows, copied out.
    func decoded() -> PostgresResult {
        let columnCount = PQnfields(pointer)
        let columns = PostgresColumns(names: (0..<columnCount).map { String(cString: PQfname(pointer, $0)) })
        let rows = (0..<PQntuples(pointer)).map { row in
            PostgresRow(columns: columns, cells: (0..<columnCount).map { cell(row: row, column: $0) })
        }
        let affected = PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0
        let tag = PQcmdStatus(pointer).map { String(cString: $0) } ?? ""
        return PostgresResult(rows: rows, affected: affected, tag: tag)
    }

    private func cell(row: Int32, column: Int32) -> String? {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return nil }
        let length = Int(PQgetlength(pointer, row, column))
        return start.withMemoryRebound(to: UInt8.self, capacity: length) { bytes in
            String(decoding: UnsafeBufferPointer(start: bytes, count: length), as: UTF8.self)
        }
    }

    /// The server's refusal, with the place in `sql` where it names one.
    func error(in sql: String) -> PostgresError {
        let state = field(Int32(UInt8(ascii: "C")))
        var message = field(Int32(UInt8(ascii: "M"))) ?? "the statement failed without a reason"
        if let detail = field(Int32(UInt8(ascii: "D"))) { message += ". Detail: \(detail)" }
        if let hint = field(Int32(UInt8(ascii: "H"))) { message += ". Hint: \(hint)" }
        if let position = field(Int32(UInt8(ascii: "P"))).flatMap({ Int($0) }) {
            message += ". At \(Self.place(of: position, in: sql))"
        }
        let code: PostgresError.Code = state == "57014" ? .timedOut : .queryFailed
        if state == "25006" {
            message += ": the database takes no writes; when it is a standby, name every host of the cluster in the "
            message += "connection string (host=a,b), and the one that does is found"
        }
        return PostgresError(code, message, sqlState: state, constraint: field(Int32(UInt8(ascii: "n"))))
    }

    private func field(_ code: Int32) -> String? {
        PQresultErrorField(pointer, code).map { String(cString: $0) }
    }

    /// Line and column of the character `position` (1 is the first), with the text that follows.
    private static func place(of position: Int, in sql: String) -> String {
        let scalars = sql.unicodeScalars
        let before = scalars.prefix(max(0, position - 1))
        let line = before.reduce(1) { $1 == "\n" ? $0 + 1 : $0 }
        let lineStart = before.lastIndex(of: "\n").map { before.index(after: $0) } ?? before.startIndex
        let column = before.distance(from: lineStart, to: before.endIndex) + 1
        let rest = String(String.UnicodeScalarView(scalars.dropFirst(before.count).prefix { $0 != "\n" }.prefix(40)))
        return "line \(line) column \(column), near \"\(rest)\""
    }
}
