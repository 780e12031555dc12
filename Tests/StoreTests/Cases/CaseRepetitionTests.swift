import Cases
import Flow
import Postgres
import Store
import Testing

/// The same action of the same person twice: a double tap, or an answer that was lost.
@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct CaseRepetitionTests {
    private func reason(_ body: () async throws -> CaseStanding) async throws -> StoreError.Reason? {
        do {
            _ = try await body()
            return nil
        } catch let error as StoreError {
            return error.reason
        }
    }

    private func withCase(
        _ body: (StoreDatabase, CaseActions, _ caseID: Int) async throws -> Void
    ) async throws {
        try await StoreDatabase.with { (database) async throws in
            _ = try await AlertWriter(pool: database.pool).write([statement("a")])
            try await body(database, CaseActions(pool: database.pool), database.caseID("a"))
        }
    }

    private func events(_ database: StoreDatabase) async throws -> String? {
        try await database.value("SELECT string_agg(kind, ' ' ORDER BY id) FROM case_event")
    }

    /// Does the same five times at once, then once more; all answers must be alike, but for the time.
    private func repeatedly(_ action: @escaping @Sendable () async throws -> CaseStanding) async throws -> CaseStanding
    {
        let answers = try await withThrowingTaskGroup(of: CaseStanding.self) { group in
            for _ in 0..<5 { group.addTask(operation: action) }
            return try await group.reduce(into: [CaseStanding]()) { $0.append($1) }
        }
        let last = try await action()
        #expect(Set(answers + [last]).count == 1)
        return last
    }

    @Test("each action of the way of a case, repeated at once and again, is written once and answered alike")
    func wholeWay() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let given = try await repeatedly {
                try await desk.dispatch(case: id, toPost: nil, by: clerk, note: "请尽快", seen: 1)
            }
            let task = try #require(given.taskID)
            _ = try await repeatedly { try await desk.accept(task: task, by: worker, seen: 1) }
            let version = try #require(try await database.value("SELECT version FROM hazard_case").flatMap { Int($0) })
            _ = try await repeatedly { try await desk.supervise(case: id, by: clerk, seen: version) }
            let done = try await repeatedly { try await desk.handled(task: task, by: worker, note: "好", seen: 2) }
            let back = try await repeatedly {
                try await desk.rework(case: id, by: clerk, note: "不行", seen: done.version)
            }
            let second = try #require(back.taskID)
            _ = try await repeatedly { try await desk.falseAlarm(task: second, by: worker, reason: .light, seen: 1) }
            _ = try await repeatedly { try await desk.approve(case: id, by: clerk) }
            #expect(
                try await events(database)
                    == "opened reported dispatched accepted supervised handled rework false_alarm verified closed"
            )
        }
    }

    @Test("another report of the same person, as from a second phone, is told to be late, not taken for the first")
    func anotherReport() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let task = try #require(try await desk.dispatch(case: id, toPost: nil, by: clerk, seen: 1).taskID)
            let photo = TaskPhoto(path: "tasks/1/a.jpg", sha256: String(repeating: "a", count: 64), bytes: 1)
            var other = photo
            other.sha256 = String(repeating: "b", count: 64)
            let pictures = [photo, other]
            try await desk.accept(task: task, by: worker)
            let first = try await desk.handled(task: task, by: worker, note: "已劝离", photos: [photo])
            func others(because reason: StoreError.Reason) async throws {
                let same = try await self.reason {
                    try await desk.handled(task: task, by: worker, note: "已劝离", photos: [photo])
                }
                let words = try await self.reason {
                    try await desk.handled(task: task, by: worker, note: "又来了", photos: [photo])
                }
                let proofs = try await self.reason {
                    try await desk.handled(task: task, by: worker, note: "已劝离", photos: pictures)
                }
                #expect((same, words, proofs) == (nil, reason, reason))
            }
            try await others(because: .taskChanged)
            try await desk.rework(case: id, by: clerk, note: "请重拍", seen: first.version)
            try await others(because: .taskWithdrawn)
            #expect(try await database.value("SELECT note FROM task WHERE id = \(task)") == "已劝离")
        }
    }

    @Test("rejecting twice closes once")
    func rejected() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, admin) = (try await database.person("clerk"), try await database.person("admin"))
            for seen in [1, nil] {
                let closed = try await repeatedly {
                    try await desk.reject(case: id, reason: .weather, by: clerk, note: "雨", seen: seen)
                }
                #expect(closed.state.outcome == .falseAlarm)
            }
            #expect(try await events(database) == "opened rejected")
            let other = try await reason { try await desk.reject(case: id, reason: .light, by: clerk, seen: 1) }
            #expect(other == .caseClosed)
            let late = try await reason {
                try await desk.reject(case: id, reason: .weather, by: admin, note: "雨", seen: 1)
            }
            #expect(late == .caseClosed)
        }
    }

    @Test(
        "an answer that was lost is given again after others went on with the case; something else is not taken for it"
    )
    func lostAnswers() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let stranger = try await database.person("stranger")
            let dispatch = { (post: Int?, note: String, seen: Int?) in
                try await desk.dispatch(case: id, toPost: post, by: clerk, note: note, seen: seen)
            }
            let given = try await dispatch(worker.postID, "请尽快", 1)
            let task = try #require(given.taskID)
            let taken = try await desk.accept(task: task, by: worker)
            #expect(try await dispatch(worker.postID, "请尽快", 1) == taken)
            #expect(try await dispatch(worker.postID, "请尽快", nil) == taken, "that the post took it is no other act")
            #expect(try await reason { try await dispatch(worker.postID, "改了", 1) } == .samePost)
            #expect(try await reason { try await dispatch(stranger.postID, "请尽快", 1) } == .caseChanged)
            let done = try await desk.handled(task: task, by: worker, note: "好", seen: 2)
            let back = try await desk.rework(case: id, by: clerk, note: "不行", seen: done.version)
            #expect(try await desk.handled(task: task, by: worker, note: "好", seen: 2) == back)
            #expect(try await desk.accept(task: task, by: worker, seen: 1) == back)
            let again = try await desk.handled(task: try #require(back.taskID), by: worker, note: "又好", seen: 1)
            #expect(try await desk.rework(case: id, by: clerk, note: "不行", seen: done.version) == again)
            let second = try await desk.rework(case: id, by: clerk, note: "不行", seen: again.version)
            #expect(second.taskID != back.taskID, "a second time is no repetition")
            #expect(
                try await events(database)
                    == "opened reported dispatched accepted handled rework handled rework"
            )
        }
    }

    @Test("a task that a post has is not rejected away by who has not seen it")
    func blindRejection() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let given = try await desk.dispatch(case: id, toPost: nil, by: clerk)
            let taken = try await desk.accept(task: try #require(given.taskID), by: worker)
            #expect(try await reason { try await desk.reject(case: id, reason: .light, by: clerk) } == .caseChanged)
            #expect(try await database.value("SELECT state FROM task") == "accepted")
            let stale = try await reason {
                try await desk.reject(case: id, reason: .light, by: clerk, seen: given.version)
            }
            #expect(stale == .caseChanged)
            let closed = try await desk.reject(case: id, reason: .light, by: clerk, seen: taken.version)
            #expect(closed.state.outcome == .falseAlarm)
        }
    }

    @Test("work that is sent back climbs past a post that nobody holds any more, and the history says past which")
    func reworkClimbs() async throws {
        try await withCase { (database, desk, id) async throws in
            let (clerk, worker) = (try await database.person("clerk"), try await database.person("worker"))
            let stranger = try await database.person("stranger")
            let given = try await desk.dispatch(case: id, toPost: nil, by: clerk)
            try await desk.handled(task: try #require(given.taskID), by: worker, note: "好")
            try await database.pool.query("UPDATE account SET disabled = true WHERE role = 'worker'")
            #expect(try await reason { try await desk.rework(case: id, by: clerk, note: "不行") } == .noPost)
            #expect(try await reason { try await desk.rework(case: id, by: worker, note: "不行") } == .role)
            try await database.pool.query("UPDATE account SET disabled = false WHERE login = 'stranger'")
            let back = try await desk.rework(case: id, by: clerk, note: "不行")
            #expect(back.assigneePostID == stranger.postID && back.state.task?.postID == stranger.postID)
            #expect(back.deadlineAt == given.deadlineAt)
            let vacant = "SELECT data ->> 'vacant' FROM case_event WHERE kind = 'rework'"
            #expect(try await database.value(vacant) == #"["微网格长一", "网格长"]"#)
        }
    }
}
