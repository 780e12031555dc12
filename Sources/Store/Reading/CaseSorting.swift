import FoundationEssentials
import Postgres

/// An order of cases in SQL, and where its pages begin.
struct CaseSorting {
    /// A part of the order: an expression over the tables of `CaseReader`, and its type.
    private struct Part {
        let sql: String
        let type: String
    }

    private let parts: [Part]
    private let isDescending: Bool

    init(_ order: CaseOrder) {
        // What has no limit comes after everything that has one.
        let due = Part(sql: "coalesce(c.due_at, '2170-01-01 00:00:00+00'::timestamptz)", type: "timestamptz")
        let severity = Part(sql: "c.severity", type: "integer")
        let own: [Part] =
            switch order.key {
            // Also with the least severe first, the least time left is the most urgent.
            case .severity: [order.isDescending ? Part(sql: "-c.severity", type: "integer") : severity, due]
            case .left: [due, severity]
            case .stage:
                [Part(sql: "(SELECT s.position FROM case_stage s WHERE s.code = c.stage)", type: "integer"), due]
            case .place: [Self.last(ifNull: "g.id"), Part(sql: "coalesce(g.code, '')", type: "text"), due]
            case .assignee:
                [Self.last(ifNull: "assignee.id"), Part(sql: "coalesce(assignee.title, '')", type: "text"), due]
            case .alerts: [Part(sql: "c.alert_count", type: "integer")]
            case .opened: [Part(sql: "c.opened_at", type: "timestamptz")]
            }
        self.parts = own + [Part(sql: "c.id", type: "bigint")]
        self.isDescending = order.isDescending && order.key != .severity
    }

    private static func last(ifNull column: String) -> Part { Part(sql: "(\(column) IS NULL)::int", type: "integer") }

    /// Columns that `next` reads.
    var columns: String {
        parts.enumerated().map { "(\($1.sql))::text AS sort_\($0)" }.joined(separator: ", ")
    }

    /// The names of `columns`.
    var names: String { parts.indices.map { "sort_\($0)" }.joined(separator: ", ") }

    /// What follows ORDER BY.
    var clause: String { parts.map { $0.sql + (isDescending ? " DESC" : "") }.joined(separator: ", ") }

    /// What `next` gave, read again; nil for anything that cannot be a start in this order.
    func start(_ text: String?) -> [String]? {
        guard let text, let data = Data(base64Encoded: text.replacing("-", with: "+").replacing("_", with: "/")),
            let values = try? JSONDecoder().decode([String].self, from: data), values.count == parts.count
        else { return nil }
        let isPossible = zip(values, parts).allSatisfy { value, part in
            switch part.type {
            case "text": !value.utf8.contains(0)
            case "timestamptz": value.wholeMatch(of: /\d{4}-[\d :.+-]{8,40}/) != nil
            case "integer": Int32(value) != nil
            default: Int64(value) != nil
            }
        }
        return isPossible ? values : nil
    }

    /// The condition for what comes after a start.
    func condition(_ start: [String], _ statement: inout Statement) -> String {
        let bound = zip(start, parts).map { "\(statement.bind(.text($0)))::text::\($1.type)" }
        let own = parts.map(\.sql).joined(separator: ", ")
        return "(\(own)) \(isDescending ? "<" : ">") (\(bound.joined(separator: ", ")))"
    }

    /// Where the page after a row begins.
    func next(_ row: PostgresRow) throws -> String {
        let values = try parts.indices.map { try row.requireText("sort_\($0)") }
        let text = (try JSONEncoder().encode(values)).base64EncodedString()
        return text.replacing("+", with: "-").replacing("/", with: "_")
    }
}
