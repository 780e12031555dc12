import Cases
import Flow
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CaseActionsTests {
    private static let photo = TaskPhoto(path: "2026/08/04/p.jpg", sha256: String(repeating: "a", count: 64), bytes: 9)

    private func code(_ body: () async throws -> CaseStanding) async throws -> StoreError.Code? {
        do {
            _ = try await body()
            return nil
        } catch let error as StoreError {
            return error.code
        }
    }

    private func withCase(
        auto: Bool = true,
        _ body: (StoreDatabase, CaseActions, _ caseID: Int, _ taskID: Int) async throws -> Void
    ) async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a", auto: auto)])
            let task = try await database.pool.query("SELECT id FROM task").rows.first.map { try $0.requireInt("id") }
            try await body(database, CaseActions(pool: database.pool), database.caseID("a"), task ?? 0)
        }
    }

    @Test("a case lives its whole life, and the history tells it")
    func life() async throws {
        try await withCase(auto: false) { (database, desk, id, _) async throws in
            let (clerk, admin) = (try await database.person("clerk"), try await database.person("admin"))
            let (worker, colleague) = (try await database.person("worker"), try await database.person("colleague"))
            let dispatched = try await desk.dispatch(case: id, toPost: nil, by: clerk, note: "请尽快")
            #expect(dispatched.state.stage == .dispatch)
            #expect(dispatched.assigneePostID == worker.postID)
            let task = try #require(dispatched.taskID)
            try await desk.accept(task: task, by: worker)
            try await desk.supervise(case: id, by: admin, note: "督办")
            let handled = try await desk.handled(task: task, by: worker, note: "已劝离", photos: [Self.photo])
            #expect(handled.state.stage == .verification)
            #expect(handled.state.handledBy == worker.accountID)
            let again = try await desk.rework(case: id, by: clerk, note: "照片不清")
            #expect(again.state.task?.state == .open)
            let second = try #require(again.taskID)
            #expect(second != task)
            try await desk.falseAlarm(task: second, by: colleague, reason: .permitted, note: nil)
            let closed = try await desk.approve(case: id, by: clerk)
            #expect(closed.state.outcome == .falseAlarm)
            #expect(closed.state.checkedBy == clerk.accountID)
            let events = try await database.pool.query(
                "SELECT kind, stage_from, stage_to, actor, note, data FROM case_event ORDER BY id"
            ).rows
            #expect(
                events.map { $0["kind"] } == [
                    "opened", "reported", "dispatched", "accepted", "supervised", "handled", "rework", "false_alarm",
                    "verified", "closed",
                ]
            )
            #expect(events[2]["note"] == "请尽快")
            #expect(events[5]["stage_from"] == "supervision")
            #expect(events[5]["data"]?.contains("\"photos\": 1") == true)
            #expect(events[7]["data"]?.contains("\"reason\": \"permitted\"") == true)
            #expect(events[9]["stage_to"] == nil)
            #expect(try await database.value("SELECT count(*) FROM task_photo WHERE task_id = \(task)") == "1")
            #expect(
                try await database.value("SELECT string_agg(state, ' ' ORDER BY id) FROM task") == "handled false_alarm"
            )
            #expect(try await database.value("SELECT closed_at IS NOT NULL FROM hazard_case") == "true")
        }
    }

    @Test("a handled case that is approved is resolved")
    func resolved() async throws {
        try await withCase { (database, desk, id, task) async throws in
            try await desk.handled(task: task, by: try await database.person("worker"), note: "已劝离")
            let closed = try await desk.approve(case: id, by: try await database.person("clerk"), note: "好")
            #expect(closed.state.outcome == .resolved)
            #expect(closed.state.stage == .feedback)
            #expect(try await database.value("SELECT accepted_by = finished_by FROM task") == "true")
        }
    }

    @Test("who handled a case cannot approve it, at the desk nor past it")
    func handlerIsNotChecker() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let boss = try await database.person("boss")
            try await desk.handled(task: task, by: boss, note: "已劝离")
            #expect(try await code { try await desk.approve(case: id, by: boss) } == .forbidden)
            #expect(try await code { try await desk.rework(case: id, by: boss) } == .forbidden)
            let error = await #expect(throws: PostgresError.self) {
                try await database.pool.query(
                    "UPDATE hazard_case SET stage = 'feedback', checked_by = handled_by WHERE id = $1",
                    [.int(id)]
                )
            }
            #expect(error?.sqlState == "23514")
            #expect(try await database.value("SELECT stage FROM hazard_case") == "verification")
        }
    }

    @Test("a worker touches only the tasks of his post, a viewer nothing")
    func forbidden() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let (stranger, viewer) = (try await database.person("stranger"), try await database.person("viewer"))
            let worker = try await database.person("worker")
            #expect(try await code { try await desk.accept(task: task, by: stranger) } == .forbidden)
            #expect(try await code { try await desk.handled(task: task, by: viewer, note: "好") } == .forbidden)
            #expect(try await code { try await desk.dispatch(case: id, toPost: nil, by: worker) } == .forbidden)
            #expect(try await code { try await desk.reject(case: id, reason: .light, by: worker) } == .forbidden)
            #expect(try await code { try await desk.supervise(case: id, by: viewer) } == .forbidden)
            #expect(try await database.value("SELECT count(*) FROM case_event") == "3")
        }
    }

    @Test("the same tap twice is written once; somebody else's comes too late and is told")
    func twice() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let (worker, colleague) = (try await database.person("worker"), try await database.person("colleague"))
            let clerk = try await database.person("clerk")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { try await desk.accept(task: task, by: worker) } }
                try await group.waitForAll()
            }
            #expect(try await code { try await desk.accept(task: task, by: colleague) } == .conflict)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 {
                    group.addTask { try await desk.handled(task: task, by: worker, photos: [Self.photo]) }
                }
                try await group.waitForAll()
            }
            #expect(try await code { try await desk.falseAlarm(task: task, by: worker, reason: .other) } == .conflict)
            try await desk.approve(case: id, by: clerk)
            try await desk.approve(case: id, by: clerk)
            let admin = try await database.person("admin")
            #expect(try await code { try await desk.approve(case: id, by: admin) } == .conflict)
            #expect(try await database.value("SELECT count(*) FROM task_photo") == "1")
            #expect(
                try await database.value("SELECT string_agg(kind, ' ' ORDER BY id) FROM case_event")
                    == "opened reported dispatched accepted handled verified closed"
            )
        }
    }

    @Test("a task is moved to another post; who had it is told")
    func reassign() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let clerk = try await database.person("clerk")
            let stranger = try await database.person("stranger")
            #expect(try await code { try await desk.dispatch(case: id, toPost: nil, by: clerk) } == .conflict)
            let seen = try await desk.supervise(case: id, by: clerk).version
            let moved = try await desk.dispatch(case: id, toPost: stranger.postID, by: clerk, seen: seen)
            #expect(moved.assigneePostID == stranger.postID)
            let worker = try await database.person("worker")
            #expect(try await code { try await desk.accept(task: task, by: worker) } == .conflict)
            try await desk.handled(task: try #require(moved.taskID), by: stranger, note: "已处理")
            #expect(
                try await database.value("SELECT string_agg(state, ' ' ORDER BY id) FROM task") == "cancelled handled"
            )
        }
    }

    @Test("triage rejects a case; nothing can be done with it then, and a new alert opens another")
    func reject() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let clerk = try await database.person("clerk")
            let seen = try await desk.supervise(case: id, by: clerk).version
            let closed = try await desk.reject(case: id, reason: .weather, by: clerk, note: "下雨", seen: seen)
            #expect(closed.state.outcome == .falseAlarm)
            #expect(closed.state.task?.state == .cancelled)
            let worker = try await database.person("worker")
            #expect(try await code { try await desk.handled(task: task, by: worker, note: "好") } == .conflict)
            #expect(try await code { try await desk.dispatch(case: id, toPost: nil, by: clerk) } == .conflict)
            let report = try await AlertWriter(pool: database.pool).write([statement("a", minutes: 1)])
            #expect(report.casesOpened == 1)
        }
    }

    @Test("what is not there, and what cannot be accepted, is said")
    func invalid() async throws {
        try await withCase { (database, desk, id, task) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            #expect(try await code { try await desk.approve(case: 999, by: clerk) } == .notFound)
            #expect(try await code { try await desk.accept(task: 999, by: worker) } == .notFound)
            #expect(try await code { try await desk.dispatch(case: id, toPost: 999, by: clerk) } == .notFound)
            let long = String(repeating: "长", count: 2001)
            #expect(try await code { try await desk.supervise(case: id, by: clerk, note: long) } == .invalid)
            #expect(try await code { try await desk.supervise(case: id, by: clerk, note: "a\0") } == .invalid)
            for path in ["../x.jpg", "/etc/passwd", "a//b", ""] {
                let photo = TaskPhoto(path: path, sha256: Self.photo.sha256, bytes: 1)
                #expect(try await code { try await desk.handled(task: task, by: worker, photos: [photo]) } == .invalid)
            }
            for origin in [
                PhotoOrigin(takenAt: -1, longitude: nil, latitude: nil),
                PhotoOrigin(takenAt: .max, longitude: nil, latitude: nil),
                PhotoOrigin(takenAt: nil, longitude: 110, latitude: nil),
                PhotoOrigin(takenAt: nil, longitude: 181, latitude: 26),
                PhotoOrigin(takenAt: nil, longitude: .nan, latitude: 26),
            ] {
                var photo = Self.photo
                photo.origin = origin
                #expect(try await code { try await desk.handled(task: task, by: worker, photos: [photo]) } == .invalid)
            }
            let many = Array(repeating: Self.photo, count: 21)
            #expect(try await code { try await desk.handled(task: task, by: worker, photos: many) } == .invalid)
            _ = try await AlertWriter(pool: database.pool).write([statement("lost")])
            let lost = try await database.caseID("lost")
            #expect(try await code { try await desk.dispatch(case: lost, toPost: nil, by: clerk) } == .conflict)
            #expect(try await desk.dispatch(case: lost, toPost: worker.postID, by: clerk).state.stage == .dispatch)
        }
    }
}
