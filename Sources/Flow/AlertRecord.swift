/// How far an alert has come.
public enum AlertPhase: String, Sendable, Hashable, Codable {
    /// The condition began to hold.
    case start
    /// It still holds: score, box or evidence changed.
    case update
    /// It stopped holding.
    case end
}

/// A picture that proves an alert: a file in the evidence directory and the hash that shows it was not changed.
public struct EvidenceRef: Sendable, Hashable, Codable {
    /// Path relative to the evidence directory, `yyyy/MM/dd/<alert id>.jpg`.
    public var path: String
    /// SHA-256 of the file, 64 lower-case hex digits.
    public var sha256: String
    /// Size of the file in bytes.
    public var bytes: Int

    /// Makes a reference.
    public init(path: String, sha256: String, bytes: Int) {
        self.path = path
        self.sha256 = sha256
        self.bytes = bytes
    }
}

/// One statement about an alert, as it goes from the rules through the spool into the database.
///
/// Start, updates and end of one alert carry the same `id`; the store folds them into one row, so a statement may
/// arrive twice or late and nothing is lost or doubled.
public struct AlertRecord: Sendable, Hashable, Codable {
    /// UUIDv7 made from the start time, the camera and the rule: the same alert always has the same id.
    public var id: String
    /// The camera that saw it.
    public var camera: String
    /// The rule (region) of that camera that held.
    public var rule: String
    /// The rule's kind, for example `intrusion`.
    public var kind: String
    /// Code of the hazard type that a case of this alert gets, for example `FNS-01`.
    public var hazardType: String
    /// 1 (most severe) to 4.
    public var severity: Int
    /// True when the rule may dispatch a task by itself; false when a person triages first.
    public var autoDispatch: Bool
    /// What this statement says.
    public var phase: AlertPhase
    /// When the condition began, microseconds since the Unix epoch.
    public var startedAt: MediaTime
    /// When this statement was made.
    public var statedAt: MediaTime
    /// When the condition ended; nil while it holds.
    public var endedAt: MediaTime?
    /// Strength, 0…1.
    public var score: Double
    /// Where in the picture.
    public var box: NormalizedRect
    /// The picture, when one could be written.
    public var evidence: EvidenceRef?
    /// Version of the settings that decided, so that an alert can be explained later.
    public var settingsVersion: String
    /// Of a camera fault: why, as a word for pages in every language; nil for all others.
    public var reason: String?

    /// Makes a record from its parts.
    public init(
        id: String,
        camera: String,
        rule: String,
        kind: String,
        hazardType: String,
        severity: Int,
        autoDispatch: Bool,
        phase: AlertPhase,
        startedAt: MediaTime,
        statedAt: MediaTime,
        endedAt: MediaTime?,
        score: Double,
        box: NormalizedRect,
        evidence: EvidenceRef?,
        settingsVersion: String,
        reason: String? = nil
    ) {
        self.id = id
        self.camera = camera
        self.rule = rule
        self.kind = kind
        self.hazardType = hazardType
        self.severity = severity
        self.autoDispatch = autoDispatch
        self.phase = phase
        self.startedAt = startedAt
        self.statedAt = statedAt
        self.endedAt = endedAt
        self.score = score
        self.box = box
        self.evidence = evidence
        self.settingsVersion = settingsVersion
        self.reason = reason
    }
}
