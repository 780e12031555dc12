internal import Postgres

/// An alert about which people have said whether it was right.
public struct JudgedAlert: Sendable, Hashable {
    /// UUIDv7.
    public let id: String
    /// Camera and its rule.
    public let camera: String
    /// See `camera`.
    public let rule: String
    /// When it began, microseconds since the Unix epoch.
    public let startedAt: Int64
    /// True when its case was closed as a false alarm.
    public let isFalse: Bool
    /// Why it was false: light, weather…; nil for a hazard.
    public let reason: String?
}

extension Profiles {
    /// Alerts of cases that ended in the last days, the newest first.
    ///
    /// For people who see all cameras.
    ///
    /// - Throws: `PostgresError`.
    public func judgedAlerts(days: Int, limit: Int = 5000) async throws -> [JudgedAlert] {
        let sql = """
            SELECT a.id, a.camera_id, a.rule_id, a.started_at, v.is_false, v.reason
            FROM case_verdict v JOIN alert a ON a.case_id = v.case_id
            WHERE v.closed_at > now() - make_interval(days => $1)
            ORDER BY v.closed_at DESC, a.id LIMIT \(min(max(limit, 1), 100_000))
            """
        return try await pool.query(sql, [.int(days)]).rows.map { row in
            JudgedAlert(
                id: try row.requireText("id"),
                camera: try row.requireText("camera_id"),
                rule: try row.requireText("rule_id"),
                startedAt: try row.requireTimestamp("started_at"),
                isFalse: try row.requireBool("is_false"),
                reason: try row.text("reason")
            )
        }
    }
}
