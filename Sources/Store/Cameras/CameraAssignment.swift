public import Flow

/// A rule that a camera has, as the registry holds it.
public struct AssignedRule: Sendable, Hashable, Codable {
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

/// The rules of a camera with a number that is the same as long as they are.
public struct AssignedRules: Sendable, Hashable, Codable {
    /// By id; empty for a camera that is only watched.
    public let rules: [AssignedRule]
    /// A hash of the rules, the same in every process: decode them anew only when it changed.
    public let revision: UInt64

    /// Makes the rules of a camera.
    public init(_ rules: [AssignedRule]) {
        self.rules = rules
        self.revision = rules.reduce(0) { hash, rule in
            StableHash.of("\(rule.id)\u{1f}\(rule.hazardType)\u{1f}\(rule.definition)", seed: hash)
        }
    }

    /// Reads a list of rules.
    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([AssignedRule].self))
    }

    /// Writes the rules as a list.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rules)
    }
}

/// A camera that is to be watched, and what for.
///
/// Encoded it holds the address of the stream, which is a secret.
public struct CameraAssignment: Sendable, Hashable, Codable {
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
    public var rules: [AssignedRule] { assigned.rules }
    /// Changes when the rules do, and only then.
    public var rulesRevision: UInt64 { assigned.revision }
    /// 0 to 255.
    public let shard: Int
    /// Host of the stream's address, lower case, without port; nil for a file.
    public let host: String?
    /// Streams that the platform at that host gives at once; nil when its cameras are not watched in turns.
    public let patrolSessions: Int?
    /// How often it is sampled where it is not as the settings say: the first whose schedule is on holds.
    public let samplingOverrides: [SamplingOverride]
    /// How it is judged where it is not as the settings say; nil when it is.
    public let profile: AssignedProfile?
    /// It must not be opened before; nil when it may be.
    public var quarantinedUntil: MediaTime?
    /// How its RTSP packets travel, whatever the settings say: `tcp`, `udp` or `auto`; nil: as they say.
    public let transport: String?
    private let assigned: AssignedRules

    /// Makes an assignment from its parts.
    public init(
        id: String,
        name: String,
        url: String,
        pointClass: Int,
        rules: AssignedRules,
        shard: Int,
        host: String? = nil,
        patrolSessions: Int? = nil,
        samplingOverrides: [SamplingOverride] = [],
        profile: AssignedProfile? = nil,
        quarantinedUntil: MediaTime? = nil,
        transport: String? = nil
    ) {
        self.id = id
        self.name = name
        self.url = url
        self.pointClass = pointClass
        self.assigned = rules
        self.shard = shard
        self.host = host
        self.patrolSessions = patrolSessions
        self.samplingOverrides = samplingOverrides
        self.profile = profile
        self.quarantinedUntil = quarantinedUntil
        self.transport = transport
    }
}
