import FoundationEssentials
public import Postgres

/// Reads the camera registry; every call sees only what its `Access` allows.
public struct CameraReader: Sendable {
    /// Most cameras that the map gets at once.
    public static let mapLimit = 50_000

    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// One page of cameras by id, those that the daemon watches first.
    ///
    /// `after`: `next` of the page before.
    /// `limit`: 1 to 200.
    public func list(
        _ filter: CameraFilter,
        access: Access,
        after: String? = nil,
        limit: Int = 50
    ) async throws -> Page<CameraSummary> {
        let limit = min(max(limit, 1), 200)
        var statement = QueryBuilder(access)
        Self.limit(&statement, by: filter)
        if let after, let mark = after.first {
            let isUnwatched = statement.bind(.bool(mark == "0"))
            let id = statement.bind(.text(String(after.dropFirst())))
            statement.require("(NOT cam.enabled, cam.id) > (\(isUnwatched)::boolean, \(id)::text)")
        }
        let sql = """
            \(Access.visibleGrids) SELECT \(Self.columns) FROM \(Self.tables)
            WHERE \(Access.sameCamera) AND \(statement.condition) ORDER BY NOT cam.enabled, cam.id LIMIT \(limit + 1)
            """
        let rows = try await pool.query(sql, statement.values).rows
        let items = try rows.prefix(limit).map(Self.summary)
        guard rows.count > limit, let last = items.last else { return Page(items: items, next: nil) }
        return Page(items: items, next: (last.enabled ? "1" : "0") + last.id)
    }

    /// How many cameras are in which state.
    public func counts(access: Access) async throws -> CameraCounts {
        let sql = """
            \(Access.visibleGrids)
            SELECT coalesce(s.state, 'unwatched') AS state, count(*) AS total,
                count(*) FILTER (WHERE cam.enabled) AS enabled,
                count(*) FILTER (WHERE cam.mapping_method = 'unmapped') AS unmapped
            FROM camera cam LEFT JOIN camera_state s ON s.camera_id = cam.id
            WHERE \(Access.sameCamera) AND $2::boolean IS NOT NULL GROUP BY 1
            """
        let rows = try await pool.query(sql, access.parameters).rows
        var byState: [String: Int] = [:]
        for row in rows { byState[try row.requireText("state")] = try row.requireInt("total") }
        return CameraCounts(
            total: byState.values.reduce(0, +),
            enabled: try rows.reduce(0) { try $0 + $1.requireInt("enabled") },
            byState: byState,
            unmapped: try rows.reduce(0) { try $0 + $1.requireInt("unmapped") }
        )
    }

    /// The tags that cameras carry, by name.
    public func tags(access: Access) async throws -> [String] {
        let sql = """
            \(Access.visibleGrids) SELECT DISTINCT unnest(cam.tags) AS tag FROM camera cam
            WHERE \(Access.sameCamera) AND $2::boolean IS NOT NULL ORDER BY 1 LIMIT 200
            """
        return try await pool.query(sql, access.parameters).rows.map { try $0.requireText("tag") }
    }

    /// One camera; nil when there is none or it must not be seen.
    public func detail(id: String, access: Access) async throws -> CameraDetail? {
        var statement = QueryBuilder(access)
        let key = statement.bind(.text(id))
        let sql = """
            \(Access.visibleGrids) SELECT \(Self.columns), cam.civil_code, cam.maintenance_unit, cam.datum,
                ST_X (cam.geom) AS longitude, ST_Y (cam.geom) AS latitude, s.detail, s.reason, s.scene, s.quality::text AS quality,
                s.reconnects,
                s.worker_id, s.sampled_at, s.interval_s, s.late_count, q.until,
                coalesce(s.sampled_at + make_interval(secs => s.interval_s + \(CameraStates.slack)) < now(), false)
                    AS is_late
            FROM \(Self.tables) LEFT JOIN camera_quarantine q ON q.camera_id = cam.id AND q.until > now()
            WHERE \(Access.sameCamera) AND cam.id = \(key)
            """
        guard let row = try await pool.query(sql, statement.values).rows.first else { return nil }
        return CameraDetail(
            summary: try Self.summary(row),
            civilCode: try row.text("civil_code"),
            maintenanceUnit: try row.text("maintenance_unit"),
            longitude: try row.double("longitude"),
            latitude: try row.double("latitude"),
            datum: try row.text("datum"),
            stateDetail: try row.text("detail"),
            stateReason: try row.text("reason"),
            scene: try row.text("scene"),
            quality: try row.text("quality").map { text in
                (try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8))) ?? [:]
            } ?? [:],
            reconnects: try row.int("reconnects") ?? 0,
            worker: try row.text("worker_id"),
            sampledAt: try row.date("sampled_at"),
            interval: try row.double("interval_s"),
            isLate: try row.requireBool("is_late"),
            lateCount: try row.int("late_count") ?? 0,
            quarantinedUntil: try row.date("until"),
            rules: try await rules(ofCamera: id, access: access),
            alerts: try await alerts(ofCamera: id, access: access)
        )
    }

    /// Cameras with a position for the map, as JSON written by the database.
    ///
    /// `{"states": […], "total": n, "cameras": [[id, longitude, latitude, state index, open cases], …]}` with at most
    /// `mapLimit` cameras, those with open cases first; positions keep five decimals (1 m).
    public func mapPoints(access: Access) async throws -> String {
        let sql = """
            \(Access.visibleGrids), point AS (
                SELECT cam.id, ST_X (cam.geom) AS x, ST_Y (cam.geom) AS y,
                    coalesce(array_position(\(Self.stateArray), s.state), 1) - 1 AS state, coalesce(o.n, 0) AS open
                FROM camera cam LEFT JOIN camera_state s ON s.camera_id = cam.id
                LEFT JOIN \(Self.openByCamera) o ON o.camera_id = cam.id
                WHERE \(Access.sameCamera) AND cam.geom IS NOT NULL)
            SELECT json_build_object('states', to_json(\(Self.stateArray)), 'total', (SELECT count(*) FROM point),
                'cameras', coalesce((SELECT json_agg(json_build_array(id, round(x::numeric, 5),
                    round(y::numeric, 5), state, open))
                    FROM (SELECT * FROM point ORDER BY open DESC, id LIMIT \(Self.mapLimit)) chosen), '[]'::json)
                )::text AS body
            """
        return try await pool.query(sql, access.parameters).rows.first?.text("body") ?? "{}"
    }

    private func rules(ofCamera id: String, access: Access) async throws -> [CameraRuleLine] {
        let sql = """
            WITH own AS (
                SELECT r.rule_id AS id, nullif(r.definition ->> 'name', '') AS name, r.hazard_type,
                    r.definition, false AS is_template
                FROM camera_rule r WHERE r.camera_id = $1),
            chosen AS (
                SELECT * FROM own
                UNION ALL
                SELECT t.code, t.name, t.hazard_type, t.definition, true FROM rule_template t
                JOIN camera cam ON cam.id = $1 AND t.tag = ANY (cam.tags) WHERE NOT EXISTS (SELECT FROM own))
            SELECT chosen.id, chosen.name, h.name_zh, h.name_en, definition ->> 'kind' AS kind, is_template,
                (definition -> 'polygon')::text AS polygon
            FROM chosen JOIN hazard_type h ON h.code = chosen.hazard_type
            WHERE $2::boolean OR NOT h.restricted ORDER BY chosen.id
            """
        return try await pool.query(sql, [.text(id), .bool(access.seesRestricted)]).rows.map { row in
            let polygon = try row.text("polygon") ?? "[]"
            return CameraRuleLine(
                id: try row.requireText("id"),
                name: try row.text("name"),
                hazard: LocalName(zh: try row.requireText("name_zh"), en: try row.requireText("name_en")),
                kind: try row.text("kind") ?? "intrusion",
                polygon: (try? JSONDecoder().decode([[Double]].self, from: Data(polygon.utf8))) ?? [],
                isTemplate: try row.requireBool("is_template")
            )
        }
    }

    private func alerts(ofCamera id: String, access: Access) async throws -> [AlertLine] {
        let sql = """
            SELECT \(AlertLine.columns) FROM alert a JOIN hazard_type h ON h.code = a.hazard_type
            WHERE a.camera_id = $1 AND ($2::boolean OR NOT h.restricted) ORDER BY a.started_at DESC LIMIT 20
            """
        return try await pool.query(sql, [.text(id), .bool(access.seesRestricted)]).rows.map(AlertLine.init)
    }

    private static func limit(_ statement: inout QueryBuilder, by filter: CameraFilter) {
        statement.require("$2::boolean IS NOT NULL")
        if let state = filter.state {
            statement.require("coalesce(s.state, 'unwatched') = \(statement.bind(.text(state)))")
        }
        if let grid = filter.gridID {
            statement.require("cam.grid_id IN (\(GridReader.subtree(of: statement.bind(.int(grid)))))")
        }
        if let tag = filter.tag { statement.require("cam.tags @> ARRAY[\(statement.bind(.text(tag)))::text]") }
        if let method = filter.mappingMethod {
            statement.require("cam.mapping_method = \(statement.bind(.text(method)))")
        }
        if let text = filter.text {
            let pattern = statement.bind(.text(QueryBuilder.pattern(text)))
            statement.require("(cam.id ILIKE \(pattern) OR cam.name ILIKE \(pattern) OR cam.address ILIKE \(pattern))")
        }
    }

    /// States by their index on the map; the first is a camera that nobody watches.
    private static let stateArray =
        "ARRAY[\((["unwatched"] + CameraStates.states).map { "'\($0)'" }.joined(separator: ", "))]"

    private static let openByCamera = """
        (SELECT c.camera_id, count(*) AS n FROM hazard_case c JOIN hazard_type h ON h.code = c.hazard_type
         WHERE c.outcome IS NULL AND c.camera_id IS NOT NULL AND ($2::boolean OR NOT h.restricted)
         GROUP BY c.camera_id)
        """

    private static let tables = """
        camera cam
        LEFT JOIN camera_state s ON s.camera_id = cam.id
        LEFT JOIN grid g ON g.id = cam.grid_id \(GridReader.parents)
        LEFT JOIN LATERAL (
            SELECT count(*) AS n FROM hazard_case c JOIN hazard_type h ON h.code = c.hazard_type
            WHERE c.camera_id = cam.id AND c.outcome IS NULL AND ($2::boolean OR NOT h.restricted)) o ON true
        """

    private static let columns = """
        cam.id, cam.name, cam.address, cam.tags, cam.point_class, cam.mapping_method, cam.mapping_note, cam.enabled,
        g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, \(GridReader.path) AS grid_path,
        coalesce(s.state, 'unwatched') AS state, s.since, s.last_frame_at, o.n AS open_cases
        """

    private static func summary(_ row: PostgresRow) throws -> CameraSummary {
        CameraSummary(
            id: try row.requireText("id"),
            name: try row.requireText("name"),
            address: try row.text("address"),
            tags: (try row.textArray("tags") ?? []).compactMap { $0 },
            pointClass: try row.requireInt("point_class"),
            grid: try GridPlace(row),
            mappingMethod: try row.requireText("mapping_method"),
            mappingNote: try row.text("mapping_note"),
            enabled: try row.requireBool("enabled"),
            state: try row.requireText("state"),
            stateSince: try row.date("since"),
            lastFrameAt: try row.date("last_frame_at"),
            openCases: try row.requireInt("open_cases")
        )
    }
}
