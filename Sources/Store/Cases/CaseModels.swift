public import FoundationEssentials

/// A name in the two languages of the product.
public struct LocalName: Sendable, Hashable, Encodable {
    /// Chinese.
    public let zh: String
    /// English.
    public let en: String
}

/// Where something lies in the four-level grid.
public struct GridPlace: Sendable, Hashable, Encodable {
    /// Key of the grid.
    public let id: Int
    /// 9, 12, 15 or 18 digits.
    public let code: String
    /// Its own name.
    public let name: String
    /// Names from the large grid down to this one, joined with " · ".
    public let path: String
}

/// A picture in the evidence directory.
public struct EvidencePicture: Sendable, Hashable, Encodable {
    /// Path relative to the evidence directory; the web server serves it under `/evidence/`.
    public let path: String
    /// SHA-256 of the file, hex.
    public let sha256: String
}

/// A picture that a worker sent as proof.
public struct ReportPhoto: Sendable, Hashable, Encodable {
    /// Path relative to the evidence directory; the web server serves it under `/evidence/`.
    public let path: String
    /// SHA-256 of the file, hex.
    public let sha256: String
    /// When it was taken, by the clock of the phone; nil unless the worker agreed to tell it.
    public let takenAt: Date?
    /// Where it was taken, degrees east, WGS-84; nil unless the worker agreed to tell it.
    public let longitude: Double?
    /// Degrees north; present when the longitude is.
    public let latitude: Double?
}

/// A case as a list shows it.
public struct CaseSummary: Sendable, Encodable {
    /// Key.
    public let id: Int
    /// 19 digits.
    public let number: String
    /// Code of the hazard type.
    public let hazardType: String
    /// Name of the hazard type.
    public let hazard: LocalName
    /// 1 (most severe) to 4.
    public let severity: Int
    /// Code of one of the six stages.
    public let stage: String
    /// How it ended: resolved, false_alarm, merged; nil while open.
    public let outcome: String?
    /// Grid that it belongs to.
    public let grid: GridPlace?
    /// Camera of the first alert.
    public let cameraID: String?
    /// Name of that camera.
    public let cameraName: String?
    /// Where that camera hangs.
    public let address: String?
    /// Alerts folded into it.
    public let alertCount: Int
    /// Start of the first alert.
    public let openedAt: Date
    /// Start of the newest alert.
    public let lastAlertAt: Date
    /// The limit that counts now: of triage before the first dispatch, of handling from then on.
    public let dueAt: Date?
    /// When that limit began to run.
    public let dueFrom: Date
    /// When handling is due; nil before the first dispatch.
    public let deadlineAt: Date?
    /// When it ended.
    public let closedAt: Date?
    /// When it was last kept from becoming a task, because its grid had enough of them that day; nil for never.
    public let heldBackAt: Date?
    /// When it was last kept from becoming a task, because no post of its line has a person; nil for never, or when one
    /// has got a person since.
    public let unstaffedAt: Date?
    /// When it was put under supervision; nil for never.
    public let supervisedAt: Date?
    /// Grows with everything that people do with it; who acts names the one that he saw.
    public let version: Int
    /// Title of the post that has the task.
    public let assignee: String?
    /// The first picture of its first alert that has one: it stays the same while the case goes on.
    public let picture: EvidencePicture?
    /// When that picture was removed because its time was over; nil for never.
    public let pictureRemovedAt: Date?
}

/// One entry of a case's history.
public struct CaseEventLine: Sendable, Encodable {
    /// Order of events.
    public let id: Int
    /// When.
    public let at: Date
    /// What happened: opened, alert, dispatched, accepted, handled and so on.
    public let kind: String
    /// Stage before; nil where it did not change.
    public let stageFrom: String?
    /// Stage after; nil where it did not change.
    public let stageTo: String?
    /// Who, as shown.
    public let actor: String
    /// What the person wrote.
    public let note: String?
    /// Title of the post that got the task by it.
    public let post: String?
    /// Titles of posts that would have come first and have nobody.
    public let vacant: [String]
    /// Why it was a false alarm.
    public let reason: String?
    /// How many alerts in a row this line stands for; 1 for everything else.
    public let times: Int
    /// When the last of them came.
    public let lastAt: Date
}

/// A case with everything that its page shows.
public struct CaseDetail: Sendable, Encodable {
    /// What the list shows.
    public let summary: CaseSummary
    /// Rule of the first alert.
    public let ruleID: String?
    /// Name of that rule as people gave it; nil when it has none, or is no more.
    public let ruleName: String?
    /// Of a camera fault: why, in a word, perhaps with seconds behind it; nil for all other cases.
    public let faultReason: String?
    /// What was done with the case last; nil when nobody did anything.
    public let lastAct: CaseAct?
    /// Longitude, WGS-84 degrees.
    public let longitude: Double?
    /// Latitude, WGS-84 degrees.
    public let latitude: Double?
    /// Account that handled it.
    public let handledBy: String?
    /// Account that checked it.
    public let checkedBy: String?
    /// Key of the account that handled it: it may not be the one that approves.
    public let handledByID: Int?
    /// Case that took it over.
    public let mergedInto: Int?
    /// Its number.
    public let mergedNumber: String?
    /// Case of the same place and rule that was closed shortly before.
    public let recursCaseID: Int?
    /// Its number.
    public let recursNumber: String?
    /// Newest alerts first, at most 50.
    public let alerts: [AlertLine]
    /// History, oldest first, at most the newest 200.
    public let events: [CaseEventLine]
    /// Tasks, oldest first.
    public let tasks: [TaskSummary]
}

/// In which order a list of cases comes.
public struct CaseOrder: Sendable, Hashable {
    /// What the list is sorted by; the raw value stands in addresses.
    public enum Key: String, Sendable, Hashable, CaseIterable {
        /// Severity, and within one the least time left.
        case severity
        /// Time left.
        case left
        /// Stage, and within one the least time left.
        case stage
        /// Grid, by code, and within one the least time left.
        case place
        /// Post that has the task, by title, and within one the least time left.
        case assignee
        /// Number of alerts.
        case alerts
        /// Start of the first alert.
        case opened
    }

    /// What it is sorted by.
    public var key: Key
    /// Whether it goes down: the newest, the most, the least severe first.
    ///
    /// Within one severity, stage, grid or post the least time left comes first all the same.
    public var isDescending: Bool

    /// Makes an order.
    public init(_ key: Key, isDescending: Bool = false) {
        self.key = key
        self.isDescending = isDescending
    }

    /// What a list starts with: open cases by severity and time left, others the newest first.
    public static func usual(for state: CaseFilter.State) -> CaseOrder {
        state == .open ? CaseOrder(.severity) : CaseOrder(.opened, isDescending: true)
    }

    /// What a click on a column asks for first.
    public static func first(_ key: Key) -> CaseOrder {
        CaseOrder(key, isDescending: key == .alerts || key == .opened)
    }
}

/// What a person asks the list of cases for; every field that is nil does not limit.
public struct CaseFilter: Sendable, Hashable {
    /// Whether a case has ended.
    public enum State: String, Sendable, Hashable, CaseIterable {
        /// Not ended.
        case open
        /// Ended.
        case closed
        /// Both.
        case all
    }

    /// Open ones unless said otherwise.
    public var state: State = .open
    /// Code of a stage.
    public var stage: String?
    /// Code of a hazard type.
    public var hazardType: String?
    /// 1 to 4.
    public var severity: Int?
    /// Key of a grid; cases of all grids below it count.
    public var gridID: Int?
    /// Camera.
    public var cameraID: String?
    /// Part of the number, the camera's name or its address.
    public var text: String?
    /// Only those whose limit has passed.
    public var isOverdue = false
    /// Only those that nobody has looked at yet since they were held back.
    public var isHeldBack = false

    /// Makes the filter that the list starts with.
    public init() {}
}

/// How many cases stand where.
public struct CaseCounts: Sendable, Encodable {
    /// Not ended.
    public let open: Int
    /// Not ended and past their limit.
    public let overdue: Int
    /// Those of `overdue` that nobody has decided about yet.
    public let triageOverdue: Int
    /// Held back, and nobody has looked at them yet.
    public let heldBack: Int
    /// Not ended, by code of the stage.
    public let byStage: [String: Int]
    /// Opened since midnight in Asia/Shanghai.
    public let openedToday: Int
    /// Ended since midnight in Asia/Shanghai.
    public let closedToday: Int
}
