/// What someone wants to do with a case.
public enum CaseAction: Sendable, Hashable {
    /// Triage: it is a hazard, and is reported.
    case report
    /// Give the task to that post; in dispatch or supervision: take it from the post that has it.
    case dispatch(post: Int)
    /// The post takes the task.
    case accept
    /// The post has done it.
    case handled
    /// The post found no hazard, and says what it was instead.
    case falseAlarm(FalseAlarmReason)
    /// Someone above watches from now on.
    case supervise
    /// Not well done: a new task for that post, which is the same one while it has somebody.
    case rework(post: Int)
    /// The checker agrees with what the post found.
    case verify
    /// The result has been told.
    case close
    /// There is no hazard: the case ends, and a task that is active is cancelled.
    case reject(FalseAlarmReason)
}

/// What the history calls an event.
public enum CaseEventKind: String, Sendable, Hashable, CaseIterable, Codable {
    /// The first alert made the case.
    case opened
    /// A further alert of the same camera and rule.
    case alert
    /// An alert of another camera or rule was merged into it.
    case merged
    /// A camera whose fault the case is about works again; the case goes on.
    case recovered
    /// It would have become a task by itself, but its grid had enough of them that day.
    case heldBack = "held_back"
    /// It would have become a task by itself, but no post of its grid or any above it has a person.
    case unstaffed
    /// A post of its line has a person now: it may become a task by itself after all.
    case staffed
    /// Triage called it a hazard.
    case reported
    /// A post got the task.
    case dispatched
    /// A person of the post took the task.
    case accepted
    /// The post has done it.
    case handled
    /// The post found no hazard.
    case falseAlarm = "false_alarm"
    /// Somebody above the handler watches from now on.
    case supervised
    /// It went back to the post.
    case rework
    /// The checker agreed with what the post found.
    case verified
    /// The result was told, and the case ended.
    case closed
    /// The office found no hazard, and the case ended.
    case rejected
}

/// What an action does to the task of its case.
public enum TaskEffect: Sendable, Hashable {
    /// The task stays as it is, or there is none.
    case unchanged
    /// A new task for that post; one that was active is cancelled.
    case opened(post: Int)
    /// The active task goes to that state.
    case moved(TaskState)
    /// The active task, if any, is cancelled.
    case cancelled
}

/// The effect of an action that is allowed.
public struct CaseChange: Sendable, Hashable {
    /// The case as it was before the action.
    public let before: CaseState
    /// The case as it is after the action, to be written.
    public let after: CaseState
    /// What the history of the case says about the action.
    public let event: CaseEventKind
    /// What happens to the task.
    public let task: TaskEffect
}

/// Why an action is not possible.
public struct CaseError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why an action is refused, for code that has to tell refusals apart.
    public enum Code: String, Sendable, Hashable {
        /// The case has ended, and nothing changes it any more.
        case closed
        /// The action does not fit the stage or the task's state.
        case wrongStage
        /// The post has the task already.
        case samePost
        /// The role may not do this.
        case forbidden
        /// The task belongs to another post.
        case foreignTask
        /// Who handled a case may not check it.
        case sameHandlerAndChecker
        /// The same person did exactly this already: nothing to do.
        case alreadyDone
    }

    /// Why it was refused, for code that has to tell refusals apart.
    public let code: Code
    /// What cannot be done and why.
    public let message: String

    /// The message, so that a log or a terminal shows the reason and no type names.
    public var description: String { message }
}

/// The rules of the closed loop, as one pure function.
public enum CaseWorkflow {
    /// Says what `action` does to a case, or why it may not be done.
    ///
    /// Rules: a closed case does not change; operators and administrators (and the system) report, dispatch and
    /// supervise; operators and administrators check, close and reject; a task is worked on only by who holds its
    /// post; who handled a case does not check it; what a post calls a false alarm is decided by the checker; a case
    /// that was put under supervision stays there while it is worked on, whoever gets it.
    ///
    /// - Throws: `CaseError`.
    public static func apply(
        _ action: CaseAction,
        to state: CaseState,
        by actor: CaseActor
    ) throws(CaseError) -> CaseChange {
        if action.isWork, let task = state.task { try requireHolder(of: task.postID, actor) }
        try refuseRepetition(action, state, actor)
        if let outcome = state.outcome {
            throw CaseError(code: .closed, message: "the case is closed (\(outcome.rawValue)) and does not change")
        }
        switch action {
        case .report, .dispatch, .supervise:
            try require([.admin, .operator, .system], actor, action)
            return try direct(action, state)
        case .accept, .handled, .falseAlarm:
            return try work(action, state, actor)
        case .rework, .verify, .close, .reject:
            try require([.admin, .operator], actor, action)
            return try check(action, state, actor)
        }
    }

    /// Refuses everybody who does not hold the post that has a task: a task is worked on only by that post's people.
    ///
    /// `apply` asks this for the newest task of a case; ask it for tasks that came before, and for what happens beside
    /// the case, such as pictures that are sent before the report.
    ///
    /// - Throws: `CaseError` with `foreignTask`.
    public static func requireHolder(of post: Int, _ actor: CaseActor) throws(CaseError) {
        guard actor.accountID != nil, actor.role != .viewer, actor.postID == post else {
            throw CaseError(code: .foreignTask, message: "the task belongs to another post")
        }
    }

    /// A second tap on the same button is no mistake of the person.
    ///
    /// What the state shows is known here; who dispatched, supervised, sent back or rejected stands in the history only.
    private static func refuseRepetition(
        _ action: CaseAction,
        _ state: CaseState,
        _ actor: CaseActor
    ) throws(CaseError) {
        guard let account = actor.accountID else { return }
        let isRepeated =
            switch action {
            // Also when it was done since.
            case .accept: state.task?.acceptedBy == account && state.task?.state != .cancelled
            case .handled: state.task?.state == .handled && state.task?.finishedBy == account
            case .falseAlarm: state.task?.state == .falseAlarm && state.task?.finishedBy == account
            case .verify, .close: state.outcome != nil && state.stage == .feedback && state.checkedBy == account
            case .report, .dispatch, .supervise, .rework, .reject: false
            }
        if isRepeated { throw CaseError(code: .alreadyDone, message: "you did that already") }
    }

    /// What the office does to give a case to a post: report, dispatch, supervise.
    private static func direct(_ action: CaseAction, _ state: CaseState) throws(CaseError) -> CaseChange {
        var after = state
        switch action {
        case .dispatch(let post):
            if let task = state.task, task.state.isActive, task.postID == post {
                throw CaseError(code: .samePost, message: "the post has the task already")
            }
            if state.stage != .dispatch, state.stage != .supervision {
                after.stage = try next(.dispatch, from: state, action, unless: .verification)
            }
            after.task = CaseTask(postID: post, state: .open)
            after.handledBy = nil
            return CaseChange(before: state, after: after, event: .dispatched, task: .opened(post: post))
        case .supervise:
            after.stage = try next(.supervision, from: state, action, unless: .verification)
            after.isSupervised = true
            return CaseChange(before: state, after: after, event: .supervised, task: .unchanged)
        default:
            after.stage = try next(.report, from: state, action)
            return CaseChange(before: state, after: after, event: .reported, task: .unchanged)
        }
    }

    /// What the post does with its task: accept, handled, false alarm.
    private static func work(
        _ action: CaseAction,
        _ state: CaseState,
        _ actor: CaseActor
    ) throws(CaseError) -> CaseChange {
        guard let task = state.task, let account = actor.accountID else {
            throw CaseError(code: .wrongStage, message: "the case has no task: it is in \(state.stage.rawValue)")
        }
        guard task.state.isActive else {
            throw CaseError(code: .wrongStage, message: "the task is finished already (\(task.state.rawValue))")
        }
        var after = state
        after.task?.acceptedBy = task.acceptedBy ?? account
        if action == .accept {
            guard task.state == .open else {
                throw CaseError(code: .wrongStage, message: "someone else of the post has accepted the task")
            }
            after.task?.state = .accepted
            return CaseChange(before: state, after: after, event: .accepted, task: .moved(.accepted))
        }
        let result: TaskState = action == .handled ? .handled : .falseAlarm
        after.stage = try next(.verification, from: state, action)
        after.task?.state = result
        after.task?.finishedBy = account
        after.handledBy = account
        let event: CaseEventKind = result == .handled ? .handled : .falseAlarm
        return CaseChange(before: state, after: after, event: event, task: .moved(result))
    }

    /// What the office does with a result: rework, verify, close; and reject, before any work.
    private static func check(
        _ action: CaseAction,
        _ state: CaseState,
        _ actor: CaseActor
    ) throws(CaseError) -> CaseChange {
        var after = state
        switch action {
        case .verify, .rework:
            guard state.stage == .verification, state.task != nil else { throw wrongStage(action, state) }
            guard state.handledBy != actor.accountID else {
                throw CaseError(
                    code: .sameHandlerAndChecker,
                    message: "who handled the case may not check it: another person has to"
                )
            }
        default: break
        }
        if action == .verify {
            after.stage = try next(.feedback, from: state, action)
            after.checkedBy = actor.accountID
            return CaseChange(before: state, after: after, event: .verified, task: .unchanged)
        }
        if case .rework(let post) = action {
            after.stage = try next(state.isSupervised ? .supervision : .dispatch, from: state, action)
            after.task = CaseTask(postID: post, state: .open)
            after.handledBy = nil
            return CaseChange(before: state, after: after, event: .rework, task: .opened(post: post))
        }
        if action == .close {
            guard state.stage == .feedback else { throw wrongStage(action, state) }
            after.outcome = state.task?.state == .falseAlarm ? .falseAlarm : .resolved
            return CaseChange(before: state, after: after, event: .closed, task: .unchanged)
        }
        guard state.stage != .verification, state.stage != .feedback else { throw wrongStage(action, state) }
        after.outcome = .falseAlarm
        if state.task?.state.isActive == true { after.task?.state = .cancelled }
        return CaseChange(before: state, after: after, event: .rejected, task: .cancelled)
    }

    private static func require(_ roles: Set<CaseRole>, _ actor: CaseActor, _ action: CaseAction) throws(CaseError) {
        guard roles.contains(actor.role) else {
            throw CaseError(code: .forbidden, message: "a \(actor.role.rawValue) may not \(action.verb) a case")
        }
    }

    /// The next stage, when the table allows it and the case does not stand in `excluded`.
    private static func next(
        _ stage: CaseStage,
        from state: CaseState,
        _ action: CaseAction,
        unless excluded: CaseStage? = nil
    ) throws(CaseError) -> CaseStage {
        guard state.stage.allows(stage), state.stage != excluded else { throw wrongStage(action, state) }
        return stage
    }

    private static func wrongStage(_ action: CaseAction, _ state: CaseState) -> CaseError {
        CaseError(
            code: .wrongStage,
            message: "a case in \(state.stage.rawValue) cannot be \(action.participle)"
        )
    }
}

extension CaseAction {
    /// True for what a post does with its task.
    fileprivate var isWork: Bool {
        switch self {
        case .accept, .handled, .falseAlarm: true
        case .report, .dispatch, .supervise, .rework, .verify, .close, .reject: false
        }
    }

    fileprivate var verb: String {
        switch self {
        case .report: "report"
        case .dispatch: "dispatch"
        case .accept: "accept"
        case .handled: "handle"
        case .falseAlarm: "call a false alarm on"
        case .supervise: "supervise"
        case .rework: "send back"
        case .verify: "check"
        case .close: "close"
        case .reject: "reject"
        }
    }

    fileprivate var participle: String {
        switch self {
        case .report: "reported"
        case .dispatch: "dispatched"
        case .accept: "accepted"
        case .handled: "handled"
        case .falseAlarm: "called a false alarm"
        case .supervise: "supervised"
        case .rework: "sent back"
        case .verify: "checked"
        case .close: "closed"
        case .reject: "rejected"
        }
    }
}
