public import CityGrid
public import Postgres

/// How the cameras of the registry were given to grids.
public struct MappingReport: Sendable, Hashable, Codable {
    /// Cameras of the registry.
    public internal(set) var cameras = 0
    /// Cameras whose grid, method or note changed.
    public internal(set) var changed = 0
    /// Cameras by `MappingMethod`'s raw value; every method is there.
    public internal(set) var byMethod = Dictionary(
        uniqueKeysWithValues: MappingMethod.allCases.map { ($0.rawValue, 0) }
    )
    /// Batches that fit another datum better than the one they declare.
    public internal(set) var datumWarnings: [DatumWarning] = []

    init() {}
}

/// A batch of cameras whose positions are probably in another datum than they say.
public struct DatumWarning: Sendable, Hashable, Codable {
    /// First eight digits of the cameras' codes; empty for cameras without a device code.
    public let centre: String
    /// The datum they declare.
    public let declared: String
    /// The datum that fits better.
    public let better: String
    /// The whole finding, for a person.
    public let message: String
}

/// A camera that no rule of the policy could give to a grid.
public struct UnmappedCamera: Sendable, Hashable, Codable {
    /// Its id.
    public let id: String
    /// Its name.
    public let name: String
    /// Why, and what to do.
    public let note: String
}

/// Gives every camera of the registry to a grid by `MappingPolicy`.
///
/// PostGIS finds the candidates for thousands of cameras in one statement; the pure policy decides; what changed goes
/// back in one statement.
public struct CameraMapper: Sendable {
    private let pool: PostgresPool
    private let policy: MappingPolicy

    /// Makes a mapper.
    public init(pool: PostgresPool, policy: MappingPolicy = MappingPolicy()) {
        self.pool = pool
        self.policy = policy
    }

    /// Decides for every camera anew, in one transaction.
    ///
    /// - Throws: `PostgresError`.
    public func remap() async throws -> MappingReport {
        try await pool.transaction { connection in
            try await RegistryLock.take(connection)
            var run = MappingRun(connection: connection, policy: policy)
            return try await run.all()
        }
    }

    /// The cameras that a person has to place, by id.
    ///
    /// - Throws: `PostgresError`.
    public func unmapped(limit: Int = 1000) async throws -> [UnmappedCamera] {
        let sql = """
            SELECT id, name, coalesce(mapping_note, '') AS note FROM camera WHERE mapping_method = 'unmapped'
            ORDER BY id LIMIT $1
            """
        return try await pool.query(sql, [.int(limit)]).rows.map { row in
            UnmappedCamera(
                id: try row.requireText("id"),
                name: try row.requireText("name"),
                note: try row.requireText("note")
            )
        }
    }
}
