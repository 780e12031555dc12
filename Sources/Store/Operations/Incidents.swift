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

/// The table `incident`: at most one is open per kind and scope, however many workers see it.
public struct Incidents: Sendable {
    /// Longest scope, characters.
    public static let maximumScope = 200
    /// Longest detail, characters.
    public static let maximumDetail = 1000
    /// Seconds after the end of its lease from which what a worker saw does not count any more.
    private static let patience = 60

    private let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Says what a worker sees of an incident; opens it unless it is open.
    ///
    /// Number and share of the incident are those of all workers that see it; the detail is the last one told.
    ///
    /// - Parameters:
    ///   - kind: What is in trouble.
    ///   - scope: Where; empty for everything; cut to `maximumScope`.
    ///   - worker: Who sees it.
    ///   - time: When it began.
    ///   - share: Share of what the worker watches there, 0 to 1, or nil.
    ///   - affected: How many, or nil.
    ///   - detail: For a person; cut to `maximumDetail`.
    /// - Returns: Its key.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func open(
        _ kind: Incident.Kind,
        scope: String = "",
        worker: String = "",
        at time: MediaTime,
        share: Double? = nil,
        affected: Int? = nil,
        detail: String? = nil
    ) async throws -> Int {
        let opening = """
            INSERT INTO incident (kind, scope, detail, started_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (kind, scope) WHERE ended_at IS NULL DO UPDATE SET detail = EXCLUDED.detail
            RETURNING id
            """
        let telling = """
            INSERT INTO incident_part (incident_id, worker, share, affected) VALUES ($1, $2, $3, $4)
            ON CONFLICT (incident_id, worker) DO UPDATE SET share = EXCLUDED.share, affected = EXCLUDED.affected
            """
        let instant = PostgresValue.timestamp(microsecondsSinceEpoch: time.microseconds)
        let place: [PostgresValue] = [.text(kind.rawValue), .text(Self.cut(scope, Self.maximumScope))]
        let words = PostgresValue(detail.map { Self.cut($0, Self.maximumDetail) })
        let seen: [PostgresValue] = [
            .text(Self.cut(worker, Self.maximumScope)),
            PostgresValue(share.map { $0.isFinite ? min(max($0, 0), 1) : 1 }),
            PostgresValue(affected.map { min(max($0, 0), Int(Int32.max)) }),
        ]
        return try await pool.transaction { connection in
            let id = try await connection.query(opening, place + [words, instant]).rows[0].requireInt("id")
            try await connection.query(telling, [.int(id)] + seen)
            try await connection.query("SELECT settle_incident($1, $2)", [.int(id), instant])
            return id
        }
    }

    /// A worker does not see an incident any more; it ends when no other does.
    ///
    /// - Returns: False when the worker did not see one.
    /// - Throws: `PostgresError`.
    @discardableResult
    public func close(
        _ kind: Incident.Kind,
        scope: String = "",
        worker: String = "",
        at time: MediaTime
    ) async throws -> Bool {
        try await leave(
            "kind = $1 AND scope = $2 AND worker = $3",
            [
                .text(kind.rawValue), .text(Self.cut(scope, Self.maximumScope)),
                .text(Self.cut(worker, Self.maximumScope)),
            ],
            at: time
        )
    }

    /// A worker starts anew: what an earlier process of its name saw does not count any more.
    ///
    /// - Throws: `PostgresError`.
    public func forget(worker: String, at time: MediaTime) async throws {
        _ = try await leave("worker = $1", [.text(Self.cut(worker, Self.maximumScope))], at: time)
    }

    /// What workers saw that are gone does not count any more; any worker may say so at any time.
    ///
    /// - Throws: `PostgresError`.
    public func sweep(at time: MediaTime) async throws {
        let gone = """
            worker IN (SELECT id FROM ingest_worker
                WHERE lease_until < clock_timestamp () - make_interval (secs => $1::int))
            """
        _ = try await leave(gone, [.int(Self.patience)], at: time)
    }

    /// Takes the parts for which `condition` holds out of open incidents; false when there is none.
    private func leave(_ condition: String, _ values: [PostgresValue], at time: MediaTime) async throws -> Bool {
        // Those who open and those who leave the same incident take turns at its row.
        let finding = """
            SELECT id FROM incident WHERE ended_at IS NULL
                AND EXISTS (SELECT 1 FROM incident_part WHERE incident_id = incident.id AND \(condition))
            ORDER BY id FOR UPDATE
            """
        let leaving = """
            DELETE FROM incident_part USING incident
            WHERE incident_id = incident.id AND ended_at IS NULL AND \(condition)
            """
        let instant = PostgresValue.timestamp(microsecondsSinceEpoch: time.microseconds)
        return try await pool.transaction { connection in
            let ids = try await connection.query(finding, values).rows.map { try $0.requireInt("id") }
            guard !ids.isEmpty else { return false }
            try await connection.query(leaving, values)
            for id in ids { try await connection.query("SELECT settle_incident($1, $2)", [.int(id), instant]) }
            return true
        }
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

    private static func cut(_ text: String, _ limit: Int) -> String {
        AlertInspection.withoutNUL(String(text.prefix(limit)))
    }
}
