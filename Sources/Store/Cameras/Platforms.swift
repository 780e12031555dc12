public import Postgres

/// A recorder or video platform that many cameras are reached through.
public struct Platform: Sendable, Hashable, Encodable {
    /// Host in the stream addresses of its cameras, lower case, without port.
    public let host: String
    /// Name as shown.
    public let name: String
    /// Streams that it gives at once, 1 to 1000: its cameras are watched in turns; nil for all at once.
    public let patrolSessions: Int?
    /// What a person wrote.
    public let note: String?

    /// Makes a platform; the host is taken in lower case.
    public init(host: String, name: String, patrolSessions: Int? = nil, note: String? = nil) {
        self.host = host.lowercased()
        self.name = name
        self.patrolSessions = patrolSessions
        self.note = note
    }
}

/// A platform and how many cameras are behind it.
public struct PlatformLine: Sendable, Hashable, Encodable {
    /// The platform.
    public let platform: Platform
    /// Cameras that are to be watched through it.
    public let cameras: Int
}

/// The table `platform`.
public struct Platforms: Sendable {
    private let pool: PostgresPool

    /// Makes a desk over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// All platforms with their cameras, by host.
    ///
    /// - Throws: `PostgresError`.
    public func list() async throws -> [PlatformLine] {
        let sql = """
            SELECT p.host, p.name, p.patrol_sessions, p.note, coalesce(n.cameras, 0) AS cameras FROM platform p
            LEFT JOIN (SELECT stream_host, count(*) AS cameras FROM camera WHERE watched GROUP BY 1) n
                ON n.stream_host = p.host
            ORDER BY p.host
            """
        return try await pool.query(sql).rows.map { row in
            PlatformLine(
                platform: Platform(
                    host: try row.requireText("host"),
                    name: try row.requireText("name"),
                    patrolSessions: try row.int("patrol_sessions"),
                    note: try row.text("note")
                ),
                cameras: try row.requireInt("cameras")
            )
        }
    }

    /// Adds a platform, or replaces the one at that host.
    ///
    /// - Throws: `StoreError` with `invalid` for a host, name, number or note that cannot be stored; `PostgresError`.
    public func set(_ platform: Platform) async throws {
        let isHost = (1...255).contains(platform.host.count) && !platform.host.contains { "/@ ?#".contains($0) }
        guard isHost, !platform.host.utf8.contains(0) else {
            throw StoreError(
                .invalid,
                "'\(platform.host.prefix(80))' is no host: write it as in the stream addresses, without port and login",
                because: .platform
            )
        }
        do {
            try await pool.query(
                """
                INSERT INTO platform (host, name, patrol_sessions, note) VALUES ($1, $2, $3, $4)
                ON CONFLICT (host) DO UPDATE SET name = EXCLUDED.name, patrol_sessions = EXCLUDED.patrol_sessions,
                    note = EXCLUDED.note
                """,
                [
                    .text(platform.host), .text(AlertInspection.withoutNUL(platform.name)),
                    PostgresValue(platform.patrolSessions),
                    PostgresValue(platform.note.map(AlertInspection.withoutNUL)),
                ]
            )
        } catch let error as PostgresError
            where error.constraint?.hasPrefix("platform_") == true || error.sqlState == "22003"
        {
            throw StoreError(
                .invalid,
                "platform \(platform.host): a name has 1 to 200 characters, a note at most 2000, and patrol sessions "
                    + "are 1 to 1000",
                because: .platform
            )
        }
    }

    /// Removes a platform; its cameras stay, and are watched all at once.
    ///
    /// - Returns: False when there was none.
    /// - Throws: `PostgresError`.
    public func remove(host: String) async throws -> Bool {
        try await pool.query("DELETE FROM platform WHERE host = $1", [.text(host.lowercased())]).affected == 1
    }
}
