import Postgres

/// What an access means for a list over all cases: conditions that the database can look up, instead of asking of each
/// case.
struct VisibleCases {
    /// Cases that are few: they are named, and a list of them is sorted whole.
    private static let few = 5000

    /// Condition on `hazard_case c` joined with `hazard_type h`; the same as `Access.sameCase`.
    let condition: String
    /// Condition on the key of a grid that may have such cases; nil when they are so few that no order needs an index.
    let gridCondition: (@Sendable (_ key: String) -> String)?

    /// Makes the condition; puts what it needs into the statement.
    init(_ access: Access, _ statement: inout QueryBuilder, _ pool: PostgresPool) async throws {
        let right = "($2::boolean OR NOT h.restricted)"
        guard let post = access.postID else {
            condition = "$1::integer IS NULL AND \(right)"
            gridCondition = { _ in "true" }
            return
        }
        let grids = try await pool.query("\(Access.visibleGrids) SELECT id FROM visible_grid", [.int(post)]).rows
            .map { try $0.requireInt("id") }
        let cases = try await pool.query(
            """
            (SELECT id FROM hazard_case WHERE grid_id = ANY ($1::integer[]) LIMIT \(Self.few + 1))
            UNION (SELECT own.case_id FROM task own WHERE own.post_id = $2 LIMIT \(Self.few + 1))
            """,
            [.intArray(grids), .int(post)]
        ).rows.map { try $0.requireInt("id") }
        if cases.count <= Self.few {
            let seen = statement.bind(.intArray(cases))
            condition = "$1::integer IS NOT NULL AND c.id = ANY (\(seen)::bigint[]) AND \(right)"
            gridCondition = nil
        } else {
            let seen = statement.bind(.intArray(grids)) + "::integer[]"
            let own = "EXISTS (SELECT FROM task own WHERE own.case_id = c.id AND own.post_id = $1::integer)"
            condition = "(c.grid_id = ANY (\(seen)) OR \(own)) AND \(right)"
            gridCondition = { key in
                """
                (\(key) = ANY (\(seen)) OR \(key) IN (
                    SELECT o.grid_id FROM task own JOIN hazard_case o ON o.id = own.case_id
                    WHERE own.post_id = $1::integer))
                """
            }
        }
    }
}
