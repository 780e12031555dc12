public import FoundationEssentials
public import Postgres

/// A worker as the operations page shows it.
public struct WorkerLine: Sendable, Encodable {
    /// Its name.
    public let id: String
    /// Machine that it runs on.
    public let host: String
    /// Version of the program.
    public let version: String
    /// True while its lease holds.
    public let isAlive: Bool
    /// Seconds until its lease is over; negative since it was.
    public let leaseLeft: Double
    /// Cameras that it can hold.
    public let capacity: Int
    /// Shards that are its own.
    public let shards: Int
    /// Cameras in these that are to be watched.
    public let cameras: Int
    /// When its process joined.
    public let startedAt: Date
    /// Last renewal.
    public let seenAt: Date
    /// What it says of itself, a JSON object.
    public let stats: String
}

/// How many of some cameras are seen as often as they should be.
public struct CoverageLine: Sendable, Hashable, Encodable {
    /// Monitoring point class, 1 to 3.
    public let pointClass: Int
    /// Host of the platform that they are reached through; nil for those that are reached directly.
    public let platform: String?
    /// Name of that platform.
    public let platformName: String?
    /// Cameras that are to be watched.
    public let cameras: Int
    /// Of these, how many gave a sample within their interval.
    public let inTime: Int
    /// How many never gave one.
    public let neverSeen: Int
    /// How many are in quarantine.
    public let quarantined: Int

    /// Share of the cameras that gave a sample within their interval, 0 to 1; 1 when there are no cameras.
    public var share: Double { cameras == 0 ? 1 : Double(inTime) / Double(cameras) }
}

/// What a grid's cameras gave its people today.
public struct BudgetLine: Sendable, Encodable {
    /// The grid.
    public let grid: GridPlace
    /// Cases that became tasks.
    public let given: Int
    /// Cases that were held back.
    public let held: Int
}

/// A post that nobody holds who could work on a task.
public struct VacantPost: Sendable, Hashable, Encodable {
    /// Key.
    public let id: Int
    /// Title.
    public let title: String
    /// Names of its grid from the large one down; empty for none.
    public let gridPath: String
    /// Tasks that it still has, from when somebody held it.
    public let openTasks: Int
    /// Those of them whose limit has passed.
    public let overdueTasks: Int
    /// How many such posts there are in all.
    public let vacantPosts: Int
}

/// What nobody watches.
public struct UnownedShards: Sendable, Hashable, Encodable {
    /// Shards without an owner whose lease holds.
    public let shards: Int
    /// Cameras in these that are to be watched.
    public let cameras: Int
}

/// Reads how the watching itself goes, for the whole site: only for people whose view is not limited to a grid.
public struct OperationsReader: Sendable {
    /// Most workers that are told of.
    private static let workerLimit = 1000

    private let pool: PostgresPool

    /// Makes a reader over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Workers that run or ran lately, by name.
    ///
    /// - Throws: `PostgresError`.
    public func workers() async throws -> [WorkerLine] {
        let sql = """
            SELECT w.*, w.lease_until > now() AS is_alive, extract(epoch FROM w.lease_until - now()) AS lease_left,
                coalesce(o.shards, 0) AS shards, coalesce(o.cameras, 0) AS cameras
            FROM ingest_worker w LEFT JOIN (
                SELECT s.worker_id, count(*) AS shards, sum(n.cameras)::bigint AS cameras
                FROM ingest_shard s LEFT JOIN \(Self.counted) n ON n.shard = s.shard GROUP BY 1) o ON o.worker_id = w.id
            ORDER BY w.id LIMIT \(Self.workerLimit)
            """
        return try await pool.query(sql).rows.map { row in
            WorkerLine(
                id: try row.requireText("id"),
                host: try row.requireText("host"),
                version: try row.requireText("version"),
                isAlive: try row.requireBool("is_alive"),
                leaseLeft: try row.requireDouble("lease_left"),
                capacity: try row.requireInt("capacity"),
                shards: try row.requireInt("shards"),
                cameras: try row.requireInt("cameras"),
                startedAt: try row.requireDate("started_at"),
                seenAt: try row.requireDate("seen_at"),
                stats: try row.requireText("stats")
            )
        }
    }

    /// Shards that no living worker owns.
    ///
    /// - Throws: `PostgresError`.
    public func unowned() async throws -> UnownedShards {
        let sql = """
            SELECT count(*) AS shards, coalesce(sum(n.cameras), 0)::bigint AS cameras
            FROM ingest_shard s LEFT JOIN \(Self.counted) n ON n.shard = s.shard
            WHERE NOT EXISTS (SELECT FROM ingest_worker w WHERE w.id = s.worker_id AND w.lease_until > now())
            """
        let row = try await pool.query(sql).rows[0]
        return UnownedShards(shards: try row.requireInt("shards"), cameras: try row.requireInt("cameras"))
    }

    /// How many cameras are seen within their interval, by class and platform.
    ///
    /// `slack`: seconds that a sample may be late, for the way of the states into the database.
    ///
    /// - Throws: `PostgresError`.
    public func coverage(slack: Double = CameraStates.slack) async throws -> [CoverageLine] {
        let sql = """
            SELECT c.point_class, p.host AS platform, p.name AS platform_name, count(*) AS cameras,
                count(*) FILTER (WHERE s.sampled_at >= now() - make_interval(secs => s.interval_s + $1::float8))
                    AS in_time,
                count(*) FILTER (WHERE s.sampled_at IS NULL) AS never_seen,
                count(*) FILTER (WHERE q.until > now()) AS quarantined
            FROM camera c
            LEFT JOIN camera_state s ON s.camera_id = c.id
            LEFT JOIN platform p ON p.host = c.stream_host
            LEFT JOIN camera_quarantine q ON q.camera_id = c.id
            WHERE c.watched GROUP BY c.point_class, p.host ORDER BY c.point_class, p.host NULLS FIRST
            """
        return try await pool.query(sql, [.double(min(max(slack, 0), 86_400))]).rows.map { row in
            CoverageLine(
                pointClass: try row.requireInt("point_class"),
                platform: try row.text("platform"),
                platformName: try row.text("platform_name"),
                cameras: try row.requireInt("cameras"),
                inTime: try row.requireInt("in_time"),
                neverSeen: try row.requireInt("never_seen"),
                quarantined: try row.requireInt("quarantined")
            )
        }
    }

    /// Grids that got tasks from cameras today or whose cases were held back, those with the most held back first.
    ///
    /// - Throws: `PostgresError`.
    public func budgets(limit: Int = 20) async throws -> [BudgetLine] {
        let today = TaskAllowance.today
        let sql = """
            SELECT g.id AS grid_id, g.code AS grid_code, g.name AS grid_name, \(GridReader.path) AS grid_path,
                b.given, b.held
            FROM (
                SELECT h.grid_id, count(DISTINCT h.id) FILTER (WHERE k.id IS NOT NULL) AS given,
                    count(DISTINCT h.id) FILTER (WHERE h.held_back_at >= \(today)) AS held
                FROM (SELECT id FROM hazard_case WHERE held_back_at >= \(today)
                    UNION SELECT case_id FROM task WHERE created_at >= \(today)) o
                JOIN hazard_case h ON h.id = o.id
                JOIN hazard_type t ON t.code = h.hazard_type AND t.theme <> 'SBGZ'
                LEFT JOIN task k ON k.case_id = h.id AND k.created_at >= \(today)
                WHERE h.grid_id IS NOT NULL GROUP BY h.grid_id) b
            JOIN grid g ON g.id = b.grid_id \(GridReader.parents)
            ORDER BY b.held DESC, b.given DESC, g.code LIMIT \(max(1, limit))
            """
        return try await pool.query(sql).rows.compactMap { row in
            guard let grid = try GridPlace(row) else { return nil }
            return BudgetLine(grid: grid, given: try row.requireInt("given"), held: try row.requireInt("held"))
        }
    }

    /// Posts that nobody holds who could work on a task: those with tasks first, the most overdue first.
    ///
    /// - Throws: `PostgresError`.
    public func vacantPosts(limit: Int = 50) async throws -> [VacantPost] {
        let sql = """
            SELECT p.id, p.title, \(GridReader.path) AS grid_path, coalesce(k.open, 0) AS open,
                coalesce(k.overdue, 0) AS overdue, count(*) OVER () AS vacant
            FROM post p LEFT JOIN grid g ON g.id = p.grid_id \(GridReader.parents)
            LEFT JOIN (
                SELECT post_id, count(*) AS open, count(*) FILTER (WHERE deadline_at < now()) AS overdue
                FROM task WHERE state IN ('open', 'accepted') GROUP BY post_id) k ON k.post_id = p.id
            WHERE NOT \(PostFinder.hasPerson)
            ORDER BY coalesce(k.overdue, 0) DESC, coalesce(k.open, 0) DESC, g.level NULLS FIRST, p.code
            LIMIT \(max(1, limit))
            """
        return try await pool.query(sql).rows.map { row in
            VacantPost(
                id: try row.requireInt("id"),
                title: try row.requireText("title"),
                gridPath: try row.requireText("grid_path"),
                openTasks: try row.requireInt("open"),
                overdueTasks: try row.requireInt("overdue"),
                vacantPosts: try row.requireInt("vacant")
            )
        }
    }

    /// Incidents, the open ones first.
    ///
    /// - Throws: `PostgresError`.
    public func incidents(limit: Int = 100) async throws -> [Incident] {
        try await Incidents(pool: pool).list(limit: limit)
    }

    /// Cameras in quarantine, or on the way there.
    ///
    /// - Throws: `PostgresError`.
    public func quarantine(limit: Int = 200) async throws -> [QuarantineLine] {
        try await Quarantine(pool: pool).list(limit: limit)
    }

    private static let counted = "(SELECT shard, count(*) AS cameras FROM camera WHERE watched GROUP BY shard)"
}
