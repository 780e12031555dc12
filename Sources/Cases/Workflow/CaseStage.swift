/// The six stages of the closed loop that a hazard case goes through.
public enum CaseStage: String, Sendable, Hashable, CaseIterable, Codable {
    /// 问题排查: the alert stands, a person or a rule decides whether it is a hazard.
    case inspection
    /// 采集上报: it is a hazard and has been reported.
    case report
    /// 交办处置: a post has the task.
    case dispatch
    /// 督查督办: as dispatch, but someone above watches.
    case supervision
    /// 办结核查: the post says it is done; another person checks.
    case verification
    /// 结果反馈: checked; the result is told.
    case feedback

    /// Place in the loop, 1 to 6, as screens number the stages.
    public var position: Int {
        switch self {
        case .inspection: 1
        case .report: 2
        case .dispatch: 3
        case .supervision: 4
        case .verification: 5
        case .feedback: 6
        }
    }

    /// Name of the stage on Chinese screens and in exports.
    public var nameZh: String {
        switch self {
        case .inspection: "问题排查"
        case .report: "采集上报"
        case .dispatch: "交办处置"
        case .supervision: "督查督办"
        case .verification: "办结核查"
        case .feedback: "结果反馈"
        }
    }

    /// Name of the stage on English screens.
    public var nameEn: String {
        switch self {
        case .inspection: "Inspection"
        case .report: "Report"
        case .dispatch: "Dispatch and handling"
        case .supervision: "Supervision"
        case .verification: "Verification"
        case .feedback: "Feedback"
        }
    }

    /// Whether a case may go from this stage to `next`; staying is no change and not asked here.
    ///
    /// The database holds the same table (`case_transition`).
    public func allows(_ next: CaseStage) -> Bool {
        switch self {
        case .inspection: next == .report
        case .report: next == .dispatch
        case .dispatch: next == .supervision || next == .verification
        case .supervision: next == .dispatch || next == .verification
        case .verification: next == .dispatch || next == .supervision || next == .feedback
        case .feedback: false
        }
    }
}

/// How a case ended; an open case has none.
public enum CaseOutcome: String, Sendable, Hashable, CaseIterable, Codable {
    /// The hazard was handled, and somebody else checked that.
    case resolved
    /// There was no hazard, say triage or the checker.
    case falseAlarm = "false_alarm"
    /// Another case took it over.
    case merged
}

/// Why an alert was none; counted per camera and rule, because most of these can be tuned away.
public enum FalseAlarmReason: String, Sendable, Hashable, CaseIterable, Codable {
    /// The picture changed by light alone: headlights, shadows, lamps.
    case light
    /// The picture changed by weather: rain, snow, wind, fog.
    case weather
    /// An animal set it off, and the rule is not about animals.
    case animal
    /// The camera moved or shook, and the scene with it.
    case shake
    /// The region or line is drawn in the wrong place.
    case wrongRegion = "wrong_region"
    /// It happened, and was allowed.
    case permitted
    /// Anything else; the note says what.
    case other

    /// Name of the reason on Chinese screens and in exports.
    public var nameZh: String {
        switch self {
        case .light: "光线变化"
        case .weather: "天气影响"
        case .animal: "动物"
        case .shake: "镜头晃动"
        case .wrongRegion: "区域设置有误"
        case .permitted: "经许可的活动"
        case .other: "其他"
        }
    }

    /// Name of the reason on English screens.
    public var nameEn: String {
        switch self {
        case .light: "Light"
        case .weather: "Weather"
        case .animal: "Animal"
        case .shake: "Camera shake"
        case .wrongRegion: "Region drawn wrongly"
        case .permitted: "Permitted activity"
        case .other: "Other"
        }
    }
}
