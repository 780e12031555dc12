public import Postgres

/// One grid with what stands in it and below it.
public struct GridSummary: Sendable, Encodable {
    /// Key.
    public let id: Int
    /// 9, 12, 15 or 18 digits.
    public let code: String
    /// Name.
    public let name: String
    /// 1 large to 4 micro.
    public let level: Int
    /// Key of the grid one level up; nil for large grids.
    public let parentID: Int?
    /// Open cases here and below.
    public let openCases: Int
    /// Cameras here and below.
    public let cameras: Int
}

/// A grid for a list to choose from.
public struct GridChoice: Sendable, Hashable {
    /// Key.
    public let id: Int
    /// Name.
    public let name: String
    /// 1 large to 4 micro.
    public let level: Int
}

/// Reads the grid tree; every call sees only what its `Access` allows.
public struct GridReader: Sendable {
    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// All grids that may be seen, by code; `level` limits them.
    public func list(level: Int? = nil, access: Access) async throws -> [GridSummary] {
        let sql = """
            \(Self.counted)
            SELECT g.id, g.code, g.name, g.level, g.parent_id, coalesce(o.n, 0) AS open, coalesce(k.n, 0) AS cameras
            FROM grid g LEFT JOIN open_below o ON o.id = g.id LEFT JOIN cameras_below k ON k.id = g.id
            WHERE \(Access.sameGrid) AND ($3::integer IS NULL OR g.level = $3::integer) ORDER BY g.code
            """
        return try await pool.query(sql, access.parameters + [PostgresValue(level)]).rows.map { row in
            GridSummary(
                id: try row.requireInt("id"),
                code: try row.requireText("code"),
                name: try row.requireText("name"),
                level: try row.requireInt("level"),
                parentID: try row.int("parent_id"),
                openCases: try row.requireInt("open"),
                cameras: try row.requireInt("cameras")
            )
        }
    }

    /// All grids that may be seen, by code, with nothing counted.
    public func choices(access: Access) async throws -> [GridChoice] {
        let sql = """
            \(Access.visibleGrids) SELECT g.id, g.name, g.level FROM grid g
            WHERE \(Access.sameGrid) AND $2::boolean IS NOT NULL ORDER BY g.code
            """
        return try await pool.query(sql, access.parameters).rows.map { row in
            GridChoice(
                id: try row.requireInt("id"),
                name: try row.requireText("name"),
                level: try row.requireInt("level")
            )
        }
    }

    /// The grids of one level as a GeoJSON FeatureCollection, written by the database.
    ///
    /// Properties: `id`, `code`, `name`, `open_cases`, `overdue`, `cameras`. Boundaries keep six decimals (0.1 m).
    public func geoJSON(level: Int, access: Access) async throws -> String {
        let sql = """
            \(Self.counted)
            SELECT json_build_object('type', 'FeatureCollection', 'features', coalesce(json_agg(json_build_object(
                'type', 'Feature', 'id', g.id, 'geometry', ST_AsGeoJSON (g.geom, 6)::json,
                'properties', json_build_object('id', g.id, 'code', g.code, 'name', g.name,
                    'open_cases', coalesce(o.n, 0), 'overdue', coalesce(o.overdue, 0), 'cameras', coalesce(k.n, 0)))
                ORDER BY g.code), '[]'::json))::text AS body
            FROM grid g LEFT JOIN open_below o ON o.id = g.id LEFT JOIN cameras_below k ON k.id = g.id
            WHERE \(Access.sameGrid) AND g.level = $3::integer
            """
        let row = try await pool.query(sql, access.parameters + [.int(level)]).rows.first
        return try row?.text("body") ?? #"{"type":"FeatureCollection","features":[]}"#
    }

    /// Counts of every grid that may be seen, for a map that is drawn already: `[[id, open, overdue], …]`.
    public func counts(level: Int, access: Access) async throws -> String {
        let sql = """
            \(Self.counted)
            SELECT coalesce(json_agg(json_build_array(g.id, coalesce(o.n, 0), coalesce(o.overdue, 0))), '[]')::text
                AS body
            FROM grid g LEFT JOIN open_below o ON o.id = g.id
            WHERE \(Access.sameGrid) AND g.level = $3::integer
            """
        return try await pool.query(sql, access.parameters + [.int(level)]).rows.first?.text("body") ?? "[]"
    }

    /// A grid and its neighbours under the same parent as a GeoJSON FeatureCollection: the small map beside a case.
    ///
    /// Boundaries are always shown whole: they are no secret, what happens inside them is.
    ///
    /// - Returns: Nil when there is no such grid.
    public func surroundings(of id: Int) async throws -> String? {
        let sql = """
            SELECT json_build_object('type', 'FeatureCollection', 'features', json_agg(json_build_object(
                'type', 'Feature', 'id', g.id, 'geometry', ST_AsGeoJSON (g.geom, 6)::json,
                'properties', json_build_object('id', g.id, 'name', g.name, 'is_self', g.id = self.id))))::text AS body
            FROM grid self JOIN grid g ON g.id = self.id
                OR g.parent_id = self.parent_id AND ST_DWithin (g.geom, self.geom, 0.004)
            WHERE self.id = $1 HAVING count(*) > 0
            """
        return try await pool.query(sql, [.int(id)]).rows.first?.text("body")
    }

    /// Grid names down to `grid g`, needs `parents`.
    static let path = "concat_ws(' · ', g3.name, g2.name, g1.name, g.name)"

    /// Joins the grids above `grid g`, at most three.
    static let parents = """

        LEFT JOIN grid g1 ON g1.id = g.parent_id
        LEFT JOIN grid g2 ON g2.id = g1.parent_id
        LEFT JOIN grid g3 ON g3.id = g2.parent_id
        """

    /// A subquery with the keys of a grid and all grids below it.
    static func subtree(of placeholder: String) -> String {
        """
        WITH RECURSIVE below (id) AS (
            SELECT \(placeholder)::integer UNION SELECT s.id FROM grid s JOIN below b ON s.parent_id = b.id)
        SELECT id FROM below
        """
    }

    /// Begins a statement: `open_below` and `cameras_below` count what may be seen here and below.
    private static let counted = """
        \(Access.visibleGrids), line (above, below) AS (
            SELECT id, id FROM grid
            UNION ALL
            SELECT l.above, g.id FROM line l JOIN grid g ON g.parent_id = l.below),
        open_here AS (
            SELECT c.grid_id AS id, count(*) AS n, count(*) FILTER (WHERE c.due_at < now()) AS overdue
            FROM hazard_case c JOIN hazard_type h ON h.code = c.hazard_type
            WHERE c.outcome IS NULL AND \(Access.sameCase) GROUP BY c.grid_id),
        open_below AS (
            SELECT l.above AS id, sum(o.n) AS n, sum(o.overdue) AS overdue
            FROM line l JOIN open_here o ON o.id = l.below GROUP BY l.above),
        cameras_here AS (SELECT grid_id AS id, count(*) AS n FROM camera GROUP BY grid_id),
        cameras_below AS (
            SELECT l.above AS id, sum(k.n) AS n FROM line l JOIN cameras_here k ON k.id = l.below GROUP BY l.above)

        """
}
