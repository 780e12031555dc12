import Cases
import Flow
import FoundationEssentials
import Postgres
import Store
import Testing

/// What two people at once, clocks and empty posts do to a case.
@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CaseBetweenPeopleTests {
    private func refused(_ body: () async throws -> CaseStanding) async throws -> StoreError? {
        do {
            _ = try await body()
            return nil
        } catch let error as StoreError {
            return error
        }
    }

    private func withCase(
        auto: Bool = true,
        _ body: (StoreDatabase, CaseActions, _ caseID: Int) async throws -> Void
    ) async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a", auto: auto)])
            try await body(database, CaseActions(pool: database.pool), database.caseID("a"))
        }
    }

    @Test("the second of two dispatches is refused with who did it, when, and to whom; the first post keeps its task")
    func secondDispatch() async throws {
        try await withCase(auto: false) { (database, desk, id) async throws in
            let (clerk, admin) = (try await database.person("clerk"), try await database.person("admin"))
            let (worker, stranger) = (try await database.person("worker"), try await database.person("stranger"))
            let first = try await desk.dispatch(case: id, toPost: worker.postID, by: clerk, seen: 1)
            for seen in [1, nil] {
                let error = try await refused {
                    try await desk.dispatch(case: id, toPost: stranger.postID, by: admin, seen: seen)
                }
                #expect(error?.code == .conflict && error?.reason == .caseChanged)
                #expect(error?.act?.kind == .dispatched && error?.act?.actor == "值班员")
                #expect(error?.act?.post == "微网格长一" && error?.act?.accountID == clerk.accountID)
                #expect(try #require(error?.act?.at).timeIntervalSinceNow < 60)
            }
            let same = try await refused {
                try await desk.dispatch(case: id, toPost: worker.postID, by: admin, seen: 1)
            }
            #expect(same?.reason == .samePost && same?.act?.actor == "值班员")
            #expect(try await database.value("SELECT string_agg(state, ' ') FROM task") == "open")
            let moved = try await desk.dispatch(case: id, toPost: stranger.postID, by: admin, seen: first.version)
            #expect(moved.assigneePostID == stranger.postID && moved.version > first.version)
        }
    }

    @Test("every action on a case that changed since is refused, and writes nothing")
    func staleActions() async throws {
        try await withCase { (database, desk, id) async throws in
            let clerk = try await database.person("clerk")
            let worker = try await database.person("worker")
            let task = try #require(try await database.value("SELECT id FROM task").flatMap { Int($0) })
            let seen = try await desk.accept(task: task, by: worker, seen: 1).version - 1
            let events = try await database.value("SELECT count(*) FROM case_event")
            let supervised = try await refused { try await desk.supervise(case: id, by: clerk, seen: seen) }
            #expect(supervised?.reason == .caseChanged && supervised?.act?.kind == .accepted)
            let rejected = try await refused { try await desk.reject(case: id, reason: .light, by: clerk, seen: seen) }
            #expect(rejected?.reason == .caseChanged)
            #expect(try await database.value("SELECT count(*) FROM case_event") == events)
            let handled = try await desk.handled(task: task, by: worker, note: "已劝离", seen: 2)
            for stale in [handled.version - 1, handled.version + 5] {
                #expect(
                    try await refused { try await desk.approve(case: id, by: clerk, seen: stale) }?.code == .conflict
                )
                #expect(
                    try await refused { try await desk.rework(case: id, by: clerk, seen: stale) }?.code == .conflict
                )
            }
            try await desk.approve(case: id, by: clerk, seen: handled.version)
            let late = try await refused { try await desk.supervise(case: id, by: clerk, seen: handled.version) }
            #expect(late?.reason == .caseClosed && late?.act?.kind == .closed && late?.act?.actor == "值班员")
        }
    }

    @Test("supervision does not disturb who writes a report; a colleague who was faster does")
    func taskVersions() async throws {
        try await withCase { (database, desk, id) async throws in
            let (worker, colleague) = (try await database.person("worker"), try await database.person("colleague"))
            let task = try #require(try await database.value("SELECT id FROM task").flatMap { Int($0) })
            try await desk.supervise(case: id, by: try await database.person("clerk"))
            try await desk.accept(task: task, by: colleague, seen: 1)
            let late = try await refused { try await desk.handled(task: task, by: worker, note: "好", seen: 1) }
            #expect(late?.reason == .taskChanged && late?.act?.actor == "同岗")
            try await desk.handled(task: task, by: worker, note: "好", seen: 2)
        }
    }

    @Test("a task that was taken back says by whom, also when its case went on since")
    func withdrawn() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let stranger = try await database.person("stranger")
            let task = try #require(try await database.value("SELECT id FROM task").flatMap { Int($0) })
            let seen = try #require(try await database.value("SELECT version FROM hazard_case").flatMap { Int($0) })
            let moved = try await desk.dispatch(case: id, toPost: stranger.postID, by: clerk, seen: seen)
            try await desk.accept(task: try #require(moved.taskID), by: stranger)
            let error = try await refused { try await desk.handled(task: task, by: worker, note: "好", seen: 1) }
            #expect(error?.reason == .taskWithdrawn)
            let foreign = try await refused { try await desk.handled(task: task, by: stranger, note: "好", seen: 1) }
            #expect(
                foreign?.code == .forbidden && foreign?.reason == .foreignTask,
                "his is the next task, not this one"
            )
            #expect(error?.act?.actor == "值班员" && error?.act?.post == "小网格长")
        }
    }

    @Test("a report says what was done or shows it")
    func emptyReport() async throws {
        try await withCase { (database, desk, _) async throws in
            let worker = try await database.person("worker")
            let task = try #require(try await database.value("SELECT id FROM task").flatMap { Int($0) })
            for note in [nil, "", " \n "] {
                let error = try await refused { try await desk.handled(task: task, by: worker, note: note) }
                #expect(error?.code == .invalid && error?.reason == .reportEmpty)
            }
            #expect(try await database.value("SELECT state FROM task") == "open")
            let photo = TaskPhoto(path: "tasks/1/p.jpg", sha256: String(repeating: "a", count: 64), bytes: 9)
            try await desk.handled(task: task, by: worker, photos: [photo])
        }
    }

    @Test("the first limit holds through hand-overs and rework, and supervision with it")
    func clocks() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, stranger) = (try await database.person("clerk"), try await database.person("stranger"))
            let limit = try await database.value("SELECT deadline_at FROM hazard_case")
            // An hour passes: the limit of this kind of hazard.
            try await database.pool.query(
                "UPDATE hazard_case SET deadline_at = deadline_at - interval '2 hours', dispatched_at = dispatched_at - interval '2 hours'"
            )
            let due = try await database.value("SELECT deadline_at FROM hazard_case")
            #expect(due != limit)
            try await desk.supervise(case: id, by: clerk)
            let seen = try #require(try await database.value("SELECT version FROM hazard_case").flatMap { Int($0) })
            let moved = try await desk.dispatch(case: id, toPost: stranger.postID, by: clerk, seen: seen)
            #expect(moved.state.stage == .supervision && moved.state.isSupervised)
            try await desk.handled(task: try #require(moved.taskID), by: stranger, note: "好")
            let back = try await desk.rework(case: id, by: clerk, note: "不行")
            #expect(back.state.stage == .supervision && back.state.task?.state == .open)
            #expect(try await database.value("SELECT deadline_at FROM hazard_case") == due)
            #expect(
                try await database.value("SELECT bool_and(deadline_at = '\(due ?? "")') FROM task WHERE id > 1")
                    == "true"
            )
            #expect(
                try await database.value("SELECT due_at = deadline_at AND due_at < now() FROM hazard_case") == "true"
            )
        }
    }

    @Test("triage has a limit by severity, which a more severe alert makes shorter and the first dispatch ends")
    func triage() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool, triage: TriageLimits(minutes: [7, 20, 60, 90]))
            _ = try await writer.write([statement("a", severity: 3)])
            let minutes = "SELECT round(extract(epoch FROM due_at - now()) / 60) FROM hazard_case"
            #expect(try await database.value(minutes) == "60")
            _ = try await writer.write([statement("a", minutes: 1, severity: 3)])
            #expect(try await database.value(minutes) == "60")
            _ = try await writer.write([statement("a", minutes: 2, severity: 1)])
            #expect(try await database.value(minutes) == "7")
            let id = try await database.caseID("a")
            try await CaseActions(pool: database.pool).dispatch(
                case: id,
                toPost: nil,
                by: try await database.person("clerk")
            )
            #expect(try await database.value(minutes) == "60", "the hour of the hazard type")
        }
    }

    @Test("a task climbs past posts without people, and the history says past which")
    func climbs() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query("UPDATE account SET disabled = true WHERE login IN ('worker', 'colleague')")
            let report = try await AlertWriter(pool: database.pool).write([statement("a", auto: true)])
            #expect(report.tasksOpened == 1)
            #expect(try await database.value("SELECT p.code FROM task t JOIN post p ON p.id = t.post_id") == "S1")
            let vacant = "SELECT data ->> 'vacant' FROM case_event WHERE kind = 'dispatched'"
            #expect(try await database.value(vacant) == #"["微网格长一", "网格长"]"#)
        }
    }

    @Test("where nobody is, the case stays with the command centre, marked once, and no post without people gets it")
    func nobody() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query("UPDATE account SET disabled = true WHERE role = 'worker'")
            let writer = AlertWriter(pool: database.pool)
            for minute in [0.0, 1, 2] {
                let report = try await writer.write([statement("a", minutes: minute, auto: true)])
                #expect((report.tasksOpened, report.casesWithoutPost) == (0, 1))
            }
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'unstaffed'") == "1")
            #expect(
                try await database.value("SELECT stage || (unstaffed_at IS NOT NULL) FROM hazard_case")
                    == "inspectiontrue"
            )
            let desk = CaseActions(pool: database.pool)
            let id = try await database.caseID("a")
            let clerk = try await database.person("clerk")
            let worker = try await database.person("worker")
            #expect(try await refused { try await desk.dispatch(case: id, toPost: nil, by: clerk) }?.reason == .noPost)
            let vacant = try await refused { try await desk.dispatch(case: id, toPost: worker.postID, by: clerk) }
            #expect(vacant?.code == .conflict && vacant?.reason == .postVacant)
            try await database.pool.query("UPDATE account SET disabled = false WHERE login = 'worker'")
            #expect(try await desk.dispatch(case: id, toPost: nil, by: clerk).assigneePostID == worker.postID)
        }
    }
}
