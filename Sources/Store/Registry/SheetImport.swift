import CityGrid
import Postgres

/// Why a row is left out.
struct RowProblem: Error {
    let column: String
    let value: String
    let reason: String

    init(_ column: String, _ value: String, _ reason: String) {
        self.column = column
        self.value = value
        self.reason = reason
    }
}

/// The fields of one row by the names of their columns.
struct SheetRow {
    let line: Int
    let fields: [String]
    let positions: [String: Int]

    /// What programs and people write for nothing, in small letters.
    private static let nothing: Set<String> = [
        "-", "--", "—", "——", "/", "\\", "无", "null", "(null)", "<null>", "none", "nil", "nan", "n/a", "#n/a", "\\n",
    ]
    /// Bytes of the longest of them.
    private static let longestNothing = 6
    /// What a spreadsheet shows where it could not calculate.
    private static let errorValues: Set<String> = [
        "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NUM!", "#NULL!", "#SPILL!",
    ]

    /// The field; empty when the file does not have the column, or has a word for nothing there.
    subscript(column: String) -> String {
        guard let position = positions[column] else { return "" }
        let field = fields[position]
        return field.utf8.count <= Self.longestNothing && Self.nothing.contains(field.lowercased()) ? "" : field
    }

    /// The field as a number is written, see `NumberText`.
    func numberText(_ column: String) -> String { NumberText.plain(self[column]) }

    /// A field that must not be empty and is at most `limit` characters long.
    func text(_ column: String, limit: Int = 200) throws(RowProblem) -> String {
        let value = self[column]
        guard !value.isEmpty else { throw RowProblem(column, value, "is empty; every row needs it") }
        return try checked(column, value, limit)
    }

    /// A field that may be empty and is at most `limit` characters long.
    func optionalText(_ column: String, limit: Int = 200) throws(RowProblem) -> String? {
        let value = self[column]
        return value.isEmpty ? nil : try checked(column, value, limit)
    }

    /// A whole number within bounds.
    func number(_ column: String, in range: ClosedRange<Int>) throws(RowProblem) -> Int {
        guard let number = Int(numberText(column)), range.contains(number) else {
            throw RowProblem(
                column,
                self[column],
                "is no whole number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// One of some words.
    func choice(_ column: String, _ allowed: [String]) throws(RowProblem) -> String {
        guard allowed.contains(self[column]) else {
            throw RowProblem(column, self[column], "is not known; write one of \(allowed.joined(separator: ", "))")
        }
        return self[column]
    }

    private func checked(_ column: String, _ value: String, _ limit: Int) throws(RowProblem) -> String {
        guard !Self.errorValues.contains(value) else {
            throw RowProblem(column, value, "is an error of the spreadsheet's formula, not a value; correct it there")
        }
        guard value.count <= limit else {
            throw RowProblem(column, value, "has \(value.count) characters, at most \(limit) are stored")
        }
        return value
    }
}

/// Reads a sheet in batches, leaves out and reports the rows that are wrong, and hands on the others.
struct SheetImport<Record: Sendable> {
    /// A row that can be stored.
    struct Good: Sendable {
        let line: Int
        let record: Record
    }

    private var sheet: SheetFile
    private let keyColumn: String
    private let progress: ImportProgress.Handler
    private let positions: [String: Int]
    private var lineOfKey: [String: Int] = [:]
    /// The keys that stand in more than one row.
    private(set) var repeated: Set<String> = []

    private static var batchSize: Int { 2000 }

    /// Opens the file; `required` are the columns without which nothing works, the first one is the key.
    init(file: String, required: [String], progress: @escaping ImportProgress.Handler) throws {
        sheet = try SheetFile(path: file, required: required)
        keyColumn = required[0]
        positions = Dictionary(sheet.header.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        self.progress = progress
    }

    var header: [String] { sheet.header }

    /// Reads the file to its end.
    ///
    /// `report` gets the rows read and those rejected; no two rows may share a `key`; `parse` makes a record of a row;
    /// `store` takes a batch of good rows.
    mutating func run(
        _ report: inout ImportReport,
        key: (Record) -> String,
        parse: (SheetRow) throws(RowProblem) -> Record,
        store: ([Good]) async throws -> Void
    ) async throws {
        while true {
            let rows = try sheet.next(Self.batchSize)
            if rows.isEmpty { break }
            var good: [Good] = []
            for row in rows {
                report.read += 1
                do {
                    let record = try parsed(row, parse)
                    try claim(key(record), line: row.line)
                    good.append(Good(line: row.line, record: record))
                } catch {
                    report.rejected.add(
                        RowIssue(row: row.line, column: error.column, value: error.value, reason: error.reason)
                    )
                }
            }
            try await store(good)
            progress(sheet.progress)
        }
        if report.read == 0 {
            report.warnings.add(RowIssue(row: 0, reason: "there is no row below the header, so nothing to import"))
        }
    }

    private func parsed(
        _ row: SheetFile.Row,
        _ parse: (SheetRow) throws(RowProblem) -> Record
    ) throws(RowProblem) -> Record {
        switch row.fields {
        case .success(let fields):
            return try parse(SheetRow(line: row.line, fields: fields, positions: positions))
        case .failure(let error):
            throw RowProblem("", "", error.message)
        }
    }

    private mutating func claim(_ key: String, line: Int) throws(RowProblem) {
        if let first = lineOfKey[key] {
            repeated.insert(key)
            throw RowProblem(keyColumn, key, "is on row \(first) already; that row is kept, give this one its own")
        }
        lineOfKey[key] = line
    }
}
