import Testing

@testable import Cases

@Suite struct CaseWorkflowTests {
    static let admin = CaseActor(accountID: 1, displayName: "管理员", role: .admin, postID: nil)
    static let clerk = CaseActor(accountID: 2, displayName: "值班员", role: .operator, postID: nil)
    static let worker = CaseActor(accountID: 3, displayName: "微网格员", role: .worker, postID: 7)
    static let colleague = CaseActor(accountID: 4, displayName: "同岗", role: .worker, postID: 7)
    static let stranger = CaseActor(accountID: 5, displayName: "邻格", role: .worker, postID: 8)
    static let viewer = CaseActor(accountID: 6, displayName: "领导", role: .viewer, postID: nil)
    static let leader = CaseActor(accountID: 9, displayName: "网格长", role: .operator, postID: 7)

    static let dispatched = CaseState(stage: .dispatch, task: CaseTask(postID: 7, state: .open))
    static let handled = CaseState(
        stage: .verification,
        task: CaseTask(postID: 7, state: .handled, acceptedBy: 3, finishedBy: 3),
        handledBy: 3
    )

    func refusal(_ action: CaseAction, _ state: CaseState, _ actor: CaseActor) -> CaseError.Code? {
        do {
            _ = try CaseWorkflow.apply(action, to: state, by: actor)
            return nil
        } catch {
            return error.code
        }
    }

    @Test("the transition table is exactly this")
    func table() {
        let allowed = CaseStage.allCases.flatMap { from in
            CaseStage.allCases.filter { from.allows($0) }.map { "\(from.rawValue) \($0.rawValue)" }
        }
        #expect(
            allowed == [
                "inspection report", "report dispatch", "dispatch supervision", "dispatch verification",
                "supervision dispatch", "supervision verification", "verification dispatch", "verification supervision",
                "verification feedback",
            ]
        )
    }

    @Test("stages count from 1 to 6 and have names in both languages")
    func names() {
        #expect(CaseStage.allCases.map(\.position) == [1, 2, 3, 4, 5, 6])
        #expect(Set(CaseStage.allCases.map(\.nameZh)).count == 6)
        #expect(Set(CaseStage.allCases.map(\.nameEn)).count == 6)
        #expect(FalseAlarmReason.allCases.allSatisfy { !$0.nameZh.isEmpty && !$0.nameEn.isEmpty })
    }

    @Test("a case goes the whole way")
    func wholeWay() throws {
        var state = CaseState()
        let steps: [(CaseAction, CaseActor, CaseStage, CaseEventKind, TaskEffect)] = [
            (.report, .system, .report, .reported, .unchanged),
            (.dispatch(post: 7), .system, .dispatch, .dispatched, .opened(post: 7)),
            (.accept, Self.worker, .dispatch, .accepted, .moved(.accepted)),
            (.supervise, Self.clerk, .supervision, .supervised, .unchanged),
            (.handled, Self.worker, .verification, .handled, .moved(.handled)),
            (.rework(post: 7), Self.clerk, .supervision, .rework, .opened(post: 7)),
            (.dispatch(post: 8), Self.clerk, .supervision, .dispatched, .opened(post: 8)),
            (.dispatch(post: 7), Self.clerk, .supervision, .dispatched, .opened(post: 7)),
            (.handled, Self.colleague, .verification, .handled, .moved(.handled)),
            (.verify, Self.admin, .feedback, .verified, .unchanged),
            (.close, Self.admin, .feedback, .closed, .unchanged),
        ]
        for (action, actor, stage, event, task) in steps {
            let change = try CaseWorkflow.apply(action, to: state, by: actor)
            #expect(change.before == state)
            #expect(change.after.stage == stage)
            #expect(change.event == event)
            #expect(change.task == task)
            #expect(change.before.stage == stage || change.before.stage.allows(stage))
            state = change.after
        }
        #expect(state.outcome == .resolved)
        #expect(state.handledBy == 4)
        #expect(state.checkedBy == 1)
        #expect(state.task?.acceptedBy == 4)
    }

    @Test("no action of anybody ever makes a jump that the table forbids")
    func neverJumps() {
        let tasks: [CaseTask?] =
            [nil] + TaskState.allCases.map { CaseTask(postID: 7, state: $0, acceptedBy: 3, finishedBy: 3) }
        let actions: [CaseAction] = [
            .report, .dispatch(post: 7), .dispatch(post: 8), .accept, .handled, .falseAlarm(.light), .supervise,
            .rework(post: 7),
            .verify, .close, .reject(.weather),
        ]
        let actors = [Self.admin, Self.clerk, Self.worker, Self.colleague, Self.stranger, Self.viewer, .system]
        var allowed = 0
        for stage in CaseStage.allCases {
            for task in tasks {
                for action in actions {
                    for actor in actors {
                        let state = CaseState(stage: stage, task: task, handledBy: 3)
                        guard let change = try? CaseWorkflow.apply(action, to: state, by: actor) else { continue }
                        allowed += 1
                        #expect(change.after.stage == stage || stage.allows(change.after.stage))
                        #expect(actor.role != .viewer)
                        #expect(change.after.handledBy == nil || change.after.handledBy != change.after.checkedBy)
                    }
                }
            }
        }
        #expect(allowed > 50)
    }

    @Test("a closed case does not change", arguments: CaseOutcome.allCases)
    func closed(outcome: CaseOutcome) {
        let state = CaseState(stage: .feedback, outcome: outcome)
        for action in [
            CaseAction.report, .dispatch(post: 1), .supervise, .rework(post: 7), .verify, .close, .reject(.light),
        ] {
            #expect(refusal(action, state, Self.clerk) == .closed)
        }
    }

    @Test(
        "roles that may not do a thing are refused",
        arguments: [
            (.report, CaseState(), worker), (.report, CaseState(), viewer),
            (.dispatch(post: 7), CaseState(stage: .report), worker), (.supervise, dispatched, worker),
            (.verify, handled, worker), (.verify, handled, .system), (.rework(post: 7), handled, stranger),
            (.reject(.light), CaseState(), worker), (.reject(.light), CaseState(), .system),
        ] as [(CaseAction, CaseState, CaseActor)]
    )
    func forbidden(action: CaseAction, state: CaseState, actor: CaseActor) {
        #expect(refusal(action, state, actor) == .forbidden)
    }

    @Test(
        "nobody works on the task of another post, also when it is finished or its case has ended",
        arguments: [
            (.accept, dispatched, stranger), (.accept, dispatched, clerk), (.handled, dispatched, stranger),
            (.falseAlarm(.animal), dispatched, stranger), (.accept, dispatched, .system),
            (.accept, dispatched, CaseActor(accountID: 8, displayName: "", role: .viewer, postID: 7)),
            (.handled, handled, stranger),
            (.accept, CaseState(outcome: .falseAlarm, task: CaseTask(postID: 7, state: .cancelled)), stranger),
            // Accepted it once, and has changed posts since.
            (
                .accept, CaseState(stage: .dispatch, task: CaseTask(postID: 7, state: .accepted, acceptedBy: 8)),
                CaseActor(accountID: 8, displayName: "", role: .worker, postID: 9)
            ),
        ] as [(CaseAction, CaseState, CaseActor)]
    )
    func foreignTask(action: CaseAction, state: CaseState, actor: CaseActor) {
        #expect(refusal(action, state, actor) == .foreignTask)
    }

    @Test(
        "actions out of place are refused",
        arguments: [
            (.report, CaseState(stage: .report), clerk), (.dispatch(post: 7), CaseState(), clerk),
            (.dispatch(post: 8), handled, clerk), (.supervise, handled, clerk),
            (.supervise, CaseState(), clerk), (.supervise, CaseState(stage: .supervision), clerk),
            (.accept, CaseState(), worker), (.verify, dispatched, clerk), (.close, handled, clerk),
            (.rework(post: 7), dispatched, clerk), (.reject(.light), handled, clerk),
            (.reject(.light), CaseState(stage: .feedback), clerk), (.handled, handled, colleague),
            (.accept, CaseState(stage: .dispatch, task: CaseTask(postID: 7, state: .accepted, acceptedBy: 4)), worker),
            (.verify, CaseState(stage: .verification), clerk),
        ] as [(CaseAction, CaseState, CaseActor)]
    )
    func wrongStage(action: CaseAction, state: CaseState, actor: CaseActor) {
        #expect(refusal(action, state, actor) == .wrongStage)
    }

    @Test("a post does not get the task that it has")
    func samePost() {
        #expect(refusal(.dispatch(post: 7), Self.dispatched, Self.clerk) == .samePost)
    }

    @Test("work that nobody supervised goes back as it was")
    func plainRework() throws {
        let change = try CaseWorkflow.apply(.rework(post: 7), to: Self.handled, by: Self.clerk)
        #expect(change.after.stage == .dispatch && !change.after.isSupervised)
    }

    @Test("triage has a limit for every severity, the urgent ones the shortest; what is missing is as the last")
    func triageLimits() {
        let limits = TriageLimits()
        #expect((1...4).map { limits.minutes(severity: $0) } == limits.minutes)
        #expect(limits.minutes == limits.minutes.sorted() && limits.minutes[0] == 10)
        #expect(TriageLimits(minutes: [5, 0]).minutes == [5, 1, 1, 1])
        #expect(TriageLimits(minutes: []) == TriageLimits())
    }

    @Test("who handled a case may neither approve nor send it back", arguments: [CaseAction.verify, .rework(post: 7)])
    func handlerIsNotChecker(action: CaseAction) throws {
        let byLeader = try CaseWorkflow.apply(.handled, to: Self.dispatched, by: Self.leader).after
        #expect(refusal(action, byLeader, Self.leader) == .sameHandlerAndChecker)
        #expect(refusal(action, byLeader, Self.clerk) == nil)
    }

    @Test("a false alarm that a worker claims is decided by the checker")
    func claimedFalseAlarm() throws {
        let claimed = try CaseWorkflow.apply(.falseAlarm(.light), to: Self.dispatched, by: Self.worker)
        #expect(claimed.after.stage == .verification)
        #expect(claimed.after.outcome == nil)
        #expect(claimed.event == .falseAlarm)
        let checked = try CaseWorkflow.apply(.verify, to: claimed.after, by: Self.clerk)
        let closed = try CaseWorkflow.apply(.close, to: checked.after, by: Self.clerk)
        #expect(closed.after.outcome == .falseAlarm)
        let refused = try CaseWorkflow.apply(.rework(post: 7), to: claimed.after, by: Self.clerk)
        #expect(refused.after.task == CaseTask(postID: 7, state: .open))
        #expect(refused.after.handledBy == nil)
    }

    @Test("a second tap of the same person is told apart from a conflict with somebody else")
    func twice() {
        let accepted = CaseState(stage: .dispatch, task: CaseTask(postID: 7, state: .accepted, acceptedBy: 3))
        #expect(refusal(.accept, accepted, Self.worker) == .alreadyDone)
        #expect(refusal(.accept, accepted, Self.colleague) == .wrongStage)
        #expect(refusal(.handled, Self.handled, Self.worker) == .alreadyDone)
        #expect(refusal(.handled, Self.handled, Self.colleague) == .wrongStage)
        let closed = CaseState(stage: .feedback, outcome: .resolved, task: nil, handledBy: 3, checkedBy: 2)
        #expect(refusal(.close, closed, Self.clerk) == .alreadyDone)
        #expect(refusal(.close, closed, Self.admin) == .closed)
    }

    @Test(
        "a task can be given to another post while it is dispatched or supervised",
        arguments: [CaseStage.dispatch, .supervision]
    )
    func reassign(stage: CaseStage) throws {
        let state = CaseState(stage: stage, task: CaseTask(postID: 7, state: .accepted, acceptedBy: 3))
        let change = try CaseWorkflow.apply(.dispatch(post: 8), to: state, by: Self.clerk)
        #expect(change.after.stage == stage, "who watches goes on watching")
        #expect(change.after.task == CaseTask(postID: 8, state: .open))
        #expect(change.task == .opened(post: 8))
    }

    @Test("triage ends a case as a false alarm and takes the task back")
    func reject() throws {
        let change = try CaseWorkflow.apply(.reject(.permitted), to: Self.dispatched, by: Self.clerk)
        #expect(change.after.outcome == .falseAlarm)
        #expect(change.after.task?.state == .cancelled)
        #expect(change.task == .cancelled)
        #expect(change.after.stage == .dispatch)
    }
}
