public import Detection
public import Flow

/// A clip to be analysed.
public struct ClipJob: Sendable, Hashable {
    /// Name of the clip, as its label file says.
    public var clip: String
    /// Path of the file.
    public var path: String
    /// The rules that watch it.
    public var rules: [Rule]

    /// Makes a job.
    public init(clip: String, path: String, rules: [Rule]) {
        self.clip = clip
        self.path = path
        self.rules = rules
    }
}

/// A whole alert of a clip, times in the clip's clock.
public struct ClipAlert: Sendable, Hashable {
    /// Id of the rule.
    public var rule: String
    /// The rule's kind.
    public var kind: RuleKind
    /// From its start to its end, or to the end of the clip.
    public var span: TimeSpan
    /// Strength, 0…1.
    public var score: Double
    /// Where in the picture.
    public var box: NormalizedRect

    /// Makes an alert.
    public init(rule: String, kind: RuleKind, span: TimeSpan, score: Double, box: NormalizedRect) {
        self.rule = rule
        self.kind = kind
        self.span = span
        self.score = score
        self.box = box
    }
}

/// What came out of a clip.
public struct ClipOutcome: Sendable, Hashable {
    /// The alerts of all rules.
    public var alerts: [ClipAlert]
    /// Access units read.
    public var framesRead: Int
    /// Pictures that detection looked at.
    public var framesDecoded: Int
    /// Times of the pictures that detection looked at; empty when they were not kept.
    public var looks: [MediaTime]
    /// Length of the clip in seconds.
    public var duration: Double
    /// CPU time of the run, seconds.
    public var cpuSeconds: Double

    /// Makes an outcome.
    public init(
        alerts: [ClipAlert],
        framesRead: Int,
        framesDecoded: Int,
        looks: [MediaTime] = [],
        duration: Double,
        cpuSeconds: Double
    ) {
        self.looks = looks
        self.alerts = alerts
        self.framesRead = framesRead
        self.framesDecoded = framesDecoded
        self.duration = duration
        self.cpuSeconds = cpuSeconds
    }
}

/// What `replay` tells about one clip.
public struct ReplayReport: Sendable, Hashable {
    /// Name of the clip.
    public var clip: String
    /// What came out of it.
    public var outcome: ClipOutcome

    /// Makes a report.
    public init(clip: String, outcome: ClipOutcome) {
        self.clip = clip
        self.outcome = outcome
    }

    /// The document of `replay --json`: an object for one clip, a list of objects for several.
    public static func json(_ reports: [ReplayReport]) -> String {
        let objects = reports.map(\.object)
        if objects.count == 1 { return objects[0].document(levels: 2) }
        return JSONText.list(objects).document(levels: 3)
    }

    private var object: JSONText {
        let alerts = outcome.alerts.sorted { ($0.span.start, $0.rule) < ($1.span.start, $1.rule) }
        return .object([
            ("clip", .text(clip)),
            ("alerts", .list(alerts.map(Self.object))),
            (
                "frames",
                .object([("read", .integer(outcome.framesRead)), ("decoded", .integer(outcome.framesDecoded))])
            ),
            ("cpu_seconds", .number(outcome.cpuSeconds, digits: 3)),
        ])
    }

    private static func object(_ alert: ClipAlert) -> JSONText {
        let box = [alert.box.x, alert.box.y, alert.box.width, alert.box.height]
        return .object([
            ("rule", .text(alert.rule)),
            ("kind", .text(alert.kind.rawValue)),
            ("start", .number(alert.span.start.seconds, digits: 3)),
            ("end", .number(alert.span.end.seconds, digits: 3)),
            ("score", .number(alert.score, digits: 3)),
            ("box", .list(box.map { .number($0, digits: 4) })),
        ])
    }
}
