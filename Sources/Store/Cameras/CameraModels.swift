public import FoundationEssentials

/// A camera as a list shows it; stream addresses are secrets and never leave the database through a reader.
public struct CameraSummary: Sendable, Encodable {
    /// 20-digit code or slug.
    public let id: String
    /// Name.
    public let name: String
    /// Where it hangs.
    public let address: String?
    /// What it looks at.
    public let tags: [String]
    /// Monitoring point class, 1 to 3.
    public let pointClass: Int
    /// Grid that its cases belong to.
    public let grid: GridPlace?
    /// How that grid was found: explicit, point, civil_code, nearest, unmapped.
    public let mappingMethod: String
    /// What a person should look at.
    public let mappingNote: String?
    /// True when the daemon watches it.
    public let enabled: Bool
    /// One of `CameraStates.states`; `unwatched` when the daemon has none.
    public let state: String
    /// When it entered that state.
    public let stateSince: Date?
    /// Last decoded picture.
    public let lastFrameAt: Date?
    /// Open cases.
    public let openCases: Int
}

/// A rule that watches a camera.
public struct CameraRuleLine: Sendable, Encodable {
    /// Rule id at the camera.
    public let id: String
    /// Name as people gave it, of the rule or its template; nil when it has none.
    public let name: String?
    /// Name of the hazard type.
    public let hazard: LocalName
    /// Kind of rule.
    public let kind: String
    /// Polygon as `[[x, y], …]` in shares of the picture; empty for the whole picture.
    public let polygon: [[Double]]
    /// True when it came from a template of one of the camera's tags.
    public let isTemplate: Bool
}

/// A camera with everything that its page shows.
public struct CameraDetail: Sendable, Encodable {
    /// What the list shows.
    public let summary: CameraSummary
    /// Administrative code that the source gave.
    public let civilCode: String?
    /// Who repairs it.
    public let maintenanceUnit: String?
    /// Longitude, WGS-84 degrees.
    public let longitude: Double?
    /// Latitude, WGS-84 degrees.
    public let latitude: Double?
    /// Datum of the coordinates as delivered.
    public let datum: String?
    /// Why the stream is in its state, for a person.
    public let stateDetail: String?
    /// Why in a word, perhaps with a number of seconds behind it; see `CameraStateRecord.reason`.
    public let stateReason: String?
    /// What detection judged the scene as.
    public let scene: String?
    /// Scores of the picture by name, 0 (useless) to 100; without what was not measured.
    public let quality: [String: Int]
    /// Reconnects since the daemon started.
    public let reconnects: Int
    /// Worker that watches it, or did last.
    public let worker: String?
    /// Last sample that was decoded and judged.
    public let sampledAt: Date?
    /// Seconds within which the next sample is expected.
    public let interval: Double?
    /// True when the next sample is overdue, by the clock of the database.
    public let isLate: Bool
    /// Samples that came later than that since the worker began to watch it.
    public let lateCount: Int
    /// End of the quarantine that it is in; nil when it is in none.
    public let quarantinedUntil: Date?
    /// Rules that watch it.
    public let rules: [CameraRuleLine]
    /// Newest alerts first, at most 20.
    public let alerts: [AlertLine]
}

/// What a person asks the list of cameras for; every field that is nil does not limit.
public struct CameraFilter: Sendable, Hashable {
    /// State of the stream, or `unwatched`.
    public var state: String?
    /// Key of a grid; cameras of all grids below it count.
    public var gridID: Int?
    /// Tag.
    public var tag: String?
    /// How the grid was found.
    public var mappingMethod: String?
    /// Part of the id, name or address.
    public var text: String?

    /// Makes the filter that the list starts with.
    public init() {}
}

/// How many cameras stand where.
public struct CameraCounts: Sendable, Encodable {
    /// All that may be seen.
    public let total: Int
    /// Watched by the daemon.
    public let enabled: Int
    /// By state; `unwatched` for those without one.
    public let byState: [String: Int]
    /// Without a grid.
    public let unmapped: Int
}
