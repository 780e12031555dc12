public import Flow
import FoundationEssentials
public import Postgres

/// Trouble of the watching itself that is larger than one camera.
public struct Incident: Sendable, Hashable, Encodable {
    /// What is in trouble.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Many cameras are away at once.
        case cameras
        /// The database.
        case database
        /// A clock.
        case clock
        /// A worker.
        case worker
    }

    /// Key.
    public let id: Int
    /// What is in trouble.
    public let kind: Kind
    /// Where: a platform, a worker, a host; empty for everything.
    public let scope: String
    /// When it began, microseconds since the Unix epoch.
    public let startedAt: Int64
    /// When it was over, microseconds since the Unix epoch; nil while it lasts.
    public let endedAt: Int64?
    /// Share of what is in its scope that is affected, 0 to 1.
    public let share: Double?
    /// How many cameras, or what the kind counts.
    public let affected: Int?
    /// For a person.
    public let detail: String?
}

/// The table `incident`: at most one is open per kind and scope.
public struct Incidents: Sendable {
    /// Longest scope, characters.
    public static let maximumScope = 200
    /// Longest detail, characters.
    public static let maximumDetail = 1000

    private let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Opens an incident; when one is open already, its share, number and detail are replaced.
    ///
    /// - Parameters:
    ///   - kind: What is in trouble.
    ///   - scope: Where; empty for everything; cut to `maximumScope`.
    ///   - time: When it began.
    ///   - share: 0 to 1, or nil.
    ///   - affected: How many, or nil.
    ///   - detail: For a person; cut to `maximumDetail`.
    /// - Returns: Its key.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func open(
        _ kind: Incident.Kind,
        scope: String = "",
        at time: MediaTime,
        share: Double? = nil,
        affected: Int? = nil,
        detail: String? = nil
    ) async throws -> Int {
        let sql = """
            INSERT INTO incident (kind, scope, share, affected, detail, started_at) VALUES ($1, $2, $3, $4, $5, $6)
            ON CONFLICT (kind, scope) WHERE ended_at IS NULL
            DO UPDATE SET share = EXCLUDED.share, affected = EXCLUDED.affected, detail = EXCLUDED.detail
            RETURNING id
            """
        let values = Self.values(kind, scope, share, affected, detail)
        return try await pool.query(sql, values + [.timestamp(microsecondsSinceEpoch: time.microseconds)]).rows[0]
            .requireInt("id")
    }

    /// Replaces share, number and detail of the open incident; nothing is announced when they are the same.
    ///
    /// - Returns: False when none is open.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func update(
        _ kind: Incident.Kind,
        scope: String = "",
        share: Double? = nil,
        affected: Int? = nil,
        detail: String? = nil
    ) async throws -> Bool {
        let sql = """
            WITH changed AS (
                UPDATE incident SET share = $3, affected = $4, detail = $5
                WHERE kind = $1 AND scope = $2 AND ended_at IS NULL
                    AND (share, affected, detail) IS DISTINCT FROM ($3::real, $4::int, $5::text))
            SELECT 1 AS one FROM incident WHERE kind = $1 AND scope = $2 AND ended_at IS NULL
            """
        return try await !pool.query(sql, Self.values(kind, scope, share, affected, detail)).rows.isEmpty
    }

    /// Ends the open incident.
    ///
    /// - Returns: False when none is open.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func close(_ kind: Incident.Kind, scope: String = "", at time: MediaTime) async throws -> Bool {
        let sql = """
            UPDATE incident SET ended_at = GREATEST (started_at, $3)
            WHERE kind = $1 AND scope = $2 AND ended_at IS NULL
            """
        let values: [PostgresValue] = [
            .text(kind.rawValue), .text(Self.cut(scope, Self.maximumScope)),
            .timestamp(microsecondsSinceEpoch: time.microseconds),
        ]
        return try await pool.query(sql, values).affected == 1
    }

    /// Incidents, the open ones first, then the newest.
    ///
    /// `openOnly`: true for those that last.
    /// `limit`: 1 to 1000.
    ///
    /// - Throws: `PostgresError`.
    public func list(openOnly: Bool = false, limit: Int = 100) async throws -> [Incident] {
        let sql = """
            SELECT * FROM incident \(openOnly ? "WHERE ended_at IS NULL" : "")
            ORDER BY ended_at IS NOT NULL, started_at DESC, id DESC LIMIT \(min(max(limit, 1), 1000))
            """
        return try await pool.query(sql).rows.map { row in
            let kind = try row.requireText("kind")
            guard let known = Incident.Kind(rawValue: kind) else {
                throw StoreError(.incompatible, "the database holds the incident kind \(kind), which is not known here")
            }
            return Incident(
                id: try row.requireInt("id"),
                kind: known,
                scope: try row.requireText("scope"),
                startedAt: try row.requireTimestamp("started_at"),
                endedAt: try row.timestamp("ended_at"),
                share: try row.double("share"),
                affected: try row.int("affected"),
                detail: try row.text("detail")
            )
        }
    }

    private static func values(
        _ kind: Incident.Kind,
        _ scope: String,
        _ share: Double?,
        _ affected: Int?,
        _ detail: String?
    ) -> [PostgresValue] {
        [
            .text(kind.rawValue), .text(cut(scope, maximumScope)),
            PostgresValue(share.map { $0.isFinite ? min(max($0, 0), 1) : 1 }),
            PostgresValue(affected.map { min(max($0, 0), Int(Int32.max)) }),
            PostgresValue(detail.map { cut($0, maximumDetail) }),
        ]
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        AlertInspection.withoutNUL(String(text.prefix(limit)))
    }
}
