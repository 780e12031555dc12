public import Flow

/// What one camera is to look for: a kind, where in the picture, when, and what an alert of it means.
///
/// Read from the `rules` of a label file or of a rule file; keys that a rule does not know are ignored. A `Rule` that
/// was decoded is valid; one that was made by hand is checked by `validate()`, which `CameraAnalyzer` calls.
public struct Rule: Sendable, Hashable {
    /// What a rule overrides of `DetectionSettings`; a missing value means the setting's.
    public struct Thresholds: Sendable, Hashable, Codable {
        /// Share of the region (more than 0, at most 1) that must be occupied.
        public var minShare: Double?
        /// Seconds (0 or more) for which it must be occupied before the alert starts.
        public var dwell: Double?

        /// Makes thresholds; without arguments all are those of the settings.
        public init(minShare: Double? = nil, dwell: Double? = nil) {
            self.minShare = minShare
            self.dwell = dwell
        }

        private enum CodingKeys: String, CodingKey {
            case minShare = "min_share"
            case dwell
        }
    }

    /// How tall a person is, as shares of the height of the picture.
    ///
    /// Between both, heights are in proportion to where the object stands.
    public struct Size: Sendable, Hashable, Codable {
        /// At the lower edge of the region.
        public var near: Double
        /// At its upper edge; not more than `near`.
        public var far: Double
    }

    /// The direction of a movement on the screen.
    public enum Direction: String, Sendable, Hashable, Codable, CaseIterable {
        case up
        case down
        case left
        case right
    }

    /// What may happen with a case that an alert opened.
    public enum Dispatch: String, Sendable, Hashable, Codable, CaseIterable {
        /// A task goes to the grid worker without a person looking first.
        case auto
        /// An operator looks first, and dispatches what is a hazard.
        case triage
    }

    /// Identity within the camera; not empty.
    public var id: String
    /// What the rule watches for; decides which of the fields below mean anything.
    public var kind: RuleKind
    /// Name for people; empty when there is none.
    public var name: String
    /// Corners of the region, at least three, without crossing edges; nil = the whole picture.
    public var polygon: [NormalizedPoint]?
    /// Outlines of parts of the picture that never count for this rule: clocks, waving trees, a screen.
    public var masks: [[NormalizedPoint]]
    /// How tall a person is; nil = any size counts.
    ///
    /// What is much smaller or larger where it stands does not count.
    public var size: Size?
    /// The two ends of the line of a `line` rule.
    public var line: [NormalizedPoint]?
    /// The direction in which a `line` rule counts; nil = any.
    public var direction: Direction?
    /// Seconds after which a `stationary` or `object_removed` condition alerts.
    public var minSeconds: Double?
    /// How many a `crowd` rule needs.
    public var minCount: Int?
    /// Overrides of the settings for this rule.
    public var thresholds: Thresholds
    /// When the rule is on; nil = always.
    public var schedule: Schedule?
    /// Id of another rule of the camera: alerts come only while that one is occupied.
    public var onlyIf: String?
    /// Id of another rule of the camera: alerts come only while that one is not occupied.
    public var notIf: String?
    /// True for a rule that gives no alerts and is there for `onlyIf` and `notIf` of others.
    public var isSilent: Bool
    /// Code of the hazard type of its cases; empty when there is none.
    public var hazardType: String
    /// 1 (most severe) to 4.
    public var severity: Int
    /// What may happen with its cases.
    public var dispatch: Dispatch

    /// Makes a rule; `validate()` tells whether it can be used.
    public init(
        id: String,
        kind: RuleKind,
        name: String = "",
        polygon: [NormalizedPoint]? = nil,
        masks: [[NormalizedPoint]] = [],
        size: Size? = nil,
        line: [NormalizedPoint]? = nil,
        direction: Direction? = nil,
        minSeconds: Double? = nil,
        minCount: Int? = nil,
        thresholds: Thresholds = Thresholds(),
        schedule: Schedule? = nil,
        onlyIf: String? = nil,
        notIf: String? = nil,
        isSilent: Bool = false,
        hazardType: String = "",
        severity: Int = 3,
        dispatch: Dispatch = .triage
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.polygon = polygon
        self.masks = masks
        self.size = size
        self.line = line
        self.direction = direction
        self.minSeconds = minSeconds
        self.minCount = minCount
        self.thresholds = thresholds
        self.schedule = schedule
        self.onlyIf = onlyIf
        self.notIf = notIf
        self.isSilent = isSilent
        self.hazardType = hazardType
        self.severity = severity
        self.dispatch = dispatch
    }
}
