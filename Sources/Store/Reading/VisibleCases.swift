import Postgres

/// What an access means for a list over all cases: a condition that the database can look up, instead of asking of each
/// case.
struct VisibleCases {
    /// Tasks of a post that are listed one by one; a post with more of them is asked for at each case.
    private static let listed = 2000

    /// Condition on `hazard_case c` joined with `hazard_type h`; the same as `Access.sameCase`.
    let condition: String
    /// Condition on the key of a grid that may have such cases.
    let gridCondition: @Sendable (_ key: String) -> String

    /// Makes the condition; puts what it needs into the statement.
    init(_ access: Access, _ statement: inout Statement, _ pool: PostgresPool) async throws {
        let right = "($2::boolean OR NOT h.restricted)"
        guard let post = access.postID else {
            condition = "$1::integer IS NULL AND \(right)"
            gridCondition = { _ in "true" }
            return
        }
        let rows = try await pool.query(
            """
            \(Access.visibleGrids) SELECT id AS grid_id, NULL::bigint AS case_id FROM visible_grid
            UNION ALL
            (SELECT NULL, own.case_id FROM task own WHERE own.post_id = $1::integer LIMIT \(Self.listed + 1))
            """,
            [.int(post)]
        ).rows
        let grids = statement.bind(.intArray(try rows.compactMap { try $0.int("grid_id") })) + "::integer[]"
        let cases = try rows.compactMap { try $0.int("case_id") }
        if cases.count > Self.listed {
            let own = "EXISTS (SELECT FROM task own WHERE own.case_id = c.id AND own.post_id = $1::integer)"
            condition = "(c.grid_id = ANY (\(grids)) OR \(own)) AND \(right)"
            gridCondition = { _ in "true" }
        } else {
            let own = statement.bind(.intArray(cases)) + "::bigint[]"
            condition =
                "($1::integer IS NOT NULL AND (c.grid_id = ANY (\(grids)) OR c.id = ANY (\(own)))) AND \(right)"
            gridCondition = { key in
                "(\(key) = ANY (\(grids)) OR \(key) IN (SELECT o.grid_id FROM hazard_case o WHERE o.id = ANY (\(own))))"
            }
        }
    }
}
