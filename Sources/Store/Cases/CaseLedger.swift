import Cases
import Postgres

/// A case as the database holds it.
struct CaseEntry: Sendable {
    let id: Int
    let number: String
    /// Grows with everything that is done with the case.
    let version: Int
    var state: CaseState
    var taskID: Int?
    /// Grows with everything that is done with the newest task; 0 without one.
    let taskVersion: Int
    var assigneePostID: Int?
    var deadlineAt: Int64?
}

/// An allowed change that is to be written.
struct CaseMove: Sendable {
    let caseID: Int
    let change: CaseChange
    let actor: CaseActor
    var note: String?
    var reason: FalseAlarmReason?
    var photoCount: Int?
    /// Version of the case that the person did it to.
    var seen: Int?
    /// Titles of posts that were passed over, because they have nobody.
    var vacant: [String] = []
}

/// Reads cases under a lock and writes the changes that the workflow allowed, history included.
struct CaseLedger {
    let connection: PostgresConnection

    /// Locks cases and reads them with their newest task; cases that do not exist are left out.
    func lock(_ ids: [Int]) async throws -> [CaseEntry] {
        // Two statements: the second one sees what was committed while the first waited for the lock.
        try await connection.query(
            "SELECT id FROM hazard_case WHERE id = ANY ($1::bigint[]) ORDER BY id FOR UPDATE",
            [.intArray(ids)]
        )
        return try await connection.query(
            """
            SELECT h.id, h.number, h.version, h.stage, h.outcome, h.handled_by, h.checked_by, h.assignee_post_id,
                   h.deadline_at, h.supervised_at IS NOT NULL AS is_supervised, t.id AS task_id,
                   coalesce (t.version, 0) AS task_version, t.post_id, t.state, t.accepted_by, t.finished_by
            FROM hazard_case h
            LEFT JOIN LATERAL (SELECT * FROM task WHERE case_id = h.id ORDER BY id DESC LIMIT 1) t ON true
            WHERE h.id = ANY ($1::bigint[]) ORDER BY h.id
            """,
            [.intArray(ids)]
        ).rows.map(Self.entry)
    }

    private static func entry(_ row: PostgresRow) throws -> CaseEntry {
        var task: CaseTask?
        if let post = try row.int("post_id") {
            task = CaseTask(
                postID: post,
                state: try row.requireWord(TaskState.self, "state"),
                acceptedBy: try row.int("accepted_by"),
                finishedBy: try row.int("finished_by")
            )
        }
        return CaseEntry(
            id: try row.requireInt("id"),
            number: try row.requireText("number"),
            version: try row.requireInt("version"),
            state: CaseState(
                stage: try row.requireWord(CaseStage.self, "stage"),
                outcome: try row.word(CaseOutcome.self, "outcome"),
                task: task,
                isSupervised: try row.requireBool("is_supervised"),
                handledBy: try row.int("handled_by"),
                checkedBy: try row.int("checked_by")
            ),
            taskID: try row.int("task_id"),
            taskVersion: try row.requireInt("task_version"),
            assigneePostID: try row.int("assignee_post_id"),
            deadlineAt: try row.timestamp("deadline_at")
        )
    }

    /// Writes changes of different cases.
    func write(_ moves: [CaseMove]) async throws {
        guard !moves.isEmpty else { return }
        try await writeCases(moves)
        try await writeTasks(moves)
        let tasks = try await tasks(of: moves.map(\.caseID))
        try await CaseHistory(connection: connection).add(
            moves.map { move in
                let isStaying = move.change.before.stage == move.change.after.stage
                return CaseHistory.Entry(
                    caseID: move.caseID,
                    kind: move.change.event,
                    stageFrom: isStaying ? nil : move.change.before.stage,
                    stageTo: isStaying ? nil : move.change.after.stage,
                    actor: move.actor,
                    note: move.note,
                    data: CaseHistory.Details(
                        task: move.change.task == .unchanged ? nil : tasks[move.caseID],
                        post: move.change.task == .unchanged ? nil : move.change.after.task?.postID,
                        vacant: move.vacant.isEmpty ? nil : move.vacant,
                        reason: move.reason?.rawValue,
                        photos: move.photoCount,
                        version: move.seen
                    )
                )
            }
        )
    }

    private func writeCases(_ moves: [CaseMove]) async throws {
        let after = moves.map(\.change.after)
        try await connection.query(
            """
            UPDATE hazard_case h SET stage = u.stage, outcome = u.outcome, handled_by = u.handled_by,
                checked_by = u.checked_by, version = h.version + 1,
                supervised_at = CASE WHEN u.is_supervised THEN coalesce (h.supervised_at, now ()) END,
                closed_at = CASE WHEN u.outcome IS NOT NULL THEN coalesce (h.closed_at, now ()) END
            FROM unnest ($1::bigint[], $2::text[], $3::text[], $4::int[], $5::int[], $6::boolean[])
                AS u (id, stage, outcome, handled_by, checked_by, is_supervised)
            WHERE h.id = u.id
            """,
            [
                .intArray(moves.map(\.caseID)),
                .textArray(after.map(\.stage.rawValue)),
                .textArray(after.map { $0.outcome?.rawValue }),
                .intArray(after.map(\.handledBy)),
                .intArray(after.map(\.checkedBy)),
                .boolArray(after.map(\.isSupervised)),
            ]
        )
    }

    private func writeTasks(_ moves: [CaseMove]) async throws {
        var ended: [(caseID: Int, state: TaskState, move: CaseMove)] = []
        var opened: [(caseID: Int, post: Int)] = []
        for move in moves {
            switch move.change.task {
            case .unchanged: break
            case .moved(let state): ended.append((move.caseID, state, move))
            case .cancelled: ended.append((move.caseID, .cancelled, move))
            case .opened(let post):
                ended.append((move.caseID, .cancelled, move))
                opened.append((move.caseID, post))
            }
        }
        try await moveTasks(ended)
        guard !opened.isEmpty else { return }
        // The first limit holds: a new task of the same case has the rest of it, be it less than nothing.
        try await connection.query(
            """
            WITH given AS (
                INSERT INTO task (case_id, post_id, state, deadline_at)
                SELECT h.id, u.post_id, 'open', coalesce (h.deadline_at, now () + t.handle_minutes * interval '1 min')
                FROM unnest ($1::bigint[], $2::int[]) WITH ORDINALITY AS u (case_id, post_id, place)
                JOIN hazard_case h ON h.id = u.case_id JOIN hazard_type t ON t.code = h.hazard_type
                ORDER BY u.place
                RETURNING case_id, post_id, deadline_at)
            UPDATE hazard_case h SET assignee_post_id = given.post_id, deadline_at = given.deadline_at,
                dispatched_at = coalesce (h.dispatched_at, now ())
            FROM given WHERE h.id = given.case_id
            """,
            [.intArray(opened.map(\.caseID)), .intArray(opened.map(\.post))]
        )
    }

    /// Moves the active tasks of cases on; a case that has none is left alone.
    private func moveTasks(_ tasks: [(caseID: Int, state: TaskState, move: CaseMove)]) async throws {
        guard !tasks.isEmpty else { return }
        try await connection.query(
            """
            UPDATE task t SET state = u.state, version = t.version + 1,
                accepted_by = coalesce (t.accepted_by, u.accepted_by),
                accepted_at = CASE WHEN u.accepted_by IS NOT NULL THEN coalesce (t.accepted_at, now ())
                                   ELSE t.accepted_at END,
                finished_by = u.finished_by,
                finished_at = CASE WHEN u.state <> 'accepted' THEN now () END,
                reason = u.reason, note = u.note
            FROM unnest ($1::bigint[], $2::text[], $3::int[], $4::int[], $5::text[], $6::text[])
                AS u (case_id, state, accepted_by, finished_by, reason, note)
            WHERE t.case_id = u.case_id AND t.state IN ('open', 'accepted')
            """,
            [
                .intArray(tasks.map(\.caseID)),
                .textArray(tasks.map(\.state.rawValue)),
                .intArray(tasks.map { $0.state == .cancelled ? nil : $0.move.actor.accountID }),
                .intArray(tasks.map { $0.state == .accepted ? nil : $0.move.actor.accountID }),
                .textArray(tasks.map { $0.state == .falseAlarm ? $0.move.reason?.rawValue : nil }),
                .textArray(tasks.map { $0.state == .cancelled ? nil : $0.move.note }),
            ]
        )
    }

    private func tasks(of cases: [Int]) async throws -> [Int: Int] {
        let rows = try await connection.query(
            "SELECT case_id, max (id) AS id FROM task WHERE case_id = ANY ($1::bigint[]) GROUP BY case_id",
            [.intArray(cases)]
        ).rows
        var tasks: [Int: Int] = [:]
        for row in rows { tasks[try row.requireInt("case_id")] = try row.requireInt("id") }
        return tasks
    }
}
