internal import Postgres

/// What the tuner must know of a camera.
public struct CameraTuning: Sendable, Hashable {
    /// A grid by its code.
    public struct Grid: Sendable, Hashable, Encodable {
        /// 9 to 18 digits.
        public let code: String
        /// Name as shown.
        public let name: String
    }

    /// The camera.
    public let id: String
    /// Name as shown.
    public let name: String
    /// What it looks at.
    public let tags: [String]
    /// Its grid; nil for none.
    public let grid: Grid?
    /// Its rules, each as JSON in the form of a rules file, by id.
    public let rules: [String]
    /// True when they are those of its tags rather than its own.
    public let areTemplates: Bool
    /// The profile that holds for it; nil for none.
    public let profile: ProfileVersion?
    /// Newest evidence picture; nil for none.
    public let picture: String?
    /// Whether it is left alone because it ended processes.
    public let isQuarantined: Bool
    /// Its stream.
    ///
    /// A secret: may hold a password, never to be shown or logged.
    public let url: String?
}

extension Profiles {
    /// What the tuner must know of a camera; nil when there is none.
    ///
    /// For people who see all cameras.
    ///
    /// - Throws: `PostgresError`.
    public func tuning(of camera: String) async throws -> CameraTuning? {
        let sql = """
            SELECT c.name, c.tags, g.code, g.name AS grid, coalesce(nullif(c.sub_stream_url, ''), c.stream_url) AS url,
                (SELECT a.evidence_path FROM alert a WHERE a.camera_id = c.id AND a.evidence_path IS NOT NULL
                    AND a.evidence_removed_at IS NULL
                 ORDER BY a.started_at DESC LIMIT 1) AS picture,
                EXISTS (SELECT FROM camera_quarantine q WHERE q.camera_id = c.id AND q.until > now()) AS is_quarantined,
                (SELECT profile_id FROM camera_profile p WHERE p.camera_id = c.id) AS profile_id
            FROM camera c LEFT JOIN grid g ON g.id = c.grid_id WHERE c.id = $1
            """
        guard let row = try await pool.query(sql, [.text(camera)]).rows.first else { return nil }
        let own = try await pool.query(
            """
            SELECT (definition || jsonb_build_object('id', rule_id, 'hazard_type', hazard_type))::text AS rule
            FROM camera_rule WHERE camera_id = $1 ORDER BY rule_id
            """,
            [.text(camera)]
        ).rows
        let rules =
            own.isEmpty
            ? try await pool.query(
                """
                SELECT (t.definition || jsonb_build_object('id', t.code, 'hazard_type', t.hazard_type))::text AS rule
                FROM rule_template t JOIN camera c ON t.tag = ANY (c.tags) WHERE c.id = $1 ORDER BY t.code
                """,
                [.text(camera)]
            ).rows : own
        let grid = try row.text("code").map { CameraTuning.Grid(code: $0, name: try row.requireText("grid")) }
        return CameraTuning(
            id: camera,
            name: try row.requireText("name"),
            tags: (try row.textArray("tags") ?? []).compactMap(\.self),
            grid: grid,
            rules: try rules.map { try $0.requireText("rule") },
            areTemplates: own.isEmpty,
            profile: try await profile(try row.int("profile_id")),
            picture: try row.text("picture"),
            isQuarantined: try row.requireBool("is_quarantined"),
            url: try row.text("url")
        )
    }
}
