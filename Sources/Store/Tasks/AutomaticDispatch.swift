import Cases
import Postgres

/// Which post gets the task of a case.
struct PostFinder {
    let connection: PostgresConnection

    /// What was found for a case.
    struct Found: Sendable {
        /// The post; nil when none of the grid line has a person.
        var post: Int?
        /// Titles of the posts that would have come first and have nobody.
        var vacant: [String] = []
    }

    /// Condition on `post p`: somebody holds it who can log in and work on a task.
    static let hasPerson = """
        EXISTS (SELECT FROM account holder WHERE holder.post_id = p.id AND holder.role = 'worker'
            AND NOT holder.disabled)
        """

    /// Title of a post that nobody holds who could work on a task; nil when somebody does.
    func titleIfVacant(_ post: Int) async throws -> String? {
        let sql = "SELECT p.title FROM post p WHERE p.id = $1 AND NOT \(Self.hasPerson)"
        return try await connection.query(sql, [.int(post)]).rows.first?.text("title")
    }

    /// The post of each case.
    ///
    /// Camera faults go to the unit that repairs the camera; everything else to the post that holds the case's grid, or
    /// else the nearest grid above it. A post without a person is passed over: nobody would see the task. Cases whose
    /// line has no post at all are left out.
    func posts(for cases: [Int]) async throws -> [Int: Found] {
        let rows = try await connection.query(
            """
            WITH RECURSIVE up AS (
                SELECT h.id AS case_id, g.id AS grid_id, g.parent_id, g.level
                FROM hazard_case h JOIN grid g ON g.id = h.grid_id WHERE h.id = ANY ($1::bigint[])
                UNION ALL
                SELECT up.case_id, g.id, g.parent_id, g.level FROM up JOIN grid g ON g.id = up.parent_id),
            able AS (
                SELECT up.case_id, p.id AS post_id, up.level, (up.level = 4) = (p.kind = 'micro_grid_leader') AS is_usual
                FROM up JOIN post p ON p.grid_id = up.grid_id WHERE p.kind <> 'maintenance'
                UNION ALL
                SELECT h.id, p.id, 5, true
                FROM hazard_case h JOIN hazard_type t ON t.code = h.hazard_type AND t.theme = 'SBGZ'
                JOIN camera c ON c.id = h.camera_id
                JOIN post p ON p.kind = 'maintenance' AND c.maintenance_unit IN (p.code, p.title)
                WHERE h.id = ANY ($1::bigint[]))
            SELECT a.case_id, p.id AS post_id, p.title, \(Self.hasPerson) AS has_person
            FROM able a JOIN post p ON p.id = a.post_id
            ORDER BY a.case_id, a.level DESC, a.is_usual DESC, p.code
            """,
            [.intArray(cases)]
        ).rows
        var found: [Int: Found] = [:]
        for row in rows {
            let id = try row.requireInt("case_id")
            var line = found[id] ?? Found()
            guard line.post == nil else { continue }
            if try row.requireBool("has_person") {
                line.post = try row.requireInt("post_id")
            } else {
                line.vacant.append(try row.requireText("title"))
            }
            found[id] = line
        }
        return found
    }
}

/// Reports and dispatches cases without a person, where a rule may do so.
struct AutomaticDispatch {
    let connection: PostgresConnection

    /// Dispatches cases that are in inspection; those that no post can take stay there, and their history says so once.
    ///
    /// - Returns: How many were dispatched.
    func dispatch(_ cases: [Int]) async throws -> Int {
        guard !cases.isEmpty else { return 0 }
        let ledger = CaseLedger(connection: connection)
        let found = try await PostFinder(connection: connection).posts(for: cases)
        let entries = try await ledger.lock(cases.filter { found[$0]?.post != nil })
        var reports: [CaseMove] = []
        var dispatches: [CaseMove] = []
        for entry in entries {
            guard let line = found[entry.id], let post = line.post else { continue }
            let report = try CaseWorkflow.apply(.report, to: entry.state, by: .system)
            let dispatch = try CaseWorkflow.apply(.dispatch(post: post), to: report.after, by: .system)
            reports.append(CaseMove(caseID: entry.id, change: report, actor: .system))
            var move = CaseMove(caseID: entry.id, change: dispatch, actor: .system)
            move.vacant = line.vacant
            dispatches.append(move)
        }
        try await ledger.write(reports)
        try await ledger.write(dispatches)
        try await mark(cases.filter { found[$0]?.post == nil }, found)
        return dispatches.count
    }

    /// Marks cases that nobody can be given; the history tells it when it happens first.
    private func mark(_ cases: [Int], _ found: [Int: PostFinder.Found]) async throws {
        guard !cases.isEmpty else { return }
        let rows = try await connection.query(
            """
            WITH before AS (SELECT id, unstaffed_at FROM hazard_case WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE)
            UPDATE hazard_case h SET unstaffed_at = now () FROM before b WHERE h.id = b.id
            RETURNING h.id, b.unstaffed_at IS NULL AS is_new
            """,
            [.intArray(cases)]
        ).rows
        let fresh = try rows.filter { try $0.requireBool("is_new") }.map { try $0.requireInt("id") }.sorted()
        try await CaseHistory(connection: connection).add(
            fresh.map { id in
                let vacant = found[id]?.vacant ?? []
                let data = CaseHistory.Details(vacant: vacant.isEmpty ? nil : vacant)
                return CaseHistory.Entry(caseID: id, kind: .unstaffed, actor: .system, data: data)
            }
        )
    }
}
