public import Logging
public import Postgres
import Synchronization

/// A rule that a camera has, as the registry holds it.
public struct AssignedRule: Sendable, Hashable {
    /// Rule id, unique at the camera.
    public let id: String
    /// Hazard type of its cases.
    public let hazardType: String
    /// The rule in the form of a rules file, JSON.
    public let definition: String

    /// Makes a rule from its parts.
    public init(id: String, hazardType: String, definition: String) {
        self.id = id
        self.hazardType = hazardType
        self.definition = definition
    }
}

/// A camera that is to be watched, and what for.
public struct CameraAssignment: Sendable, Hashable {
    /// 20-digit code or slug.
    public let id: String
    /// Name as shown.
    public let name: String
    /// The sub stream, else the main stream.
    ///
    /// A secret: may hold a password.
    public let url: String
    /// Monitoring point class, 1 to 3.
    public let pointClass: Int
    /// The camera's own rules, else those of the templates of its tags; by id.
    ///
    /// Empty for a camera that is only watched.
    public let rules: [AssignedRule]
}

/// Reads which cameras are to be watched.
///
/// An enabled camera without any stream URL cannot be: it is in no answer, and said in the log whenever the list of
/// such cameras changes.
public final class FleetReader: Sendable {
    private let pool: PostgresPool
    private let logger: Logger
    private let unwatched = Mutex<[String]>([])

    /// Makes a reader.
    public init(pool: PostgresPool, logger: Logger = Logger(label: "gridwatch.registry")) {
        self.pool = pool
        self.logger = logger
    }

    /// Enabled cameras that an answer of `read` left out for want of a URL, by id.
    public var camerasWithoutURL: [String] { unwatched.withLock { $0 } }

    /// All enabled cameras with their rules, by id.
    ///
    /// - Throws: `PostgresError`.
    public func read() async throws -> [CameraAssignment] {
        let (cameras, own, templates) = try await pool.transaction { connection in
            // One snapshot for the three of them.
            try await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return (
                try await connection.query(Self.enabled).rows,
                try await connection.query(Self.ownRules).rows,
                try await connection.query(Self.templates).rows
            )
        }
        let rules = try Dictionary(grouping: own) { row in try row.requireText("camera_id") }
            .mapValues { rows in try rows.map(Self.rule) }
        let byTag = try Dictionary(grouping: templates) { row in try row.requireText("tag") }
            .mapValues { rows in try rows.map(Self.rule) }
        var watched: [CameraAssignment] = []
        var left: [String] = []
        for row in cameras {
            let id = try row.requireText("id")
            guard let url = try row.text("url") else {
                left.append(id)
                continue
            }
            let tags = Set(try (row.textArray("tags") ?? []).compactMap(\.self))
            watched.append(
                CameraAssignment(
                    id: id,
                    name: try row.requireText("name"),
                    url: url,
                    pointClass: try row.requireInt("point_class"),
                    rules: rules[id] ?? tags.flatMap { byTag[$0] ?? [] }.sorted { $0.id < $1.id }
                )
            )
        }
        report(left)
        return watched
    }

    private func report(_ left: [String]) {
        let isNew = unwatched.withLock { known in
            defer { known = left }
            return known != left
        }
        guard isNew, !left.isEmpty else { return }
        logger.warning(
            "enabled cameras without a stream URL are not watched",
            metadata: ["count": "\(left.count)", "first": "\(left.prefix(5).joined(separator: " "))"]
        )
    }

    private static func rule(_ row: PostgresRow) throws -> AssignedRule {
        AssignedRule(
            id: try row.requireText("id"),
            hazardType: try row.requireText("hazard_type"),
            definition: try row.requireText("definition")
        )
    }

    private static let enabled = """
        SELECT id, name, coalesce (nullif (sub_stream_url, ''), nullif (stream_url, '')) AS url, point_class, tags
        FROM camera WHERE enabled ORDER BY id
        """

    private static let ownRules = """
        SELECT r.camera_id, r.rule_id AS id, r.hazard_type, r.definition
        FROM camera_rule r JOIN camera c ON c.id = r.camera_id AND c.enabled ORDER BY r.camera_id, r.rule_id
        """

    private static let templates = "SELECT tag, code AS id, hazard_type, definition FROM rule_template ORDER BY code"
}
