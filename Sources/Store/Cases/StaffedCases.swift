import Cases
import Postgres

/// Cases that no post could take, once a post of their line has a person.
///
/// Whatever gives it one (a new account, one that is let in again, an import of posts) is found by looking at how things
/// stand, so nothing has to be told.
struct StaffedCases {
    let connection: PostgresConnection

    /// Condition on `hazard_case h`: it waits for a post with a person.
    ///
    /// Written as the index `hazard_case_unstaffed` has it.
    private static let waits = "h.outcome IS NULL AND h.stage = 'inspection' AND h.unstaffed_at IS NOT NULL"

    /// Begins a statement: the grids that a person answers for, his own and all below.
    private static let covered = """
        WITH RECURSIVE covered (id) AS (
            SELECT p.grid_id FROM post p WHERE p.kind <> 'maintenance' AND p.grid_id IS NOT NULL AND \(PostFinder.hasPerson)
            UNION
            SELECT g.id FROM grid g JOIN covered c ON g.parent_id = c.id)

        """

    /// Condition on `hazard_case h` and its camera `c`: a post could take it, as `PostFinder` finds them.
    private static let hasPost = """
        (h.grid_id IN (SELECT id FROM covered) OR EXISTS (
            SELECT FROM hazard_type t JOIN post p ON p.kind = 'maintenance' AND c.maintenance_unit IN (p.code, p.title)
            WHERE t.code = h.hazard_type AND t.theme = 'SBGZ' AND \(PostFinder.hasPerson)))
        """

    /// The shards among those given that have some; takes no lock.
    static func shards(among shards: [Int], _ connection: PostgresConnection) async throws -> Set<Int> {
        let rows = try await connection.query(
            """
            \(covered) SELECT DISTINCT c.shard FROM hazard_case h JOIN camera c ON c.id = h.camera_id
            WHERE \(waits) AND c.shard = ANY ($1::int[]) AND \(hasPost)
            """,
            [.intArray(shards.sorted())]
        ).rows
        return Set(try rows.map { try $0.requireInt("shard") })
    }

    /// Takes the mark off the most severe and oldest of them, and says so in their history; they are locked then.
    ///
    /// One that somebody works on just now waits for the next time.
    ///
    /// - Returns: Their keys.
    func take(of shards: Set<Int>, limit: Int) async throws -> [Int] {
        let rows = try await connection.query(
            """
            \(Self.covered), due AS MATERIALIZED (
                SELECT h.id FROM hazard_case h JOIN camera c ON c.id = h.camera_id
                WHERE \(Self.waits) AND c.shard = ANY ($1::int[]) AND \(Self.hasPost)
                ORDER BY h.severity, h.opened_at, h.id LIMIT $2 FOR UPDATE OF h SKIP LOCKED)
            UPDATE hazard_case h SET unstaffed_at = NULL FROM due WHERE h.id = due.id RETURNING h.id
            """,
            [.intArray(shards.sorted()), .int(limit)]
        ).rows
        let cases = try rows.map { try $0.requireInt("id") }.sorted()
        try await CaseHistory(connection: connection).add(
            cases.map { CaseHistory.Entry(caseID: $0, kind: .staffed, actor: .system) }
        )
        return cases
    }
}
