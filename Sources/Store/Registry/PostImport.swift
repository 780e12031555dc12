import CityGrid
import Postgres

/// Imports the posts inside a transaction.
struct PostImport {
    let connection: PostgresConnection
    let file: String
    let progress: ImportProgress.Handler

    private struct Post: Sendable {
        let code: String
        let title: String
        let kind: String
        let grid: Int?
    }

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        var sheet = try SheetImport<Post>(file: file, required: ["code", "title", "kind", "grid"], progress: progress)
        let grids = try await grids()
        var posts: [Post] = []
        try await sheet.run(&report, key: \.code) { row throws(RowProblem) in
            try Self.post(row, grids)
        } store: {
            posts += $0.map(\.record)
        }
        try await merge(posts, &report)
        return report
    }

    private func grids() async throws -> [String: Int] {
        let rows = try await connection.query("SELECT code, id FROM grid").rows
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.requireText("code"), try $0.requireInt("id")) })
    }

    private static func post(_ row: SheetRow, _ grids: [String: Int]) throws(RowProblem) -> Post {
        let kind = try row.choice("kind", ["grid_leader", "micro_grid_leader", "maintenance"])
        let written = row["grid"]
        if kind == "maintenance", !written.isEmpty {
            throw RowProblem("grid", written, "a maintenance unit has no grid; leave it empty")
        }
        var grid: Int?
        if kind != "maintenance" {
            let code: GridCode
            do {
                code = try GridCode(written)
            } catch {
                throw RowProblem("grid", written, error.message)
            }
            if (kind == "micro_grid_leader") != (code.level == .micro) {
                throw RowProblem("grid", written, "a \(kind) does not lead a grid of level \(code.level.rawValue)")
            }
            guard let known = grids[code.text] else {
                throw RowProblem("grid", written, "there is no such grid; import the grids first")
            }
            grid = known
        }
        return Post(code: try row.text("code", limit: 64), title: try row.text("title"), kind: kind, grid: grid)
    }

    private func merge(_ posts: [Post], _ report: inout ImportReport) async throws {
        let values: [PostgresValue] = [
            .textArray(posts.map(\.code)), .textArray(posts.map(\.title)), .textArray(posts.map(\.kind)),
            .intArray(posts.map(\.grid)),
        ]
        let incoming = "unnest($1::text[], $2::text[], $3::text[], $4::integer[]) AS i (code, title, kind, grid_id)"
        report.updated = try await connection.query(
            """
            UPDATE post p SET title = i.title, kind = i.kind, grid_id = i.grid_id FROM \(incoming)
            WHERE p.code = i.code AND (p.title, p.kind, p.grid_id) IS DISTINCT FROM (i.title, i.kind, i.grid_id)
            """,
            values
        ).affected
        report.inserted = try await connection.query(
            """
            INSERT INTO post (code, title, kind, grid_id) SELECT i.code, i.title, i.kind, i.grid_id FROM \(incoming)
            WHERE NOT EXISTS (SELECT FROM post p WHERE p.code = i.code)
            """,
            values
        ).affected
        report.unchanged = posts.count - report.updated - report.inserted
    }
}
