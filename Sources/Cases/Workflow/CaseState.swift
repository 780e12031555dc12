/// How far the work of a post has come.
public enum TaskState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Given, nobody has taken it yet.
    case open
    /// Someone of the post works on it.
    case accepted
    /// Done, says the post; somebody else checks it.
    case handled
    /// There was nothing, says the post.
    case falseAlarm = "false_alarm"
    /// Taken back before it was done: the case went to another post, or ended.
    case cancelled

    /// True while the post still has to do something.
    public var isActive: Bool { self == .open || self == .accepted }
}

/// The task that a case has or had last, as far as the workflow must know.
public struct CaseTask: Sendable, Hashable {
    /// The post that has it.
    public var postID: Int
    /// How far the post has come with it.
    public var state: TaskState
    /// Account of the person who accepted it; nil until someone does.
    public var acceptedBy: Int?
    /// Account of the person who finished it, whatever the result; nil until then.
    public var finishedBy: Int?

    /// Makes a task from what the database has; `open` has neither account.
    public init(postID: Int, state: TaskState, acceptedBy: Int? = nil, finishedBy: Int? = nil) {
        self.postID = postID
        self.state = state
        self.acceptedBy = acceptedBy
        self.finishedBy = finishedBy
    }
}

/// A case, as far as the workflow must know.
public struct CaseState: Sendable, Hashable {
    /// The stage of the loop that it is in; it keeps its last one when it ends.
    public var stage: CaseStage
    /// How it ended; nil while it is open.
    public var outcome: CaseOutcome?
    /// The newest task, active or finished; nil before the first dispatch.
    public var task: CaseTask?
    /// Whether someone above watches it; that holds through every hand-over and rework.
    public var isSupervised: Bool
    /// Account that handled it, or found it false, since it was last dispatched.
    public var handledBy: Int?
    /// Account of the person who checked the result and agreed with it; nil until then.
    public var checkedBy: Int?

    /// Makes a state; a new case is in inspection.
    public init(
        stage: CaseStage = .inspection,
        outcome: CaseOutcome? = nil,
        task: CaseTask? = nil,
        isSupervised: Bool = false,
        handledBy: Int? = nil,
        checkedBy: Int? = nil
    ) {
        self.stage = stage
        self.outcome = outcome
        self.task = task
        self.isSupervised = isSupervised
        self.handledBy = handledBy
        self.checkedBy = checkedBy
    }
}

/// What a person may do, by role.
public enum CaseRole: String, Sendable, Hashable, CaseIterable, Codable {
    /// Accounts, and everything that an operator may do.
    case admin
    /// Works on cases of the office: triage, dispatch, supervision, check.
    case `operator`
    /// The tasks of his own post.
    case worker
    /// Looks at cases and changes nothing.
    case viewer
    /// Not a person: rules that dispatch by themselves, and clocks.
    case system
}

/// Who acts on a case.
public struct CaseActor: Sendable, Hashable {
    /// The account; nil for the system only.
    public var accountID: Int?
    /// Name as shown in the history.
    public var displayName: String
    /// The role, which says what the actor may do.
    public var role: CaseRole
    /// The post that the actor holds, whose tasks are the actor's to work on; nil for none.
    public var postID: Int?

    /// The product itself, where a rule or a clock acts and no person.
    public static let system = CaseActor(accountID: nil, displayName: "system", role: .system, postID: nil)

    /// Makes an actor; only `system` has no account.
    public init(accountID: Int?, displayName: String, role: CaseRole, postID: Int?) {
        self.accountID = accountID
        self.displayName = displayName
        self.role = role
        self.postID = postID
    }
}
