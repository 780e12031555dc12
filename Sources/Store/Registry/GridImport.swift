import CityGrid
import Foundation
import Postgres

/// Imports the grid tree inside a transaction: as a whole or, when one feature is wrong, not at all.
struct GridImport {
    let connection: PostgresConnection
    let policy: MappingPolicy
    let file: String
    let progress: ImportProgress.Handler

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        let data = try SheetFile.whole(file)
        let grids: GridFile
        do {
            grids = try GridFile(json: Array(data))
        } catch {
            throw StoreError(.invalid, "\(file): \(error.message)")
        }
        report.read = grids.features.count + grids.problems.count
        for problem in grids.problems {
            report.rejected.add(
                RowIssue(row: problem.position, column: problem.part, value: problem.code, reason: problem.reason)
            )
        }
        try await stage(grids.features)
        try await reject(&report)
        progress(ImportProgress(file: file, rows: report.read, bytes: data.count, totalBytes: data.count))
        guard report.rejected.total == 0 else {
            report.outcome = .refused
            return report
        }
        try await merge(&report)
        try await warn(&report)
        if report.inserted + report.updated > 0 {
            var mapping = MappingRun(connection: connection, policy: policy)
            report.mapping = try await mapping.all()
        }
        return report
    }

    private func stage(_ features: [GridFeature]) async throws {
        try await connection.query(
            """
            CREATE TEMPORARY TABLE incoming_grid (
                position bigint, code text, name text, level smallint, parent text, geom geometry (MultiPolygon, 4326)
            ) ON COMMIT DROP
            """
        )
        try await connection.query(
            """
            INSERT INTO incoming_grid
            SELECT row, code, name, level, parent, ST_GeomFromText(wkt, 4326)
            FROM unnest($1::text[], $2::text[], $3::smallint[], $4::text[], $5::text[]) WITH ORDINALITY
                AS t (code, name, level, parent, wkt, row)
            """,
            [
                .textArray(features.map(\.code.text)), .textArray(features.map(\.name)),
                .intArray(features.map(\.code.level.rawValue)), .textArray(features.map(\.parent?.text)),
                .textArray(features.map(\.geometry.wellKnownText)),
            ]
        )
    }

    /// What only shows when the features are seen together, or to PostGIS.
    private func reject(_ report: inout ImportReport) async throws {
        let rows = try await connection.query(
            """
            SELECT code, 'the code is there ' || count(*) || ' times; every grid has its own' AS reason
            FROM incoming_grid GROUP BY code HAVING count(*) > 1
            UNION ALL
            SELECT code, 'its parent ' || parent || ' is neither in the file nor in the database'
            FROM incoming_grid i WHERE parent IS NOT NULL
                AND NOT EXISTS (SELECT FROM incoming_grid p WHERE p.code = i.parent)
                AND NOT EXISTS (SELECT FROM grid g WHERE g.code = i.parent)
            UNION ALL
            SELECT code, 'its boundary is not usable: ' || ST_IsValidReason(geom)
            FROM incoming_grid WHERE NOT ST_IsValid(geom)
            ORDER BY 1
            """
        ).rows
        for row in rows {
            let code = try row.requireText("code")
            report.rejected.add(
                RowIssue(
                    row: 0,
                    column: "code",
                    value: code,
                    reason: "grid \(code): " + (try row.requireText("reason"))
                )
            )
        }
    }

    private func merge(_ report: inout ImportReport) async throws {
        for level in GridLevel.allCases {
            let incoming = """
                (SELECT n.code, n.name, n.level, p.id AS parent_id, n.geom FROM incoming_grid n
                LEFT JOIN grid p ON p.code = n.parent WHERE n.level = \(level.rawValue)) i
                """
            report.updated += try await connection.query(
                """
                UPDATE grid g SET name = i.name, parent_id = i.parent_id, geom = i.geom FROM \(incoming)
                WHERE g.code = i.code
                    AND (g.name, g.parent_id, g.geom) IS DISTINCT FROM (i.name, i.parent_id, i.geom)
                """
            ).affected
            report.inserted += try await connection.query(
                """
                INSERT INTO grid (code, name, level, parent_id, geom)
                SELECT i.code, i.name, i.level, i.parent_id, i.geom FROM \(incoming)
                WHERE NOT EXISTS (SELECT FROM grid g WHERE g.code = i.code) ORDER BY i.code
                """
            ).affected
        }
        report.unchanged = report.read - report.updated - report.inserted
        // Without statistics the mapping would look at every grid for every camera.
        try await connection.query("ANALYZE grid")
    }

    /// Square metres that surveying may leave between neighbours without a word.
    private static let tolerance = 1.0

    /// Real boundaries are rarely perfect: gaps and overlaps are told, not refused.
    private func warn(_ report: inout ImportReport) async throws {
        let rows = try await connection.query(
            """
            WITH family AS (
                SELECT p.code, p.geom, ST_Union(c.geom) AS filled, sum(ST_Area(c.geom::geography)) AS parts
                FROM grid p JOIN grid c ON c.parent_id = p.id GROUP BY p.id
            ), finding AS (
                SELECT code, ST_Area(ST_Difference(geom, filled)::geography) AS gap,
                    ST_Area(ST_Difference(filled, geom)::geography) AS outside,
                    parts - ST_Area(filled::geography) AS overlap FROM family
                UNION ALL
                SELECT code, ST_Area(geom::geography), 0, 0 FROM grid g
                WHERE level < 4 AND NOT EXISTS (SELECT FROM grid c WHERE c.parent_id = g.id)
            )
            SELECT * FROM finding WHERE greatest(gap, outside, overlap) > $1 ORDER BY code
            """,
            [.double(Self.tolerance)]
        ).rows
        for row in rows {
            let code = try row.requireText("code")
            let reason =
                "grid \(code): its children leave \(try Self.area(row, "gap")) of it uncovered, reach "
                + "\(try Self.area(row, "outside")) beyond it and overlap on \(try Self.area(row, "overlap"))"
            report.warnings.add(RowIssue(row: 0, column: "geometry", value: code, reason: reason))
        }
    }

    private static func area(_ row: PostgresRow, _ column: String) throws(PostgresError) -> String {
        "\(Int(max(0, try row.requireDouble(column)).rounded())) m²"
    }
}
