import Cases
import Postgres

/// Ends alerts that nobody watches any more, because the process that did has ended before they did.
///
/// Who takes a shard over starts with no alert open there, so whatever was stated before that and still runs is from
/// somebody who is gone. When its true end arrives after all, out of a spool that was delivered late, it takes the
/// place of the guess (`AlertTable`); so does every later statement that it still runs.
struct UnseenEnds {
    let connection: PostgresConnection

    /// Seconds after a take-over before anything is ended: by then whoever watches has stated again what still runs.
    static let patience = 15.0
    /// Seconds for which a camera must work before a fault of it that nobody watched is over.
    static let recovery = 60.0

    /// Ends the oldest such alerts of shards that the caller holds, and announces their cases.
    ///
    /// The fault of a camera ends when the camera works again under its new owner, and then its case is told; or unseen,
    /// when a newer fault has begun, or the camera is not to be watched any more.
    ///
    /// - Returns: How many ended.
    func settle(of shards: Set<Int>, limit: Int) async throws -> Int {
        try await connection.query(
            """
            WITH lost AS MATERIALIZED (
                SELECT a.id, a.camera_id, a.kind = '\(CameraFault.kind)' AS is_fault, s.worker_id, c.watched
                FROM alert a JOIN camera c ON c.id = a.camera_id JOIN ingest_shard s ON s.shard = c.shard
                WHERE a.ended_at IS NULL AND s.shard = ANY ($1::int[])
                    AND s.since < now() - $3 * interval '1 s'
                    AND (a.stated_at < s.since OR a.received_at < s.since)),
            verdict AS MATERIALIZED (
                SELECT l.id, l.is_fault, l.watched, CASE WHEN l.is_fault THEN (
                    SELECT cs.since FROM camera_state cs
                    WHERE cs.camera_id = l.camera_id AND cs.worker_id = l.worker_id AND cs.state = 'online'
                        AND cs.since < now() - $4 * interval '1 s') END AS recovered_at
                FROM lost l),
            due AS MATERIALIZED (
                SELECT a.id, v.recovered_at FROM verdict v JOIN alert a ON a.id = v.id
                WHERE NOT v.is_fault OR v.recovered_at IS NOT NULL OR NOT v.watched OR EXISTS (
                    SELECT FROM alert n WHERE n.camera_id = a.camera_id AND n.rule_id = a.rule_id
                        AND n.started_at > a.started_at)
                ORDER BY a.id LIMIT $2 FOR UPDATE OF a),
            ended AS (
                UPDATE alert a SET end_unseen = d.recovered_at IS NULL, orphan = a.orphan OR d.recovered_at IS NOT NULL,
                    ended_at = GREATEST (a.started_at, a.stated_at, d.recovered_at)
                FROM due d WHERE a.id = d.id AND a.ended_at IS NULL RETURNING a.case_id)
            SELECT pg_notify('\(ChangeReader.channel)', 'case ' || case_id), count(*) AS ended
            FROM ended GROUP BY case_id
            """,
            [.intArray(shards.sorted()), .int(limit), .double(Self.patience), .double(Self.recovery)]
        ).rows.reduce(0) { try $0 + $1.requireInt("ended") }
    }

    /// The shards among those given that may have some; takes no lock.
    static func shards(among shards: [Int], _ connection: PostgresConnection) async throws -> Set<Int> {
        let rows = try await connection.query(
            """
            SELECT DISTINCT s.shard FROM alert a JOIN camera c ON c.id = a.camera_id
                JOIN ingest_shard s ON s.shard = c.shard
            WHERE a.ended_at IS NULL AND s.shard = ANY ($1::int[]) AND s.since < now() - $2 * interval '1 s'
                AND (a.stated_at < s.since OR a.received_at < s.since)
            """,
            [.intArray(shards.sorted()), .double(patience)]
        ).rows
        return Set(try rows.map { try $0.requireInt("shard") })
    }
}
