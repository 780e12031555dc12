public import Flow

/// One thing to watch on one camera: a kind, where in the picture, when, and what an alert of it means.
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

        /// Makes thresholds.
        public init(minShare: Double? = nil, dwell: Double? = nil) {
            self.minShare = minShare
            self.dwell = dwell
        }

        private enum CodingKeys: String, CodingKey {
            case minShare = "min_share"
            case dwell
        }
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
        /// An operator looks first.
        case triage
    }

    /// Identity within the camera; not empty.
    public var id: String
    /// What is watched for.
    public var kind: RuleKind
    /// Name for people; empty when there is none.
    public var name: String
    /// Corners of the region, at least three, without crossing edges; nil = the whole picture.
    public var polygon: [NormalizedPoint]?
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
        line: [NormalizedPoint]? = nil,
        direction: Direction? = nil,
        minSeconds: Double? = nil,
        minCount: Int? = nil,
        thresholds: Thresholds = Thresholds(),
        schedule: Schedule? = nil,
        hazardType: String = "",
        severity: Int = 3,
        dispatch: Dispatch = .triage
    ) {
        self.id = id
        self.kind = kind
        self.name = name
        self.polygon = polygon
        self.line = line
        self.direction = direction
        self.minSeconds = minSeconds
        self.minCount = minCount
        self.thresholds = thresholds
        self.schedule = schedule
        self.hazardType = hazardType
        self.severity = severity
        self.dispatch = dispatch
    }
}

extension Rule {
    /// Checks everything that the types cannot express.
    ///
    /// - Throws: `DetectionError` with code `invalidRule` that names the rule, the field and what is allowed.
    public func validate() throws(DetectionError) {
        guard !id.isEmpty else {
            throw DetectionError(.invalidRule, "a rule has an empty id; give every rule of a camera its own id")
        }
        if let polygon {
            try check(polygon, "polygon")
            if let problem = Polygon.problem(of: polygon) { throw invalid("polygon", problem) }
        }
        try validateLine()
        try validateNumbers()
    }

    private func validateLine() throws(DetectionError) {
        if let line {
            try check(line, "line")
            guard line.count == 2, line[0] != line[1] else {
                throw invalid("line", "needs exactly two different points, has \(line.count)")
            }
        } else if kind == .line {
            throw invalid("line", "is missing; a line rule needs two points")
        }
    }

    private func validateNumbers() throws(DetectionError) {
        guard (1...4).contains(severity) else {
            throw invalid("severity", "is \(severity), allowed are 1 (most severe) to 4")
        }
        if let share = thresholds.minShare, !(share > 0 && share <= 1) {
            throw invalid("min_share", "is \(share), allowed is more than 0 and at most 1")
        }
        if let dwell = thresholds.dwell, !(dwell >= 0 && dwell <= 86_400) {
            throw invalid("dwell", "is \(dwell), allowed are 0 to 86400 seconds")
        }
        if let minSeconds, !(minSeconds >= 0 && minSeconds <= 604_800) {
            throw invalid("min_seconds", "is \(minSeconds), allowed are 0 to 604800 seconds")
        }
        if let minCount, minCount < 1 {
            throw invalid("min_count", "is \(minCount), allowed is 1 or more")
        }
    }

    private func check(_ points: [NormalizedPoint], _ field: String) throws(DetectionError) {
        for (index, point) in points.enumerated()
        where !((0...1).contains(point.x) && (0...1).contains(point.y)) {
            throw invalid(
                field,
                "point \(index + 1) is [\(point.x), \(point.y)]; coordinates are shares of the picture, 0 to 1"
            )
        }
    }

    private func invalid(_ field: String, _ problem: String) -> DetectionError {
        DetectionError(.invalidRule, "rule '\(id)': \(field) \(problem)")
    }
}
