import Cases
import Postgres

/// Keeps the tasks that cameras give within the budget of each grid and day.
///
/// Writers take turns, so nobody else counts at the same time. Repairs of cameras are the work of others and count
/// neither way.
struct TaskAllowance {
    let connection: PostgresConnection
    let budget: TaskBudget

    /// Alerts of a case, the newest, whose scores say how sure the camera is.
    private static let lookedAt = 100

    /// Midnight in Asia/Shanghai, in SQL.
    static let today =
        "date_trunc('day', now() AT TIME ZONE 'Asia/Shanghai') AT TIME ZONE 'Asia/Shanghai'"

    /// Chooses which cases may become tasks now; the others are marked, and their history says so once a day.
    ///
    /// The more severe come first, then those that the camera is surest of, then the older ones.
    ///
    /// - Returns: The chosen ones.
    func admit(_ cases: [Int]) async throws -> [Int] {
        guard budget != .unlimited, !cases.isEmpty else { return cases }
        let rows = try await connection.query(
            """
            SELECT h.id, h.grid_id, h.severity, t.theme = 'SBGZ' AS is_repair,
                coalesce(h.held_back_at >= \(Self.today), false) AS is_told
            FROM hazard_case h JOIN hazard_type t ON t.code = h.hazard_type
            LEFT JOIN LATERAL (
                SELECT max(a.score) AS score FROM (
                    SELECT score FROM alert WHERE case_id = h.id ORDER BY started_at DESC LIMIT \(Self.lookedAt)) a) seen
                ON true
            WHERE h.id = ANY ($1::bigint[]) ORDER BY h.severity, seen.score DESC NULLS LAST, h.opened_at, h.id
            """,
            [.intArray(cases)]
        ).rows
        var given = try await given(in: Set(rows.compactMap { try $0.int("grid_id") }))
        var admitted: [Int] = []
        var held: [(id: Int, isTold: Bool)] = []
        for row in rows {
            let id = try row.requireInt("id")
            guard let grid = try row.int("grid_id"), try !row.requireBool("is_repair") else {
                admitted.append(id)
                continue
            }
            if budget.admits(severity: try row.requireInt("severity"), given: given[grid, default: 0]) {
                given[grid, default: 0] += 1
                admitted.append(id)
            } else {
                held.append((id, try row.requireBool("is_told")))
            }
        }
        try await hold(held)
        return admitted
    }

    /// Cases of each grid that became a task today.
    private func given(in grids: Set<Int>) async throws -> [Int: Int] {
        let rows = try await connection.query(
            """
            SELECT h.grid_id, count(DISTINCT h.id) AS given
            FROM task k JOIN hazard_case h ON h.id = k.case_id JOIN hazard_type t ON t.code = h.hazard_type
            WHERE k.created_at >= \(Self.today) AND t.theme <> 'SBGZ' AND h.grid_id = ANY ($1::int[])
            GROUP BY h.grid_id
            """,
            [.intArray(grids.sorted())]
        ).rows
        var given: [Int: Int] = [:]
        for row in rows { given[try row.requireInt("grid_id")] = try row.requireInt("given") }
        return given
    }

    private func hold(_ cases: [(id: Int, isTold: Bool)]) async throws {
        guard !cases.isEmpty else { return }
        try await connection.query(
            "UPDATE hazard_case SET held_back_at = now() WHERE id = ANY ($1::bigint[])",
            [.intArray(cases.map(\.id))]
        )
        try await CaseHistory(connection: connection).add(
            cases.filter { !$0.isTold }.map { CaseHistory.Entry(caseID: $0.id, kind: .heldBack, actor: .system) }
        )
    }
}
