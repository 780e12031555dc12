public import Detection
public import Flow

/// What the pictures of one camera scored since it was last asked, hour by hour.
///
/// On the camera's worker thread only. Bounded: an hour of a rule is at most 60 × 16 cells, and hours are handed over.
public struct ScoreLog {
    /// Makes a log without anything in it.
    public init(hold: Double) { self.hold = hold }

    /// What is handed over of one hour.
    public struct Part: Sendable, Hashable {
        /// Start of the hour, microseconds since the Unix epoch.
        public var hour: Int64
        /// Pictures that were looked at.
        public var looks = 0
        /// Scores by rule; only rules with any.
        public var scores: [String: ScoreHour] = [:]
        /// Where things were.
        public var motion = MotionMap()
    }

    private static let hour: Int64 = 3_600_000_000

    /// Seconds without anything after which an alert ends.
    public var hold: Double
    private var part: Part?
    private var last: MediaTime?
    /// What would run now at other thresholds; only rules for which something would.
    private var runs: [String: ScoreRuns] = [:]
    private var isEventful: Bool { part.map { !$0.scores.isEmpty || !$0.motion.fields.isEmpty } ?? false }

    /// Notes a picture; gives what is known of the hour before when a new one has begun.
    public mutating func add(_ plane: LumaPlane, at time: MediaTime, _ analyzer: CameraAnalyzer) -> Part? {
        let hour = time.microseconds - time.microseconds % Self.hour
        var finished: Part?
        if let part, part.hour != hour { finished = take() }
        var part = self.part ?? Part(hour: hour)
        self.part = nil
        part.looks += 1
        let minute = Int((time.microseconds - hour) / 60_000_000)
        // The wall clock may have been set back.
        let seconds = last.map { max(0, time.seconds(since: $0)) } ?? 0
        last = time
        var scored: Set<String> = []
        analyzer.eachScore { rule, strength in
            part.scores[rule, default: ScoreHour()].add(strength, minute: minute, seconds: seconds)
            runs[rule, default: ScoreRuns()]
                .see(strength, at: time, hold: hold, minute: minute, in: &part.scores[rule, default: ScoreHour()])
            scored.insert(rule)
        }
        for rule in Array(runs.keys) where !scored.contains(rule) { rest(rule, at: time) }
        if analyzer.summary().foregroundShare > 0 {
            part.motion.add(analyzer.foreground(), width: plane.width, height: plane.height)
        }
        self.part = part
        return finished
    }

    /// Takes a picture in which a rule scored nothing: what runs at other thresholds may end.
    private mutating func rest(_ rule: String, at time: MediaTime) {
        var nothing = ScoreHour()
        runs[rule]?.see(0, at: time, hold: hold, minute: 0, in: &nothing)
        if runs[rule]?.isIdle == true { runs[rule] = nil }
    }

    /// What is known and was not handed over; nil when nothing happened, so that quiet cameras cost nothing.
    public mutating func take() -> Part? {
        defer { part = nil }
        return isEventful ? part : nil
    }
}
