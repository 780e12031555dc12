import Postgres

/// What an account may see, as one condition inside the database.
///
/// Every reader takes one and puts it into its statement, so that no page and no API route can forget it. The rights of
/// a post follow `parent_id` of the grid, never the digits of a code.
public struct Access: Sendable, Hashable {
    /// The post whose grid limits the view; nil for people who see the whole county.
    let postID: Int?
    /// True when hazard types that are kept for some roles are seen too.
    let seesRestricted: Bool

    /// Everything, restricted hazard types too: administrators and operators.
    public static let everything = Access(postID: nil, seesRestricted: true)

    /// Everything but restricted hazard types: people who only read.
    public static let unrestricted = Access(postID: nil, seesRestricted: false)

    /// The grid of `post` with all grids below it, and what was given to the post itself.
    ///
    /// A post that does not exist sees nothing.
    public static func post(_ post: Int) -> Access {
        Access(postID: post, seesRestricted: false)
    }

    /// True when the view is limited to the grid of a post.
    public var isLimited: Bool { postID != nil }

    /// Values of `$1` and `$2` in every statement that uses the fragments below.
    var parameters: [PostgresValue] { [PostgresValue(postID), .bool(seesRestricted)] }

    /// Begins a statement: the grids that the post of `$1` answers for.
    static let visibleGrids = """
        WITH RECURSIVE visible_grid (id) AS (
            SELECT p.grid_id FROM post p WHERE p.id = $1::integer AND p.grid_id IS NOT NULL
            UNION
            SELECT g.id FROM grid g JOIN visible_grid v ON g.parent_id = v.id)

        """

    /// Condition on `hazard_case c` joined with `hazard_type h`.
    ///
    /// A case outside the grid is seen by the post that has or had its task: it cannot work otherwise.
    static let sameCase = """
        (($1::integer IS NULL OR c.grid_id IN (SELECT id FROM visible_grid)
            OR EXISTS (SELECT FROM task own WHERE own.case_id = c.id AND own.post_id = $1::integer))
         AND ($2::boolean OR NOT h.restricted))
        """

    /// Condition on `camera cam`.
    static let sameCamera = "($1::integer IS NULL OR cam.grid_id IN (SELECT id FROM visible_grid))"

    /// Condition on `grid g`.
    static let sameGrid = "($1::integer IS NULL OR g.id IN (SELECT id FROM visible_grid))"
}
