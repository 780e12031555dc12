public import Postgres

/// Asks what has changed, where the database's announcements are not heard.
///
/// Finds what the history of cases, the states of cameras and the incidents tell; somewhat late, and some of it twice.
public struct ChangePoll: Sendable {
    /// Events that are looked at again, because an earlier number may become visible after a later one.
    private static let overlap = 200
    /// Changes found at most; beyond them the caller must take everything as changed.
    private static let limit = 500

    private let pool: PostgresPool
    private var last: Int?
    private var seen: Set<Int> = []
    private var asked = ""

    /// Makes a poll; the first `next` finds nothing, but remembers how things stand.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// What has changed since the last call; nil when it is too much to name.
    ///
    /// - Throws: `PostgresError`; the next call then finds what this one would have.
    public mutating func next() async throws -> [ChangeKey]? {
        guard let from = last else {
            let rows = try await pool.query(
                """
                SELECT now()::text AS now, e.id FROM (SELECT) AS one
                    LEFT JOIN (SELECT id FROM case_event ORDER BY id DESC LIMIT \(Self.overlap)) AS e ON true
                """
            ).rows
            seen = Set(try rows.compactMap { try $0.int("id") })
            last = seen.max() ?? 0
            asked = try rows[0].requireText("now")
            return []
        }
        let rows = try await pool.query(
            """
            WITH recent AS MATERIALIZED (
                SELECT id, case_id FROM case_event WHERE id > $1 - \(Self.overlap) ORDER BY id LIMIT \(2 * Self.limit)),
            now AS (SELECT now()::text AS now)
            SELECT 'now' AS kind, now AS key, NULL::bigint AS event FROM now
            UNION ALL SELECT 'case', case_id::text, id FROM recent
            UNION ALL SELECT 'task', t.id::text, r.id FROM recent r JOIN task t ON t.case_id = r.case_id
            UNION ALL (SELECT 'camera', camera_id, NULL FROM camera_state
                WHERE updated_at >= $2::timestamptz AND since >= $2::timestamptz - interval '1 min'
                LIMIT \(Self.limit))
            UNION ALL SELECT 'incident', id::text, NULL FROM incident
                WHERE started_at >= $2::timestamptz OR ended_at >= $2::timestamptz
            """,
            [.int(from), .text(asked)]
        ).rows
        var keys: Set<ChangeKey> = []
        var events: Set<Int> = []
        for row in rows {
            let (kind, key) = (try row.requireText("kind"), try row.requireText("key"))
            let event = try row.int("event")
            if let event { events.insert(event) }
            if kind == "now" { asked = key }
            guard let kind = ChangeKey.Kind(rawValue: kind), event.map({ !seen.contains($0) }) ?? true else { continue }
            keys.insert(ChangeKey(kind: kind, id: key))
        }
        seen = events
        last = max(from, events.max() ?? from)
        return keys.count > Self.limit ? nil : keys.sorted { ($0.kind.rawValue, $0.id) < ($1.kind.rawValue, $1.id) }
    }
}
