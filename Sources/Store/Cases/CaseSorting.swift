import Cases
import Postgres

/// An order of cases in SQL, and where its pages begin.
///
/// A page is put together from branches that an index carries each, so that it reads about as many cases as it shows,
/// whatever their number: open and ended cases apart, and for an order by grid, post, stage or severity one group after
/// the other.
struct CaseSorting {
    /// What cases are sorted by within the order, or within a group of it: an expression over `hazard_case c`.
    private struct Part {
        let sql: String
        let type: String

        /// What has no limit comes after everything that has one.
        static let due = Part(sql: "coalesce(c.due_at, '2170-01-01 00:00:00+00'::timestamptz)", type: "timestamptz")
        static let severity = Part(sql: "c.severity", type: "integer")
        static let id = Part(sql: "c.id", type: "bigint")
    }

    /// What cases are grouped by first.
    private struct Grouping {
        /// The column of `hazard_case c` with the group's key.
        let column: String
        /// The groups: columns `key` and `place`, which they are sorted by.
        let query: String
        /// Types of these columns.
        let keyType: String
        let placeType: String
        /// Whether a case may have none; such cases come last, in the other direction first.
        let isOptional: Bool
    }

    /// Where a page starts: after the case with these values.
    struct Start: Equatable {
        /// Key of its group; nil for none.
        var group: String?
        /// Its parts; times in microseconds since the Unix epoch.
        var values: [Int64]
    }

    private let order: CaseOrder
    private let grouping: Grouping?
    private let parts: [Part]

    init(_ order: CaseOrder) {
        self.order = order
        self.grouping = Self.grouping(order.key)
        self.parts =
            switch order.key {
            // Within a group the least time left comes first, whatever the direction.
            case .severity, .stage, .place, .assignee: [.due, .id]
            case .left: [.due, .severity, .id]
            case .alerts: [Part(sql: "c.alert_count", type: "integer"), .id]
            case .opened: [Part(sql: "c.opened_at", type: "timestamptz"), .id]
            }
    }

    private static func grouping(_ key: CaseOrder.Key) -> Grouping? {
        switch key {
        case .severity:
            Grouping(
                column: "c.severity",
                query: "SELECT key, key AS place FROM generate_series(1, 4) AS key",
                keyType: "integer",
                placeType: "integer",
                isOptional: false
            )
        case .stage:
            Grouping(
                column: "c.stage",
                query: "SELECT code AS key, position::integer AS place FROM case_stage",
                keyType: "text",
                placeType: "integer",
                isOptional: false
            )
        case .place:
            Grouping(
                column: "c.grid_id",
                query: "SELECT id AS key, code AS place FROM grid",
                keyType: "integer",
                placeType: "text",
                isOptional: true
            )
        case .assignee:
            Grouping(
                column: "c.assignee_post_id",
                query: "SELECT id AS key, title AS place FROM post",
                keyType: "integer",
                placeType: "text",
                isOptional: true
            )
        case .left, .alerts, .opened: nil
        }
    }

    private var direction: String { order.isDescending ? " DESC" : "" }
    private var comparison: String { order.isDescending ? "<" : ">" }

    /// Columns of `page` that say where a case stands in the order.
    private var columns: [String] {
        (grouping == nil ? [] : ["grp_place", "grp_key"]) + parts.indices.map { "part_\($0)" }
    }

    /// What follows ORDER BY, over the columns of `page`.
    var clause: String {
        guard grouping != nil else { return columns.map { $0 + direction }.joined(separator: ", ") }
        let groups = ["grp_key IS NULL", "grp_place", "grp_key"].map { $0 + direction }
        return (groups + parts.indices.map { "part_\($0)" }).joined(separator: ", ")
    }

    /// The columns of `page` that `next` reads, times as such.
    var names: String { columns.joined(separator: ", ") }

    /// A subquery with `case_id` and the columns of the order: the first cases of all that `conditions` hold for, or the
    /// first after a start.
    ///
    /// - Parameters:
    ///   - tables: FROM and joins, with `hazard_case c`; at most one row for each case.
    ///   - states: Conditions on `c` that an index of the order has each, for example that it is open.
    ///   - conditions: What limits the list.
    ///   - grids: Condition on the key of a grid that may have such cases; nil when they are so few that they are sorted
    ///     without an index.
    ///   - start: Where the page begins; nil for the first one.
    ///   - limit: Cases at most.
    ///   - statement: Gets the values of the start.
    /// - Returns: The subquery, in brackets.
    func page(
        _ tables: String,
        states: [String],
        where conditions: String,
        among grids: ((_ key: String) -> String)?,
        after start: Start?,
        limit: Int,
        _ statement: inout QueryBuilder
    ) -> String {
        let bounds = zip(start?.values ?? [], parts).map { value, part in
            part.type == "timestamptz"
                ? "\(statement.bind(.timestamp(microsecondsSinceEpoch: value)))::timestamptz"
                : "\(statement.bind(.int(Int(value))))::\(part.type)"
        }
        let group = grouping.flatMap { grouping in
            start?.group.map { "\(statement.bind(.text($0)))::text::\(grouping.keyType)" }
        }
        let branches = states.flatMap { state -> [String] in
            let source = Source(tables: tables, conditions: "\(state) AND \(conditions)", limit: limit)
            guard let grouping else { return [plain(source, bounds)] }
            guard let grids else { return [sorted(grouping, source, isFirst: start == nil, group: group, bounds)] }
            let groups = order.key == .place ? grids("grp.key") : "true"
            return grouped(grouping, source, groups, isFirst: start == nil, group: group, bounds)
        }
        return
            "(SELECT * FROM (\(branches.joined(separator: "\nUNION ALL\n"))) branch ORDER BY \(clause) LIMIT \(limit))"
    }

    /// Where the cases of a branch come from.
    private struct Source {
        let tables: String
        let conditions: String
        let limit: Int
    }

    private func row(_ parts: [Part]) -> String { "(\(parts.map(\.sql).joined(separator: ", ")))" }

    private var selected: String {
        parts.enumerated().map { "\($1.sql) AS part_\($0)" }.joined(separator: ", ")
    }

    private func plain(_ source: Source, _ bounds: [String]) -> String {
        let start = bounds.isEmpty ? "" : " AND \(row(parts)) \(comparison) (\(bounds.joined(separator: ", ")))"
        let sorted = parts.map { $0.sql + direction }.joined(separator: ", ")
        return """
            (SELECT c.id AS case_id, \(selected) FROM \(source.tables)
             WHERE \(source.conditions)\(start) ORDER BY \(sorted) LIMIT \(source.limit))
            """
    }

    /// The rest of the group that the start lies in, the groups after it, and the cases without a group.
    private func grouped(
        _ grouping: Grouping,
        _ source: Source,
        _ groups: String,
        isFirst: Bool,
        group: String?,
        _ bounds: [String]
    ) -> [String] {
        let rest = "\(row(parts)) > (\(bounds.joined(separator: ", ")))"
        let none = "\(grouping.column) IS NULL"
        let placeless = "NULL::\(grouping.placeType)", keyless = "NULL::\(grouping.keyType)"
        var branches: [String] = []
        if let group {
            let place = "(SELECT grp.place FROM (\(grouping.query)) grp WHERE grp.key = \(group))"
            let own = "\(grouping.column) = \(group) AND \(rest)"
            branches.append(within(source, own, place: "\(place)::\(grouping.placeType)", key: group))
            let later = "(grp.place, grp.key) \(comparison) (\(place), \(group))"
            branches.append(across(grouping, source, "\(groups) AND \(later)"))
            if grouping.isOptional, !order.isDescending {
                branches.append(within(source, none, place: placeless, key: keyless))
            }
        } else if isFirst {
            branches.append(across(grouping, source, groups))
            if grouping.isOptional { branches.append(within(source, none, place: placeless, key: keyless)) }
        } else {
            branches.append(within(source, "\(none) AND \(rest)", place: placeless, key: keyless))
            if order.isDescending { branches.append(across(grouping, source, groups)) }
        }
        return branches
    }

    /// The first cases of all groups, sorted together.
    private func sorted(
        _ grouping: Grouping,
        _ source: Source,
        isFirst: Bool,
        group: String?,
        _ bounds: [String]
    ) -> String {
        let rest = "\(row(parts)) > (\(bounds.joined(separator: ", ")))"
        var start = "true"
        if let group {
            let place = "(SELECT own.place FROM (\(grouping.query)) own WHERE own.key = \(group))"
            let none = order.isDescending ? "" : " OR grp.key IS NULL"
            start = "(grp.key = \(group) AND \(rest) OR (grp.place, grp.key) \(comparison) (\(place), \(group))\(none))"
        } else if !isFirst {
            start = "(grp.key IS NULL AND \(rest)\(order.isDescending ? " OR grp.key IS NOT NULL" : ""))"
        }
        let keys = ["grp.key IS NULL", "grp.place", "grp.key"].map { $0 + direction } + parts.map(\.sql)
        return """
            (SELECT c.id AS case_id, grp.place AS grp_place, grp.key AS grp_key, \(selected)
             FROM \(source.tables) LEFT JOIN (\(grouping.query)) grp ON grp.key = \(grouping.column)
             WHERE \(source.conditions) AND \(start) ORDER BY \(keys.joined(separator: ", ")) LIMIT \(source.limit))
            """
    }

    /// The first cases of one group.
    private func within(_ source: Source, _ condition: String, place: String, key: String) -> String {
        """
        (SELECT c.id AS case_id, \(place) AS grp_place, \(key) AS grp_key, \(selected) FROM \(source.tables)
         WHERE \(condition) AND \(source.conditions)
         ORDER BY \(parts.map(\.sql).joined(separator: ", ")) LIMIT \(source.limit))
        """
    }

    /// The first cases of groups, one group after the other until there are enough.
    private func across(_ grouping: Grouping, _ source: Source, _ condition: String) -> String {
        let sorted = ["grp.place", "grp.key"].map { $0 + direction } + parts.indices.map { "own.part_\($0)" }
        // The groups come sorted, so that the database sorts the cases of one group at a time and stops early.
        let groups = "(\(grouping.query) ORDER BY place\(direction), key\(direction)) grp"
        return """
            (SELECT own.case_id, grp.place AS grp_place, grp.key AS grp_key,
                \(parts.indices.map { "own.part_\($0)" }.joined(separator: ", "))
             FROM \(groups) CROSS JOIN LATERAL (
                SELECT c.id AS case_id, \(selected) FROM \(source.tables)
                WHERE \(grouping.column) = grp.key AND \(source.conditions)
                ORDER BY \(parts.map(\.sql).joined(separator: ", ")) LIMIT \(source.limit)) own
             WHERE \(condition) ORDER BY \(sorted.joined(separator: ", ")) LIMIT \(source.limit))
            """
    }
}

extension CaseSorting {
    /// What cursors of this order begin with.
    private var mark: String { "\(order.key.rawValue)\(order.isDescending ? "-" : "")" }

    /// What `next` gave, read again; nil for anything that cannot be a start in this order.
    ///
    /// A cursor names keys and numbers, never the text that is sorted by: its length has a bound.
    func start(_ text: String?) -> Start? {
        guard let fields = text?.split(separator: ".", omittingEmptySubsequences: false),
            fields.first == Substring(mark),
            fields.count == 1 + (grouping == nil ? 0 : 1) + parts.count
        else { return nil }
        let values = fields.suffix(parts.count).compactMap { Int64($0) }
        guard values.count == parts.count else { return nil }
        let isPossible = zip(values, parts).allSatisfy { value, part in
            switch part.type {
            case "timestamptz": TimeCursor.possible.contains(value)
            case "integer": Int32(exactly: value) != nil
            default: true
            }
        }
        guard isPossible else { return nil }
        guard let grouping else { return Start(group: nil, values: values) }
        let group = String(fields[1])
        if group.isEmpty { return grouping.isOptional ? Start(group: nil, values: values) : nil }
        let isKey = grouping.keyType == "text" ? CaseStage(rawValue: group) != nil : Int32(group) != nil
        return isKey ? Start(group: group, values: values) : nil
    }

    /// Where the page after a row begins; reads `names`.
    func next(_ row: PostgresRow) throws -> String {
        var fields = [mark]
        if grouping != nil { fields.append(try row.text("grp_key") ?? "") }
        for (index, part) in parts.enumerated() {
            let column = "part_\(index)"
            let value =
                part.type == "timestamptz" ? try row.requireTimestamp(column) : Int64(try row.requireInt(column))
            fields.append(String(value))
        }
        return fields.joined(separator: ".")
    }
}
