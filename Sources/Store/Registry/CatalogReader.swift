public import Postgres

/// A hazard type for a list to choose from.
public struct HazardTypeLine: Sendable, Encodable {
    /// Code within its scheme.
    public let code: String
    /// Name.
    public let name: LocalName
    /// AQSC, DLJT, FNS and so on.
    public let theme: String
    /// 1 (most severe) to 4.
    public let severity: Int
}

/// A post for a list to choose from.
public struct PostLine: Sendable, Encodable {
    /// Key.
    public let id: Int
    /// Title.
    public let title: String
    /// grid_leader, micro_grid_leader, maintenance.
    public let kind: String
    /// Names of its grid from the large one down.
    public let gridPath: String
    /// Whether somebody holds it who can work on a task.
    public let hasPerson: Bool
}

/// Reads what stands behind pictures and choices.
public struct CatalogReader: Sendable {
    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// A tag that changes with the bytes of a picture of the evidence directory; nil when no alert or task that may be
    /// seen has it.
    ///
    /// A picture belongs to the alert that its name tells, also after the alert has got newer ones: pages that were
    /// loaded before name it.
    ///
    /// `path`: path relative to the evidence directory.
    public func evidenceTag(path: String, access: Access) async throws -> String? {
        var statement = QueryBuilder(access)
        let key = statement.bind(.text(path))
        let alert = statement.bind(PostgresValue(EvidenceName(path)?.alert))
        let sql = """
            \(Access.visibleGrids), picture (case_id, camera_id, sha256, hazard_type) AS (
                SELECT a.case_id, a.camera_id,
                    CASE \(key) WHEN a.evidence_path THEN a.evidence_sha256
                        WHEN a.first_evidence_path THEN a.first_evidence_sha256 ELSE \(key) END, a.hazard_type
                FROM alert a WHERE a.evidence_path = \(key) OR a.id = \(alert)::uuid
                UNION ALL
                SELECT t.case_id, NULL, f.sha256, c.hazard_type FROM task_photo f JOIN task t ON t.id = f.task_id
                JOIN hazard_case c ON c.id = t.case_id WHERE f.path = \(key))
            SELECT picture.sha256 FROM picture JOIN hazard_type h ON h.code = picture.hazard_type
            LEFT JOIN hazard_case c ON c.id = picture.case_id LEFT JOIN camera cam ON cam.id = picture.camera_id
            WHERE (\(Access.sameCase)) OR ($2::boolean OR NOT h.restricted) AND \(Access.sameCamera) LIMIT 1
            """
        return try await pool.query(sql, statement.values).rows.first?.requireText("sha256")
    }

    /// Hazard types, by code.
    public func hazardTypes(access: Access) async throws -> [HazardTypeLine] {
        let sql = """
            SELECT code, name_zh, name_en, theme, severity FROM hazard_type
            WHERE $1::boolean OR NOT restricted ORDER BY code LIMIT 1000
            """
        return try await pool.query(sql, [.bool(access.seesRestricted)]).rows.map { row in
            HazardTypeLine(
                code: try row.requireText("code"),
                name: LocalName(zh: try row.requireText("name_zh"), en: try row.requireText("name_en")),
                theme: try row.requireText("theme"),
                severity: try row.requireInt("severity")
            )
        }
    }

    /// Posts whose title, code or grid holds `text`, at most 50; those of a case's grid line first, then the nearest.
    ///
    /// `nearGrid`: grid of the case that a post is sought for.
    public func posts(text: String?, nearGrid: Int?) async throws -> [PostLine] {
        let sql = """
            WITH RECURSIVE up (id, distance) AS (
                SELECT $2::integer, 0
                UNION ALL
                SELECT g.parent_id, u.distance + 1 FROM up u JOIN grid g ON g.id = u.id WHERE g.parent_id IS NOT NULL)
            SELECT p.id, p.title, p.kind, \(GridReader.path) AS grid_path, \(PostFinder.hasPerson) AS has_person
            FROM post p LEFT JOIN grid g ON g.id = p.grid_id \(GridReader.parents)
            LEFT JOIN up ON up.id = p.grid_id
            WHERE $1::text IS NULL OR p.title ILIKE $1 OR p.code ILIKE $1 OR g.name ILIKE $1 OR g.code ILIKE $1
            ORDER BY up.distance NULLS LAST,
                ST_Distance(g.geom, (SELECT own.geom FROM grid own WHERE own.id = $2::integer)) NULLS LAST,
                g.level DESC, p.kind DESC, p.code LIMIT 50
            """
        return try await pool.query(sql, [PostgresValue(text.map(QueryBuilder.pattern)), PostgresValue(nearGrid)]).rows
            .map { row in
                PostLine(
                    id: try row.requireInt("id"),
                    title: try row.requireText("title"),
                    kind: try row.requireText("kind"),
                    gridPath: try row.requireText("grid_path"),
                    hasPerson: try row.requireBool("has_person")
                )
            }
    }
}
