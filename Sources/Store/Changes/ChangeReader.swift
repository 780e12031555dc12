public import Postgres

/// Something that changed, as `NOTIFY gridwatch_change` says it: a kind and a key.
public struct ChangeKey: Sendable, Hashable {
    /// What kind of thing changed.
    public enum Kind: String, Sendable, Hashable {
        /// A case.
        case hazardCase = "case"
        /// A task.
        case task
        /// A camera's state.
        case camera
        /// An incident; heard by those whose view is not limited to a grid.
        case incident
    }

    /// Kind.
    public let kind: Kind
    /// Key of the row.
    public let id: String

    /// Makes a key.
    public init(kind: Kind, id: String) {
        self.kind = kind
        self.id = id
    }

    /// Reads `case 12`, `task 7`, `camera 43…`, `incident 3`; nil for anything else.
    public init?(payload: String) {
        let parts = payload.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, let kind = Kind(rawValue: String(parts[0])), parts[1].count <= 64 else { return nil }
        self.init(kind: kind, id: String(parts[1]))
    }
}

/// Who may hear of a change.
public struct ChangeAudience: Sendable, Hashable {
    /// What changed.
    public let key: ChangeKey
    /// Grid that it lies in; nil for none.
    public let gridID: Int?
    /// Posts that have or had a task for it.
    public let postIDs: [Int]
    /// True when only roles that see restricted hazard types may hear of it.
    public let isRestricted: Bool
}

/// Finds out who may hear of changes; one statement for many changes.
public struct ChangeReader: Sendable {
    /// The channel that the database announces changes on.
    public static let channel = "gridwatch_change"

    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// The audience of each change that still has a row.
    public func audiences(of keys: [ChangeKey]) async throws -> [ChangeAudience] {
        func numbers(_ kind: ChangeKey.Kind) -> PostgresValue {
            .intArray(keys.filter { $0.kind == kind }.compactMap { Int($0.id) })
        }
        let cameras = PostgresValue.textArray(keys.filter { $0.kind == .camera }.map(\.id))
        let sql = """
            WITH changed AS (
                SELECT 'case' AS kind, c.id::text AS id, c.id AS case_id FROM hazard_case c
                WHERE c.id = ANY ($1::bigint[])
                UNION ALL
                SELECT 'task', t.id::text, t.case_id FROM task t WHERE t.id = ANY ($2::bigint[]))
            SELECT k.kind, k.id, c.grid_id, h.restricted,
                ARRAY(SELECT t.post_id FROM task t WHERE t.case_id = c.id) AS posts
            FROM changed k JOIN hazard_case c ON c.id = k.case_id JOIN hazard_type h ON h.code = c.hazard_type
            UNION ALL
            SELECT 'camera', cam.id, cam.grid_id, false, '{}' FROM camera cam WHERE cam.id = ANY ($3::text[])
            UNION ALL
            SELECT 'incident', i.id::text, NULL, false, '{}' FROM incident i WHERE i.id = ANY ($4::bigint[])
            """
        let values = [numbers(.hazardCase), numbers(.task), cameras, numbers(.incident)]
        let rows = try await pool.query(sql, values).rows
        return try rows.compactMap { row in
            guard let kind = ChangeKey.Kind(rawValue: try row.requireText("kind")) else { return nil }
            return ChangeAudience(
                key: ChangeKey(kind: kind, id: try row.requireText("id")),
                gridID: try row.int("grid_id"),
                postIDs: (try row.textArray("posts") ?? []).compactMap { $0.flatMap { Int($0) } },
                isRestricted: try row.requireBool("restricted")
            )
        }
    }

    /// What one listener may hear of, read once when it begins to listen.
    public func listener(_ access: Access) async throws -> ChangeListener {
        guard let post = access.postID else {
            return ChangeListener(postID: nil, gridIDs: [], seesRestricted: access.seesRestricted)
        }
        let sql = "\(Access.visibleGrids) SELECT id FROM visible_grid"
        let grids = try await pool.query(sql, [.int(post)]).rows.map { try $0.requireInt("id") }
        return ChangeListener(postID: post, gridIDs: Set(grids), seesRestricted: access.seesRestricted)
    }
}

/// The rights of one listener, kept so that a change needs no statement per listener.
public struct ChangeListener: Sendable, Hashable {
    /// The post that limits the view; nil for none.
    let postID: Int?
    /// Grids of that post and below.
    let gridIDs: Set<Int>
    /// True when restricted hazard types are seen.
    let seesRestricted: Bool

    /// True when this listener may hear of the change; the same rule as `Access` in a statement.
    public func mayHear(_ audience: ChangeAudience) -> Bool {
        if audience.isRestricted, !seesRestricted { return false }
        guard let postID else { return true }
        return audience.gridID.map(gridIDs.contains) ?? false || audience.postIDs.contains(postID)
    }
}
