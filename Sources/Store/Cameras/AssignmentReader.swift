import Flow
public import Logging
public import Postgres
import Synchronization

/// Reads which cameras are to be watched.
///
/// An enabled camera without any stream URL cannot be: it is in no answer, and said in the log whenever the list of
/// such cameras changes.
public final class AssignmentReader: Sendable {
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

    /// The enabled cameras of some shards with all that a worker must know about them, by id.
    ///
    /// Cameras in quarantine are among them, with its end.
    ///
    /// `shards`: 0 to 255; nil for all cameras.
    ///
    /// - Throws: `PostgresError`.
    public func read(shards: Set<Int>? = nil) async throws -> [CameraAssignment] {
        let values: [PostgresValue] = [shards.map { .intArray($0.sorted()) } ?? .null]
        let (cameras, left, assembly) = try await pool.transaction { connection in
            // One snapshot for all of them.
            try await connection.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            return (
                try await connection.query(Self.watched, values).rows,
                try await connection.query(Self.withoutURL, values).rows,
                try AssignmentAssembly(
                    ownRules: try await connection.query(Self.ownRules, values).rows,
                    templates: try await connection.query(Self.templates).rows,
                    overrides: try await connection.query(Self.overrides, values).rows,
                    profiles: try await connection.query(Self.profiles, values).rows
                )
            )
        }
        report(try left.map { try $0.requireText("id") })
        var assembling = assembly
        return try cameras.map { try assembling.camera($0) }
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

    private static let isAsked = "($1::int[] IS NULL OR c.shard = ANY ($1::int[]))"

    private static let watched = """
        SELECT c.id, c.name, coalesce (nullif (c.sub_stream_url, ''), c.stream_url) AS url, c.point_class, c.tags,
            c.shard, c.stream_host, c.rtsp_transport, p.patrol_sessions, q.until
        FROM camera c
        LEFT JOIN platform p ON p.host = c.stream_host
        LEFT JOIN camera_quarantine q ON q.camera_id = c.id AND q.until > now()
        WHERE c.watched AND \(isAsked) ORDER BY c.id
        """

    private static let withoutURL = """
        SELECT c.id FROM camera c WHERE c.enabled AND NOT c.watched AND \(isAsked) ORDER BY c.id
        """

    private static let ownRules = """
        SELECT r.camera_id, r.rule_id AS id, r.hazard_type, r.definition
        FROM camera_rule r JOIN camera c ON c.id = r.camera_id WHERE c.watched AND \(isAsked)
        ORDER BY r.camera_id, r.rule_id
        """

    private static let templates = "SELECT tag, code AS id, hazard_type, definition FROM rule_template ORDER BY code"

    private static let profiles = """
        SELECT o.camera_id, o.profile_id, p.settings::text AS settings
        FROM camera_profile o JOIN detection_profile p ON p.id = o.profile_id JOIN camera c ON c.id = o.camera_id
        WHERE c.watched AND \(isAsked)
        """

    private static let overrides = """
        SELECT \(SamplingOverrides.columns) FROM sampling_override o LEFT JOIN camera c ON c.id = o.camera_id
        WHERE o.camera_id IS NULL OR c.watched AND \(isAsked) ORDER BY \(SamplingOverrides.order)
        """
}

/// Puts rules and overrides to their cameras; cameras with the same tags share what these give them.
struct AssignmentAssembly: Sendable {
    private let ownRules: [String: AssignedRules]
    private let templates: [String: [AssignedRule]]
    private let ownOverrides: [String: [SamplingOverride]]
    private let tagOverrides: [SamplingOverride]
    private let profiles: [String: AssignedProfile]
    /// What tags give, by the text of the whole array.
    private var byTags: [String: (rules: AssignedRules, overrides: [SamplingOverride])] = [:]

    init(
        ownRules: [PostgresRow],
        templates: [PostgresRow],
        overrides: [PostgresRow],
        profiles: [PostgresRow]
    ) throws {
        self.ownRules = try Self.grouped(ownRules, by: "camera_id").mapValues(AssignedRules.init)
        self.templates = try Self.grouped(templates, by: "tag")
        var byCamera: [String: [SamplingOverride]] = [:]
        var byTag: [SamplingOverride] = []
        for row in overrides {
            let override = try SamplingOverrides.override(row)
            if let camera = override.camera {
                byCamera[camera, default: []].append(override)
            } else {
                byTag.append(override)
            }
        }
        self.ownOverrides = byCamera
        self.tagOverrides = byTag
        // One of a grid or tag holds for thousands of cameras.
        var decoded: [Int: AssignedProfile] = [:]
        var byCameraID: [String: AssignedProfile] = [:]
        for row in profiles {
            let id = try row.requireInt("profile_id")
            let profile = try decoded[id] ?? AssignedProfile(id: id, settings: try Profiles.settings(row))
            decoded[id] = profile
            byCameraID[try row.requireText("camera_id")] = profile
        }
        self.profiles = byCameraID
    }

    private static func grouped(_ rows: [PostgresRow], by column: String) throws -> [String: [AssignedRule]] {
        var groups: [String: [AssignedRule]] = [:]
        for row in rows {
            groups[try row.requireText(column), default: []].append(
                AssignedRule(
                    id: try row.requireText("id"),
                    hazardType: try row.requireText("hazard_type"),
                    definition: try row.requireText("definition")
                )
            )
        }
        return groups
    }

    mutating func camera(_ row: PostgresRow) throws -> CameraAssignment {
        let id = try row.requireText("id")
        let tagged = try tagged(row)
        let own = ownOverrides[id]
        return CameraAssignment(
            id: id,
            name: try row.requireText("name"),
            url: try row.requireText("url"),
            pointClass: try row.requireInt("point_class"),
            rules: ownRules[id] ?? tagged.rules,
            shard: try row.requireInt("shard"),
            host: try row.text("stream_host"),
            patrolSessions: try row.int("patrol_sessions"),
            samplingOverrides: own.map { $0 + tagged.overrides } ?? tagged.overrides,
            profile: profiles[id],
            quarantinedUntil: try row.timestamp("until").map { MediaTime(microseconds: $0) },
            transport: try row.text("rtsp_transport")
        )
    }

    private mutating func tagged(_ row: PostgresRow) throws -> (rules: AssignedRules, overrides: [SamplingOverride]) {
        let key = try row.requireText("tags")
        if let known = byTags[key] { return known }
        let tags = Set(try (row.textArray("tags") ?? []).compactMap(\.self))
        let rules = tags.flatMap { templates[$0] ?? [] }.sorted { $0.id < $1.id }
        let overrides = tagOverrides.filter { $0.tag.map(tags.contains) ?? false }
        byTags[key] = (AssignedRules(rules), overrides)
        return (AssignedRules(rules), overrides)
    }
}
