internal import Foundation
public import Postgres

/// Versions of how cameras are judged: saved as drafts, put to work, and taken back.
///
/// A version never changes and an activation is one more row, so that who changed what, when and why can always be
/// told. Of the profiles that could hold for a camera its own wins, then that of the nearest grid, then that of a tag;
/// they are not mixed.
public struct Profiles: Sendable {
    /// Most versions of one scope.
    public static let maximumPerScope = 500
    /// Most bytes of the rules of one version.
    public static let maximumRuleBytes = 48 << 10

    let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// The scopes that have a profile in force, by kind and key, each with the version that holds.
    ///
    /// - Throws: `PostgresError`.
    public func active() async throws -> [ProfileVersion] {
        let sql = """
            SELECT \(Self.versionColumns) FROM detection_profile p JOIN active_profile a ON a.id = p.id
            LEFT JOIN account c ON c.id = p.author_id ORDER BY p.scope, p.scope_key LIMIT 500
            """
        return try await pool.query(sql).rows.compactMap(Self.version)
    }

    /// A version by its key; nil for nil, and when there is none.
    ///
    /// - Throws: `PostgresError`.
    public func profile(_ id: Int?) async throws -> ProfileVersion? {
        guard let id else { return nil }
        let sql = """
            SELECT \(Self.versionColumns) FROM detection_profile p LEFT JOIN active_profile a ON a.id = p.id
            LEFT JOIN account c ON c.id = p.author_id WHERE p.id = $1
            """
        return try await pool.query(sql, [.int(id)]).rows.first.flatMap(Self.version)
    }

    /// What is known of a scope; empty for one that never had a profile.
    ///
    /// - Throws: `PostgresError`.
    public func history(of scope: ProfileScope) async throws -> ProfileHistory {
        let key: [PostgresValue] = [.text(scope.kind), .text(scope.key)]
        let versions = try await pool.query(
            """
            SELECT \(Self.versionColumns) FROM detection_profile p LEFT JOIN active_profile a ON a.id = p.id
            LEFT JOIN account c ON c.id = p.author_id WHERE p.scope = $1 AND p.scope_key = $2
            ORDER BY p.version DESC LIMIT 100
            """,
            key
        ).rows.compactMap(Self.version)
        let rows = try await pool.query(
            """
            SELECT a.id, p.version, a.undoes, a.note, c.display_name AS by, a.at
            FROM profile_activation a LEFT JOIN detection_profile p ON p.id = a.profile_id
            LEFT JOIN account c ON c.id = a.account_id WHERE a.scope = $1 AND a.scope_key = $2 ORDER BY a.id DESC
            """,
            key
        ).rows
        let activations = try rows.map { row in
            ProfileActivation(
                id: try row.requireInt("id"),
                version: try row.int("version"),
                isRollBack: try row.int("undoes") != nil,
                note: try row.requireText("note"),
                by: try row.text("by"),
                at: try row.requireDate("at")
            )
        }
        let standing = Self.standing(try rows.reversed().map { (try $0.requireInt("id"), try $0.int("undoes")) })
        return ProfileHistory(
            versions: versions,
            activations: Array(activations.prefix(100)),
            mayRollBack: !standing.isEmpty
        )
    }

    /// Keeps a draft; nothing is judged otherwise until it is activated.
    ///
    /// `author`: the account.
    ///
    /// - Returns: Its key and version.
    /// - Throws: `StoreError`: `notFound` for a camera, grid or tag that is not there, `invalid` for rules that cannot be
    ///   stored, `conflict` when the scope has too many versions; `PostgresError`.
    public func save(_ draft: ProfileDraft, author: Int) async throws -> (id: Int, version: Int) {
        guard draft.rules.map({ $0.utf8.count <= Self.maximumRuleBytes }) ?? true else {
            throw StoreError(
                .invalid,
                "the rules take more than \(Self.maximumRuleBytes >> 10) KB: draw fewer corners",
                because: .rulesSize
            )
        }
        return try await pool.transaction { connection in
            try await RegistryLock.take(connection)
            try await Self.require(draft.scope, connection)
            return try await Self.insert(draft, author: author, connection)
        }
    }

    /// Puts a version to work, for a camera with its rules; workers take it at once.
    ///
    /// Rules that stand at the camera and come from no profile are copied into a version first, so that nothing that
    /// somebody drew is lost and the activation can be taken back.
    ///
    /// - Parameters:
    ///   - id: The version.
    ///   - note: Why.
    ///   - account: Who.
    /// - Throws: `StoreError`: `notFound`, `conflict` when it holds already, `invalid` for a hazard type that is no more;
    ///   `PostgresError`.
    public func activate(_ id: Int, note: String, by account: Int) async throws {
        try await pool.transaction { connection in
            try await RegistryLock.take(connection)
            let sql = "SELECT \(Self.plainColumns) FROM detection_profile p WHERE p.id = $1"
            guard let row = try await connection.query(sql, [.int(id)]).rows.first, let scope = try Self.scope(row)
            else {
                throw StoreError(.notFound, "there is no profile \(id)", because: .profileUnknown)
            }
            try await Self.require(scope, connection)
            let current = try await Self.current(scope, connection)
            guard try current?.requireInt("id") != id else {
                throw StoreError(.conflict, "this version holds already", because: .profileHolds)
            }
            if case .camera(let camera) = scope, try row.text("rules") != nil {
                try await Self.keepRules(of: camera, current, connection)
            }
            try await Self.put(scope, profile: id, undoes: nil, note, account, connection)
        }
    }

    /// Takes the last activation that stands back: what held before it holds again.
    ///
    /// - Returns: The version that holds now; nil for none.
    /// - Throws: `StoreError` with `conflict` when there is nothing to take back; `PostgresError`.
    @discardableResult
    public func rollBack(_ scope: ProfileScope, note: String, by account: Int) async throws -> Int? {
        try await pool.transaction { connection in
            try await RegistryLock.take(connection)
            let rows = try await connection.query(
                """
                SELECT a.id, a.undoes, a.profile_id, p.version FROM profile_activation a
                LEFT JOIN detection_profile p ON p.id = a.profile_id
                WHERE a.scope = $1 AND a.scope_key = $2 ORDER BY a.id
                """,
                [.text(scope.kind), .text(scope.key)]
            ).rows
            let standing = Self.standing(try rows.map { (try $0.requireInt("id"), try $0.int("undoes")) })
            guard let last = standing.last else {
                throw StoreError(.conflict, "there is no activation to take back", because: .nothingToTakeBack)
            }
            let before = try standing.dropLast().last.flatMap { id in try rows.first { try $0.requireInt("id") == id } }
            let profile = try before?.int("profile_id")
            try await Self.put(scope, profile: profile, undoes: last, note, account, connection)
            return try before?.int("version")
        }
    }

    /// The activations that were not taken back, oldest first.
    static func standing(_ rows: [(id: Int, undoes: Int?)]) -> [Int] {
        rows.reduce(into: []) { standing, row in
            if row.undoes == nil { standing.append(row.id) } else { _ = standing.popLast() }
        }
    }
}

extension Profiles {
    static let plainColumns =
        "p.id, p.scope, p.scope_key, p.version, p.settings::text AS settings, p.rules::text AS rules"

    private static let versionColumns = """
        \(plainColumns), p.note, p.created_at, c.display_name AS author, a.id IS NOT NULL AS is_active,
        EXISTS (SELECT FROM profile_activation u WHERE u.profile_id = p.id) AS was_active
        """

    private static func scope(_ row: PostgresRow) throws -> ProfileScope? {
        ProfileScope(kind: try row.requireText("scope"), key: try row.requireText("scope_key"))
    }

    private static func version(_ row: PostgresRow) throws -> ProfileVersion? {
        guard let scope = try scope(row) else { return nil }
        return ProfileVersion(
            id: try row.requireInt("id"),
            scope: scope,
            version: try row.requireInt("version"),
            settings: try settings(row),
            rules: try row.text("rules"),
            note: try row.requireText("note"),
            author: try row.text("author"),
            createdAt: try row.requireDate("created_at"),
            isActive: try row.requireBool("is_active"),
            wasActive: try row.requireBool("was_active")
        )
    }

    /// The settings of a row; what is no number is left out.
    static func settings(_ row: PostgresRow) throws -> [String: Double] {
        let text = try row.requireText("settings")
        return (try? JSONDecoder().decode([String: Double].self, from: Data(text.utf8))) ?? [:]
    }

    private static func require(_ scope: ProfileScope, _ connection: PostgresConnection) async throws {
        let sql =
            switch scope {
            case .camera: "SELECT FROM camera WHERE id = $1"
            case .grid: "SELECT FROM grid WHERE code = $1"
            case .tag: "SELECT FROM camera WHERE tags @> ARRAY[$1::text] LIMIT 1"
            }
        guard try await !connection.query(sql, [.text(scope.key)]).rows.isEmpty else {
            throw StoreError(
                .notFound,
                "there is no \(scope.kind) '\(scope.key.prefix(80))'",
                because: .scopeUnknown
            )
        }
    }

    private static func insert(
        _ draft: ProfileDraft,
        author: Int?,
        _ connection: PostgresConnection
    ) async throws -> (id: Int, version: Int) {
        let key: [PostgresValue] = [.text(draft.scope.kind), .text(draft.scope.key)]
        let count = try await connection.query(
            "SELECT count(*) AS n FROM detection_profile WHERE scope = $1 AND scope_key = $2",
            key
        ).rows[0].requireInt("n")
        guard count < maximumPerScope else {
            throw StoreError(
                .conflict,
                "'\(draft.scope.key)' has \(maximumPerScope) versions already",
                because: .versionCount
            )
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let settings = String(decoding: try encoder.encode(draft.settings), as: UTF8.self)
        let row = try await connection.query(
            """
            INSERT INTO detection_profile (scope, scope_key, version, settings, rules, note, author_id)
            SELECT $1, $2, coalesce(max(version), 0) + 1, $3::jsonb, $4::jsonb, $5, $6
            FROM detection_profile WHERE scope = $1 AND scope_key = $2 RETURNING id, version
            """,
            key + [.json(settings), draft.rules.map { .json($0) } ?? .null, .text(draft.note), PostgresValue(author)]
        ).rows[0]
        return (try row.requireInt("id"), try row.requireInt("version"))
    }

    private static func current(_ scope: ProfileScope, _ connection: PostgresConnection) async throws -> PostgresRow? {
        try await connection.query(
            "SELECT \(plainColumns) FROM active_profile p WHERE p.scope = $1 AND p.scope_key = $2",
            [.text(scope.kind), .text(scope.key)]
        ).rows.first
    }

    /// Copies the rules of a camera into a version and puts that to work, unless the profile in force says the same.
    private static func keepRules(
        of camera: String,
        _ current: PostgresRow?,
        _ connection: PostgresConnection
    ) async throws {
        let row = try await connection.query(
            """
            SELECT own.rules::text AS rules, $2::jsonb IS NOT NULL AND own.rules = (
                SELECT coalesce(jsonb_agg(r ORDER BY r ->> 'id'), '[]') FROM jsonb_array_elements($2::jsonb) r) AS is_same
            FROM (SELECT coalesce(jsonb_agg(definition ORDER BY rule_id), '[]') AS rules FROM camera_rule
                  WHERE camera_id = $1) own
            """,
            [.text(camera), try current?.text("rules").map { .json($0) } ?? .null]
        ).rows[0]
        guard try row.bool("is_same") != true else { return }
        let copy = ProfileDraft(
            scope: .camera(camera),
            settings: try current.map(settings) ?? [:],
            rules: try row.requireText("rules")
        )
        let kept = try await insert(copy, author: nil, connection)
        try await put(copy.scope, profile: kept.id, undoes: nil, "", nil, connection)
    }

    private static func put(
        _ scope: ProfileScope,
        profile: Int?,
        undoes: Int?,
        _ note: String,
        _ account: Int?,
        _ connection: PostgresConnection
    ) async throws {
        try await connection.query(
            """
            INSERT INTO profile_activation (scope, scope_key, profile_id, undoes, note, account_id)
            VALUES ($1, $2, $3, $4, $5, $6)
            """,
            [
                .text(scope.kind), .text(scope.key), PostgresValue(profile), PostgresValue(undoes), .text(note),
                PostgresValue(account),
            ]
        )
        guard case .camera(let camera) = scope, let profile else { return }
        try await setRules(of: camera, from: profile, connection)
    }

    /// Gives a camera the rules of a profile that has any say in them.
    private static func setRules(of camera: String, from profile: Int, _ connection: PostgresConnection) async throws {
        let values: [PostgresValue] = [.text(camera), .int(profile)]
        try await connection.query(
            """
            DELETE FROM camera_rule WHERE camera_id = $1
                AND EXISTS (SELECT FROM detection_profile WHERE id = $2 AND rules IS NOT NULL)
            """,
            values
        )
        do {
            try await connection.query(
                """
                INSERT INTO camera_rule (camera_id, rule_id, hazard_type, definition)
                SELECT $1, r ->> 'id', r ->> 'hazard_type', r
                FROM detection_profile p, jsonb_array_elements(p.rules) r WHERE p.id = $2
                """,
                values
            )
        } catch let error as PostgresError where error.constraint != nil {
            throw StoreError(
                .invalid,
                "a rule has an id twice or a hazard type that is not there: \(error)",
                because: .rules
            )
        }
    }
}
