import FoundationEssentials
import Postgres

/// The check whether a writer still owns the shards that it believes it owns.
struct ShardFence {
    let connection: PostgresConnection

    /// Holds shards until the end of the transaction, so that nobody can take them meanwhile.
    ///
    /// Waits for a take-over that is under way, and then does not hold what it took.
    ///
    /// - Returns: Those of `shards` that are the writer's own.
    func hold(_ shards: Set<Int>, by authority: Authority) async throws -> Set<Int> {
        let believed = shards.compactMap { shard in authority.epochs[shard].map { (shard: shard, epoch: $0) } }
        guard !believed.isEmpty else { return [] }
        let rows = try await connection.query(
            """
            SELECT s.shard FROM ingest_shard s JOIN unnest($3::int[], $4::bigint[]) AS b (shard, epoch)
                ON b.shard = s.shard AND b.epoch = s.epoch
            WHERE s.worker_id = $1 AND EXISTS (SELECT FROM ingest_worker w WHERE w.id = $1 AND w.boot = $2::uuid)
            ORDER BY s.shard FOR SHARE OF s
            """,
            [
                .text(authority.worker.id), .text(authority.worker.boot.uuidString),
                .intArray(believed.map(\.shard)), .intArray(believed.map(\.epoch)),
            ]
        ).rows
        return Set(try rows.map { try $0.requireInt("shard") })
    }
}

/// Alerts that a writer without authority stored, and that the owner of their shard has to look after.
struct OrphanAlerts {
    let connection: PostgresConnection

    /// Marks alerts of a writer without authority: as late, and as orphans where something has to follow from them.
    ///
    /// `faults`: those among them that say that a camera does not work, or works again. Only these need a look at the
    /// history of their cases, so the others are marked without one.
    func leave(_ alerts: [String], faults: [String]) async throws {
        guard !alerts.isEmpty else { return }
        try await connection.query(
            """
            UPDATE alert SET late = true, orphan = case_id IS NULL
            WHERE id = ANY ($1::uuid[]) AND (NOT late OR NOT orphan AND case_id IS NULL)
            """,
            [.textArray(alerts)]
        )
        guard !faults.isEmpty else { return }
        try await connection.query(
            "UPDATE alert a SET orphan = true WHERE a.id = ANY ($1::uuid[]) AND NOT a.orphan AND \(CameraRecovery.isDue)",
            [.textArray(faults)]
        )
    }

    /// The shards among those given that have orphans.
    static func shards(among shards: [Int], _ connection: PostgresConnection) async throws -> Set<Int> {
        let rows = try await connection.query(
            """
            SELECT DISTINCT c.shard FROM alert a JOIN camera c ON c.id = a.camera_id
            WHERE a.orphan AND c.shard = ANY ($1::int[])
            """,
            [.intArray(shards.sorted())]
        ).rows
        return Set(try rows.map { try $0.requireInt("shard") })
    }

    /// The oldest orphans of shards, without those in `passingOver`.
    func oldest(of shards: Set<Int>, limit: Int, passingOver: Set<String>) async throws -> [String] {
        try await connection.query(
            """
            SELECT a.id FROM alert a JOIN camera c ON c.id = a.camera_id
            WHERE a.orphan AND c.shard = ANY ($1::int[]) AND a.id <> ALL ($3::uuid[])
            ORDER BY a.started_at, a.id LIMIT $2
            """,
            [.intArray(shards.sorted()), .int(limit), .textArray(passingOver.sorted())]
        ).rows.map { try $0.requireText("id") }
    }

    /// Takes the mark off: their owner has seen them.
    func settle(_ alerts: [String]) async throws {
        guard !alerts.isEmpty else { return }
        try await connection.query(
            "UPDATE alert SET orphan = false WHERE id = ANY ($1::uuid[]) AND orphan",
            [.textArray(alerts)]
        )
    }
}
