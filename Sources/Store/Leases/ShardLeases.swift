import FoundationEssentials
public import Postgres

/// Divides the shards of cameras among workers by leases in the database, on its clock.
///
/// A worker joins, renews every few seconds, and learns with each renewal who is alive and who owns what; `ShardPlan`
/// says what to claim and release. A shard has one owner at a time, and its epoch rises with every owner: who does not
/// know yet that it lost a shard is stopped by that number, not by time. Use a pool with a statement timeout well below
/// the lease's time.
public struct ShardLeases: Sendable {
    /// The channel on which shards that became free are announced, so that others take them at once.
    public static let channel = "gridwatch_shards"
    /// Largest `stats` of a worker, bytes of JSON.
    public static let maximumStats = 65_536
    /// Days after which a worker that is gone is forgotten.
    private static let memory = 7

    private let pool: PostgresPool
    private let timeToLive: Double

    /// Makes the leases.
    ///
    /// `timeToLive`: seconds that a renewal is good for; the same for all workers of a database.
    public init(pool: PostgresPool, timeToLive: Double = LeaseTrust.timeToLive) {
        self.pool = pool
        self.timeToLive = timeToLive
    }

    /// Enters a process as a worker; what an earlier process of that name owned is its own at once, with new epochs.
    ///
    /// A process of the same name and the same installation takes over at once: its parent knows that the earlier one is
    /// gone, and the lock of their spool makes sure of it. One of another installation, that is another machine with the
    /// same node name, is refused for as long as the first lives.
    ///
    /// - Parameters:
    ///   - worker: Name and boot of the process.
    ///   - host: Machine that it runs on, cut to 255 characters.
    ///   - capacity: Cameras that it can hold, 0 to 1,000,000.
    ///   - version: Version of the program, cut to 100 characters.
    ///   - instance: The installation that it belongs to, cut to 200 characters; empty when it belongs to none.
    /// - Returns: The epochs of the shards that it owns.
    /// - Throws: `StoreError`: `conflict` when another process of that name is alive, `invalid` for a name or capacity
    ///   that cannot be; `PostgresError`.
    public func join(
        _ worker: WorkerIdentity,
        host: String,
        capacity: Int,
        version: String,
        instance: String = ""
    ) async throws -> [Int: Int] {
        try Self.check(worker.id, capacity)
        try await pool.query(Self.shorten, [.text(worker.id), .double(timeToLive)])
        let values: [PostgresValue] = [
            .text(worker.id), .text(worker.boot.uuidString), .double(timeToLive), .int(capacity),
            .text(Self.cut(version, 100)), .text(Self.cut(host, 255)), .text(Self.cut(instance, 200)),
        ]
        return try await pool.transaction { connection in
            guard try await !connection.query(Self.enter, values).rows.isEmpty else {
                throw try await refusal(worker.id, connection)
            }
            try await connection.query(
                "DELETE FROM ingest_worker WHERE lease_until < now() - make_interval(days => \(Self.memory))"
            )
            // The old process must be stopped before this one may act: every epoch that it believes in ends here.
            return try Self.epochs(
                try await connection.query(
                    """
                    UPDATE ingest_shard SET epoch = epoch + 1, since = now() WHERE shard IN (
                        SELECT shard FROM ingest_shard WHERE worker_id = $1 ORDER BY shard FOR UPDATE)
                    RETURNING shard, epoch
                    """,
                    [.text(worker.id)]
                )
            )
        }
    }

    /// Renews the lease, and says who is alive and who owns what.
    ///
    /// When the database's clock was set back, leases of others that were renewed before that are shortened to what they
    /// are good for: who is gone does not keep its shards for as long as the clock went back.
    ///
    /// `stats`: what the worker says of itself, a JSON object of at most `maximumStats` bytes.
    ///
    /// - Throws: `StoreError`: `conflict` when another process has the name now: stop at once; `invalid` for too long
    ///   `stats`; `PostgresError`: the lease may or may not be renewed, ask again.
    public func renew(_ worker: WorkerIdentity, stats: String = "{}") async throws -> LeaseView {
        guard stats.utf8.count <= Self.maximumStats else {
            throw StoreError(.invalid, "the stats of \(worker.id) have more than \(Self.maximumStats) bytes")
        }
        let rows = try await pool.query(
            Self.renewal,
            [.text(worker.id), .text(worker.boot.uuidString), .double(timeToLive), .json(stats)]
        ).rows
        var workers: [LeaseView.Worker] = []
        var shards: [LeaseView.Shard] = []
        var time: Double?
        for row in rows {
            if let number = try row.int("shard") {
                shards.append(
                    LeaseView.Shard(
                        number: number,
                        owner: try row.text("worker"),
                        epoch: try row.requireInt("epoch"),
                        cameras: try row.requireInt("cameras")
                    )
                )
            } else {
                time = try row.double("time") ?? time
                workers.append(
                    LeaseView.Worker(
                        id: try row.requireText("worker"),
                        capacity: try row.requireInt("cameras"),
                        leaseLeft: try row.requireDouble("lease_left")
                    )
                )
            }
        }
        guard workers.contains(where: { $0.id == worker.id }) else {
            throw StoreError(
                .conflict,
                "worker \(worker.id) was taken over by another process, or forgotten: this process must stop watching; "
                    + "give every machine a node name of its own (ingest.node)"
            )
        }
        return LeaseView(worker: worker.id, workers: workers, shards: shards, time: time)
    }

    /// Takes shards that nobody owns, or whose owner's lease is over; those that others have are left to them.
    ///
    /// A worker whose own lease is over gets none.
    ///
    /// - Returns: Epochs of the shards that it owns from now on.
    public func claim(_ shards: [Int], by worker: WorkerIdentity) async throws -> [Int: Int] {
        guard !shards.isEmpty else { return [:] }
        return try Self.epochs(try await pool.query(Self.taking, Self.values(shards, worker)))
    }

    /// Gives shards up, so that others may take them; call after their cameras are closed.
    ///
    /// - Returns: The shards that were its own.
    @discardableResult
    public func release(_ shards: [Int], by worker: WorkerIdentity) async throws -> [Int] {
        guard !shards.isEmpty else { return [] }
        return try await pool.query(Self.givingUp, Self.values(shards, worker)).rows
            .map { try $0.requireInt("shard") }.sorted()
    }

    /// Ends the lease and gives up all shards, for an orderly stop; others hear of it at once.
    public func resign(_ worker: WorkerIdentity) async throws {
        try await pool.transaction { connection in
            let ended = try await connection.query(
                "UPDATE ingest_worker SET lease_until = now(), seen_at = now() WHERE id = $1 AND boot = $2::uuid",
                [.text(worker.id), .text(worker.boot.uuidString)]
            ).affected
            guard ended == 1 else { return }
            let all = Array(0..<LeaseView.shardCount)
            try await connection.query(Self.givingUp, Self.values(all, worker))
        }
    }

    private static func values(_ shards: [Int], _ worker: WorkerIdentity) -> [PostgresValue] {
        let known = Set(shards).filter { (0..<LeaseView.shardCount).contains($0) }
        return [.text(worker.id), .text(worker.boot.uuidString), .intArray(known.sorted())]
    }

    private static func epochs(_ result: PostgresResult) throws -> [Int: Int] {
        var epochs: [Int: Int] = [:]
        for row in result.rows { epochs[try row.requireInt("shard")] = try row.requireInt("epoch") }
        return epochs
    }

    private static func cut(_ text: String, _ limit: Int) -> String {
        AlertInspection.withoutNUL(String(text.prefix(limit)))
    }

    private static func check(_ id: String, _ capacity: Int) throws(StoreError) {
        let isName = id.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
        guard isName, (1...63).contains(id.count), id.first?.isLetter == true || id.first?.isNumber == true else {
            throw StoreError(.invalid, "'\(id.prefix(80))' is no name of a worker: use 1 to 63 of A-Z a-z 0-9 . _ -")
        }
        guard (0...1_000_000).contains(capacity) else {
            throw StoreError(.invalid, "worker \(id): a capacity of \(capacity) cameras is not within 0 to 1,000,000")
        }
    }

    private func refusal(_ id: String, _ connection: PostgresConnection) async throws -> StoreError {
        let row = try await connection.query(
            "SELECT host, ceil(extract(epoch FROM lease_until - now()))::int AS seconds FROM ingest_worker WHERE id = $1",
            [.text(id)]
        ).rows.first
        let host = try row?.text("host") ?? "?"
        return StoreError(
            .conflict,
            "a worker named \(id) is running on \(host) (its lease holds for another \(try row?.int("seconds") ?? 0) s): "
                + "two machines have the same node name; give this one a name of its own (ingest.node), or stop the other"
        )
    }

    private static let enter = """
        INSERT INTO ingest_worker AS w (id, boot, epoch, lease_until, capacity, version, host, instance)
        VALUES ($1, $2::uuid, 1, now() + make_interval(secs => $3::float8), $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE SET boot = EXCLUDED.boot, epoch = w.epoch + 1, lease_until = EXCLUDED.lease_until,
            capacity = EXCLUDED.capacity, version = EXCLUDED.version, host = EXCLUDED.host,
            instance = EXCLUDED.instance, started_at = now(), seen_at = now(), stats = '{}'
            WHERE w.boot = EXCLUDED.boot OR w.lease_until <= now()
                OR EXCLUDED.instance <> '' AND w.instance IN ('', EXCLUDED.instance)
        RETURNING epoch
        """

    /// A lease that was renewed in what is the future by now is good for its time from now on, no longer.
    private static let shorten = """
        UPDATE ingest_worker SET lease_until = now() + make_interval(secs => $2::float8), seen_at = now()
        WHERE id = $1 AND lease_until > now() AND seen_at > now() + interval '\(LeaseClock.tolerance) s'
        """

    /// A row for each live worker, then one for each shard.
    private static let renewal = """
        WITH renewed AS (
            UPDATE ingest_worker SET lease_until = now() + make_interval(secs => $3::float8), seen_at = now(),
                stats = $4::jsonb
            WHERE id = $1 AND boot = $2::uuid RETURNING id, capacity),
        ahead AS (
            SELECT id FROM ingest_worker
            WHERE id <> $1 AND lease_until > now() AND seen_at > now() + interval '\(LeaseClock.tolerance) s'
            FOR UPDATE SKIP LOCKED),
        shortened AS (
            UPDATE ingest_worker w SET lease_until = now() + make_interval(secs => $3::float8), seen_at = now()
            FROM ahead WHERE w.id = ahead.id),
        watched AS (SELECT shard, count(*) AS cameras FROM camera WHERE watched GROUP BY shard)
        SELECT NULL::int AS shard, id AS worker, capacity AS cameras, NULL::bigint AS epoch, $3::float8 AS lease_left,
            extract(epoch FROM now())::float8 AS time
        FROM renewed
        UNION ALL
        SELECT NULL, id, capacity, NULL, extract(epoch FROM lease_until - now()), NULL
        FROM ingest_worker WHERE lease_until > now() AND id <> $1
        UNION ALL
        SELECT s.shard, s.worker_id, coalesce(w.cameras, 0), s.epoch, NULL, NULL
        FROM ingest_shard s LEFT JOIN watched w ON w.shard = s.shard
        """

    /// The share lock on the own row holds up a process of the same name that joins meanwhile.
    ///
    /// It then sees what was taken here. A row that changed hands since the statement began has another epoch and is
    /// left alone.
    private static let taking = """
        WITH me AS MATERIALIZED (
            SELECT id FROM ingest_worker WHERE id = $1 AND boot = $2::uuid AND lease_until > now() FOR SHARE),
        free AS MATERIALIZED (
            SELECT s.shard, s.epoch FROM ingest_shard s LEFT JOIN ingest_worker w ON w.id = s.worker_id
            WHERE s.shard = ANY ($3::int[]) AND (s.worker_id IS NULL OR w.lease_until <= now() AND w.id <> $1)
                AND EXISTS (SELECT FROM me)),
        held AS MATERIALIZED (
            SELECT s.shard FROM ingest_shard s JOIN free f ON f.shard = s.shard AND f.epoch = s.epoch
            ORDER BY s.shard FOR UPDATE OF s)
        UPDATE ingest_shard s SET worker_id = $1, epoch = s.epoch + 1, since = now()
        FROM held WHERE s.shard = held.shard RETURNING s.shard, s.epoch
        """

    private static let givingUp = """
        WITH held AS MATERIALIZED (
            SELECT s.shard FROM ingest_shard s
            WHERE s.worker_id = $1 AND s.shard = ANY ($3::int[])
                AND EXISTS (SELECT FROM ingest_worker w WHERE w.id = $1 AND w.boot = $2::uuid)
            ORDER BY s.shard FOR UPDATE OF s),
        freed AS (
            UPDATE ingest_shard s SET worker_id = NULL, since = now()
            FROM held WHERE s.shard = held.shard RETURNING s.shard)
        SELECT shard, pg_notify('\(channel)', '') FROM freed
        """
}
