import Cases
import Postgres

/// Which post gets the task of a case.
struct PostFinder {
    let connection: PostgresConnection

    /// The post of each case.
    ///
    /// Camera faults go to the unit that repairs the camera; everything else to the post that holds the case's grid, or
    /// else the nearest grid above it. Cases without any are left out.
    func posts(for cases: [Int]) async throws -> [Int: Int] {
        let rows = try await connection.query(
            """
            WITH RECURSIVE up AS (
                SELECT h.id AS case_id, g.id AS grid_id, g.parent_id, g.level
                FROM hazard_case h JOIN grid g ON g.id = h.grid_id WHERE h.id = ANY ($1::bigint[])
                UNION ALL
                SELECT up.case_id, g.id, g.parent_id, g.level FROM up JOIN grid g ON g.id = up.parent_id),
            able AS (
                SELECT up.case_id, p.id AS post_id, up.level, p.code,
                    (up.level = 4) = (p.kind = 'micro_grid_leader') AS is_usual
                FROM up JOIN post p ON p.grid_id = up.grid_id WHERE p.kind <> 'maintenance'
                UNION ALL
                SELECT h.id, p.id, 5, p.code, true
                FROM hazard_case h JOIN hazard_type t ON t.code = h.hazard_type AND t.theme = 'SBGZ'
                JOIN camera c ON c.id = h.camera_id
                JOIN post p ON p.kind = 'maintenance' AND c.maintenance_unit IN (p.code, p.title)
                WHERE h.id = ANY ($1::bigint[]))
            SELECT DISTINCT ON (case_id) case_id, post_id FROM able
            ORDER BY case_id, level DESC, is_usual DESC, code
            """,
            [.intArray(cases)]
        ).rows
        var posts: [Int: Int] = [:]
        for row in rows { posts[try row.requireInt("case_id")] = try row.requireInt("post_id") }
        return posts
    }
}

/// Reports and dispatches cases without a person, where a rule may do so.
struct AutomaticDispatch {
    let connection: PostgresConnection

    /// Dispatches cases that are in inspection; those that no post can take stay there.
    ///
    /// - Returns: How many were dispatched.
    func dispatch(_ cases: [Int]) async throws -> Int {
        guard !cases.isEmpty else { return 0 }
        let ledger = CaseLedger(connection: connection)
        let posts = try await PostFinder(connection: connection).posts(for: cases)
        let entries = try await ledger.lock(Array(posts.keys))
        var reports: [CaseMove] = []
        var dispatches: [CaseMove] = []
        for entry in entries {
            guard let post = posts[entry.id] else { continue }
            let report = try CaseWorkflow.apply(.report, to: entry.state, by: .system)
            let dispatch = try CaseWorkflow.apply(.dispatch(post: post), to: report.after, by: .system)
            reports.append(CaseMove(caseID: entry.id, change: report, actor: .system))
            dispatches.append(CaseMove(caseID: entry.id, change: dispatch, actor: .system))
        }
        try await ledger.write(reports)
        try await ledger.write(dispatches)
        return dispatches.count
    }
}
