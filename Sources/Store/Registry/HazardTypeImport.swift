import Postgres

/// Imports the hazard types inside a transaction.
struct HazardTypeImport {
    let connection: PostgresConnection
    let file: String
    let progress: ImportProgress.Handler

    private struct HazardType: Sendable {
        let code: String
        let scheme: String
        let theme: String
        let chinese: String
        let english: String
        let severity: Int
        let minutes: Int
        let restricted: Bool
    }

    private static let columns = [
        "code", "code_scheme", "theme", "name_zh", "name_en", "severity", "handle_minutes", "restricted",
    ]
    private static let schemes = ["GBT47678.5-2026", "GBT30428.2", "CJT214", "LOCAL"]
    private static let themes = ["AQSC", "DLJT", "FNS", "JDFZ", "XFWW", "CSGL", "SBGZ"]

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        var sheet = try SheetImport<HazardType>(file: file, required: Self.columns, progress: progress)
        var types: [HazardType] = []
        try await sheet.run(&report, key: \.code) { row throws(RowProblem) in
            HazardType(
                code: try row.text("code", limit: 32),
                scheme: try row.choice("code_scheme", Self.schemes),
                theme: try row.choice("theme", Self.themes),
                chinese: try row.text("name_zh"),
                english: try row.text("name_en"),
                severity: try row.number("severity", in: 1...4),
                minutes: try row.number("handle_minutes", in: 5...43_200),
                restricted: try row.choice("restricted", ["true", "false"]) == "true"
            )
        } store: {
            types += $0.map(\.record)
        }
        try await merge(types, &report)
        return report
    }

    private func merge(_ types: [HazardType], _ report: inout ImportReport) async throws {
        let values: [PostgresValue] = [
            .textArray(types.map(\.code)), .textArray(types.map(\.scheme)), .textArray(types.map(\.theme)),
            .textArray(types.map(\.chinese)), .textArray(types.map(\.english)), .intArray(types.map(\.severity)),
            .intArray(types.map(\.minutes)), .boolArray(types.map(\.restricted)),
        ]
        let list = Self.columns.joined(separator: ", ")
        let incoming = """
            unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::smallint[], $7::integer[],
                $8::boolean[]) AS i (\(list))
            """
        let old = Self.columns.map { "h." + $0 }.joined(separator: ", ")
        let new = Self.columns.map { "i." + $0 }.joined(separator: ", ")
        report.updated = try await connection.query(
            """
            UPDATE hazard_type h SET (\(list)) = ROW (\(new)) FROM \(incoming)
            WHERE h.code = i.code AND (\(old)) IS DISTINCT FROM (\(new))
            """,
            values
        ).affected
        report.inserted = try await connection.query(
            """
            INSERT INTO hazard_type (\(list)) SELECT \(new) FROM \(incoming)
            WHERE NOT EXISTS (SELECT FROM hazard_type h WHERE h.code = i.code)
            """,
            values
        ).affected
        report.unchanged = types.count - report.updated - report.inserted
    }
}
