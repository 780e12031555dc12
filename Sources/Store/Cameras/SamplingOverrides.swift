public import Postgres

/// How often cameras are sampled where it is not as the settings say.
public struct SamplingOverride: Sendable, Hashable, Codable {
    /// Key.
    public let id: Int
    /// The camera that it is for; nil when it is for a tag.
    public let camera: String?
    /// The tag whose cameras it is for; nil when it is for one camera.
    public let tag: String?
    /// Seconds between samples, 1 to 3600.
    public let interval: Int
    /// When it holds: JSON in the form of the schedule of a rule; nil for always.
    public let schedule: String?

    /// Makes an override from its parts.
    public init(id: Int, camera: String?, tag: String?, interval: Int, schedule: String?) {
        self.id = id
        self.camera = camera
        self.tag = tag
        self.interval = interval
        self.schedule = schedule
    }
}

/// The table `sampling_override`.
public struct SamplingOverrides: Sendable {
    /// What an override is for.
    public enum Target: Sendable, Hashable {
        /// One camera, by id.
        case camera(String)
        /// All cameras with the tag.
        case tag(String)
    }

    /// Most overrides of one camera or tag.
    public static let maximumPerTarget = 16

    private let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// All overrides in the order in which they hold: those of cameras first, those with a schedule first.
    ///
    /// - Throws: `PostgresError`.
    public func list() async throws -> [SamplingOverride] {
        let sql = "SELECT \(Self.columns) FROM sampling_override o ORDER BY \(Self.order)"
        return try await pool.query(sql).rows.map(Self.override)
    }

    /// Adds an override, or changes the interval of the one with that target and schedule.
    ///
    /// - Parameters:
    ///   - target: Camera or tag.
    ///   - interval: Seconds between samples, 1 to 3600.
    ///   - schedule: JSON list of windows in the form of the schedule of a rule, checked by the caller; nil for always.
    /// - Returns: Its key.
    /// - Throws: `StoreError`: `notFound` for an unknown camera, `invalid` for an interval, tag or schedule that cannot
    ///   be, `conflict` when the target has too many; `PostgresError`.
    @discardableResult
    public func set(_ target: Target, interval: Int, schedule: String? = nil) async throws -> Int {
        guard (1...3600).contains(interval) else {
            throw StoreError(.invalid, "an interval of \(interval) s is not within 1 to 3600", because: .interval)
        }
        let (camera, tag): (String?, String?) =
            switch target {
            case .camera(let id): (id, nil)
            case .tag(let name): (nil, name)
            }
        let values = [PostgresValue(camera), PostgresValue(tag), schedule.map { .json($0) } ?? .null]
        do {
            return try await pool.transaction { connection in
                try await RegistryLock.take(connection)
                try await Self.check(camera ?? tag ?? "", values, connection)
                return try await connection.query(
                    """
                    INSERT INTO sampling_override (camera_id, tag, schedule, interval_s) VALUES ($1, $2, $3::jsonb, $4)
                    ON CONFLICT (camera_id, tag, schedule) DO UPDATE SET interval_s = EXCLUDED.interval_s RETURNING id
                    """,
                    values + [.int(interval)]
                ).rows[0].requireInt("id")
            }
        } catch let error as PostgresError where error.sqlState?.hasPrefix("22") == true || error.constraint != nil {
            throw StoreError(
                .invalid,
                "tag or schedule cannot be stored: a tag has 1 to 100 characters, a schedule is a JSON list of windows "
                    + "of at most 2000 bytes",
                because: .window
            )
        }
    }

    private static func check(
        _ target: String,
        _ values: [PostgresValue],
        _ connection: PostgresConnection
    ) async throws {
        let row = try await connection.query(
            """
            SELECT $1::text IS NULL OR EXISTS (SELECT FROM camera WHERE id = $1) AS is_known, count(*) AS others
            FROM sampling_override WHERE (camera_id = $1 OR tag = $2) AND schedule IS DISTINCT FROM $3::jsonb
            """,
            values
        ).rows[0]
        guard try row.requireBool("is_known") else {
            throw StoreError(.notFound, "there is no camera \(target.prefix(80))", because: .cameraUnknown)
        }
        guard try row.requireInt("others") < maximumPerTarget else {
            throw StoreError(
                .conflict,
                "\(target.prefix(80)) has \(maximumPerTarget) overrides already",
                because: .overrideCount
            )
        }
    }

    /// Removes an override.
    ///
    /// - Returns: False when there was none.
    /// - Throws: `PostgresError`.
    public func remove(id: Int) async throws -> Bool {
        try await pool.query("DELETE FROM sampling_override WHERE id = $1", [.int(id)]).affected == 1
    }

    static let columns = "o.id, o.camera_id, o.tag, o.interval_s, o.schedule"
    static let order = "o.camera_id IS NULL, o.schedule IS NULL, o.id"

    static func override(_ row: PostgresRow) throws -> SamplingOverride {
        SamplingOverride(
            id: try row.requireInt("id"),
            camera: try row.text("camera_id"),
            tag: try row.text("tag"),
            interval: try row.requireInt("interval_s"),
            schedule: try row.text("schedule")
        )
    }
}
