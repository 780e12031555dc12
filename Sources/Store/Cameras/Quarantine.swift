public import Flow
public import Postgres

/// How a camera stands that brought a process down; times in microseconds since the Unix epoch.
public struct QuarantineStanding: Sendable, Hashable {
    /// Strikes that count.
    public var strikes: Int
    /// First of them.
    public var firstAt: Int64
    /// Last of them.
    public var lastAt: Int64
    /// End of the quarantine; nil when it was in none lately.
    public var until: Int64?

    /// True when the camera must not be opened at that time.
    public func isQuarantined(at now: Int64) -> Bool { until.map { now < $0 } ?? false }
}

/// When such a camera is left alone, and for how long.
///
/// The third strike within ten minutes leaves it alone for an hour. Each further one doubles that, up to a day; after a
/// day without any the count begins anew.
enum QuarantinePolicy {
    /// Strikes within `window` that lead to quarantine.
    static let limit = 3
    /// Seconds within which these must lie.
    static let window = 600.0
    /// Seconds of the first quarantine.
    static let first = 3600.0
    /// Seconds of the longest quarantine.
    static let longest = 86_400.0
    /// Seconds after a quarantine in which a further strike leads straight to the next, longer one.
    static let memory = 86_400.0

    /// How a camera stands after one more strike; a strike during quarantine changes nothing but its time.
    static func struck(_ standing: QuarantineStanding?, at now: Int64) -> QuarantineStanding {
        let fresh = QuarantineStanding(strikes: 1, firstAt: now, lastAt: now, until: nil)
        guard var after = standing else { return fresh }
        after.lastAt = max(after.lastAt, now)
        if let until = after.until {
            if now < until { return after }
            guard seconds(now, since: until) <= memory else { return fresh }
            after.strikes = min(after.strikes + 1, 1000)
        } else if seconds(now, since: after.firstAt) <= window {
            after.strikes += 1
        } else if let last = standing?.lastAt, after.strikes > 1, seconds(now, since: last) <= window {
            after.strikes = 2
            after.firstAt = last
        } else {
            return fresh
        }
        if after.strikes >= limit {
            let doublings = min(after.strikes - limit, 10)
            let length = min(longest, first * Double(1 << doublings))
            after.until = now + Int64(length * 1_000_000)
        }
        return after
    }

    private static func seconds(_ time: Int64, since other: Int64) -> Double {
        Double(time) / 1_000_000 - Double(other) / 1_000_000
    }
}

/// A camera in quarantine, or counted on the way there.
public struct QuarantineLine: Sendable, Hashable, Encodable {
    /// The camera.
    public let camera: String
    /// Its name.
    public let name: String
    /// Strikes that count.
    public let strikes: Int
    /// First of them, microseconds since the Unix epoch.
    public let firstAt: Int64
    /// Last of them, microseconds since the Unix epoch.
    public let lastAt: Int64
    /// It is not opened before, microseconds since the Unix epoch; nil when it is only being counted.
    public let until: Int64?
    /// True while it must not be opened.
    public let isActive: Bool
    /// What happened last.
    public let reason: String
}

/// The table `camera_quarantine`.
public struct Quarantine: Sendable {
    /// Longest reason, characters.
    public static let maximumReason = 500

    private let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Counts a strike against a camera.
    ///
    /// - Parameters:
    ///   - camera: Its id.
    ///   - reason: What happened, for a person; cut to `maximumReason`.
    ///   - time: When it happened.
    /// - Returns: How it stands now.
    /// - Throws: `StoreError` with `notFound` for an unknown camera; `PostgresError`.
    @discardableResult
    public func strike(_ camera: String, reason: String, at time: MediaTime) async throws -> QuarantineStanding {
        let reason = AlertInspection.withoutNUL(String(reason.prefix(Self.maximumReason)))
        return try await pool.transaction { connection in
            // Two statements: the second one sees what was committed while the first waited for the lock.
            let known = try await connection.query(
                "SELECT id FROM camera WHERE id = $1 FOR NO KEY UPDATE",
                [.text(camera)]
            ).rows
            guard !known.isEmpty else {
                throw StoreError(.notFound, "there is no camera \(camera.prefix(80))", because: .cameraUnknown)
            }
            let before = try await connection.query(
                "SELECT strikes, first_at, last_at, until FROM camera_quarantine WHERE camera_id = $1",
                [.text(camera)]
            ).rows.first.map(Self.standing)
            let standing = QuarantinePolicy.struck(before, at: time.microseconds)
            try await connection.query(
                """
                INSERT INTO camera_quarantine (camera_id, strikes, first_at, last_at, until, reason)
                VALUES ($1, $2, $3, $4, $5, $6)
                ON CONFLICT (camera_id) DO UPDATE SET strikes = EXCLUDED.strikes, first_at = EXCLUDED.first_at,
                    last_at = EXCLUDED.last_at, until = EXCLUDED.until, reason = EXCLUDED.reason
                """,
                [
                    .text(camera), .int(standing.strikes), .timestamp(microsecondsSinceEpoch: standing.firstAt),
                    .timestamp(microsecondsSinceEpoch: standing.lastAt),
                    standing.until.map { .timestamp(microsecondsSinceEpoch: $0) } ?? .null, .text(reason),
                ]
            )
            return standing
        }
    }

    /// Lets a camera be opened again at once, and forgets its strikes.
    ///
    /// - Returns: False when there was nothing to forget.
    /// - Throws: `PostgresError`.
    public func release(_ camera: String) async throws -> Bool {
        try await pool.query("DELETE FROM camera_quarantine WHERE camera_id = $1", [.text(camera)]).affected == 1
    }

    /// Cameras in quarantine, then those that are being counted; the newest strikes first.
    ///
    /// `limit`: 1 to 1000.
    ///
    /// - Throws: `PostgresError`.
    public func list(limit: Int = 200) async throws -> [QuarantineLine] {
        let sql = """
            SELECT q.*, c.name, coalesce(q.until > now(), false) AS is_active
            FROM camera_quarantine q JOIN camera c ON c.id = q.camera_id
            ORDER BY is_active DESC, q.last_at DESC, q.camera_id LIMIT \(min(max(limit, 1), 1000))
            """
        return try await pool.query(sql).rows.map { row in
            QuarantineLine(
                camera: try row.requireText("camera_id"),
                name: try row.requireText("name"),
                strikes: try row.requireInt("strikes"),
                firstAt: try row.requireTimestamp("first_at"),
                lastAt: try row.requireTimestamp("last_at"),
                until: try row.timestamp("until"),
                isActive: try row.requireBool("is_active"),
                reason: try row.requireText("reason")
            )
        }
    }

    private static func standing(_ row: PostgresRow) throws -> QuarantineStanding {
        QuarantineStanding(
            strikes: try row.requireInt("strikes"),
            firstAt: try row.requireTimestamp("first_at"),
            lastAt: try row.requireTimestamp("last_at"),
            until: try row.timestamp("until")
        )
    }
}
