public import Cases
public import Postgres

/// A picture that a worker sent as proof: a file in the evidence directory.
public struct TaskPhoto: Sendable, Hashable {
    /// Path relative to the evidence directory.
    public var path: String
    /// SHA-256 of the file, 64 lower-case hex digits.
    public var sha256: String
    /// Size of the file in bytes.
    public var bytes: Int

    /// Makes a reference.
    public init(path: String, sha256: String, bytes: Int) {
        self.path = path
        self.sha256 = sha256
        self.bytes = bytes
    }
}

/// How a case stands after an action.
public struct CaseStanding: Sendable, Hashable {
    /// Key.
    public let id: Int
    /// 19 digits.
    public let number: String
    /// Stage, outcome, newest task, handler and checker.
    public let state: CaseState
    /// Key of the newest task.
    public let taskID: Int?
    /// Post that has the task, or had it last.
    public let assigneePostID: Int?
    /// When handling is due, microseconds since the Unix epoch.
    public let deadlineAt: Int64?
}

/// What people do with cases, one transaction per action, under a lock of the case.
///
/// All actions throw `StoreError`: `notFound`, `forbidden`, `conflict` with how the case stands instead, `invalid`; and
/// `PostgresError`. The same action of the same person twice gives the same answer and is written once.
public struct CaseDesk: Sendable {
    /// Longest note, characters.
    public static let maximumNote = 2000
    /// Most pictures of one report.
    public static let maximumPhotos = 20

    private let pool: PostgresPool

    /// Makes a desk.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Gives the task to a post; a case that is still in inspection is reported with that.
    ///
    /// - Parameters:
    ///   - id: The case.
    ///   - post: The post; nil for the one that holds the case's grid or the nearest grid above.
    ///   - actor: An operator or administrator.
    ///   - note: What he wrote.
    /// - Returns: How the case stands now.
    /// - Throws: `StoreError`, `PostgresError`.
    @discardableResult
    public func dispatch(
        case id: Int,
        toPost post: Int?,
        by actor: CaseActor,
        note: String? = nil
    ) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note) { entry, connection in
            let target = try await Self.target(post, of: entry, connection)
            let isNew = entry.state.stage == .inspection
            return (isNew ? [.report] : []) + [.dispatch(post: target)]
        }
    }

    /// Ends a case at triage: there is no hazard.
    @discardableResult
    public func reject(
        case id: Int,
        reason: FalseAlarmReason,
        by actor: CaseActor,
        note: String? = nil
    ) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note, reason: reason) { _, _ in [.reject(reason)] }
    }

    /// Puts a dispatched case under supervision.
    @discardableResult
    public func supervise(case id: Int, by actor: CaseActor, note: String? = nil) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note) { _, _ in [.supervise] }
    }

    /// Approves what the post reported, and closes the case: resolved, or a false alarm where the post said so.
    @discardableResult
    public func approve(case id: Int, by actor: CaseActor, note: String? = nil) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note) { entry, _ in
            entry.state.stage == .feedback ? [.close] : [.verify, .close]
        }
    }

    /// Sends a case back to the same post with a new task.
    @discardableResult
    public func rework(case id: Int, by actor: CaseActor, note: String? = nil) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note) { _, _ in [.rework] }
    }

    /// Takes a task, for the post that has it.
    @discardableResult
    public func accept(task id: Int, by actor: CaseActor) async throws -> CaseStanding {
        try await act(onTask: id, by: actor, note: nil, .accept)
    }

    /// Reports a task as done.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - actor: Who holds the post that has it.
    ///   - note: What he wrote.
    ///   - photos: Proof, at most `maximumPhotos`; the files are written already.
    /// - Returns: How the case stands now.
    /// - Throws: `StoreError`, `PostgresError`.
    @discardableResult
    public func handled(
        task id: Int,
        by actor: CaseActor,
        note: String? = nil,
        photos: [TaskPhoto] = []
    ) async throws -> CaseStanding {
        try await act(onTask: id, by: actor, note: note, photos: photos, .handled)
    }

    /// Reports that there was nothing; a checker decides.
    @discardableResult
    public func falseAlarm(
        task id: Int,
        by actor: CaseActor,
        reason: FalseAlarmReason,
        note: String? = nil
    ) async throws -> CaseStanding {
        try await act(onTask: id, by: actor, note: note, reason: reason, .falseAlarm(reason))
    }
}

extension CaseDesk {
    private typealias Plan = @Sendable (CaseEntry, PostgresConnection) async throws -> [CaseAction]

    private func act(
        onTask id: Int,
        by actor: CaseActor,
        note: String?,
        reason: FalseAlarmReason? = nil,
        photos: [TaskPhoto] = [],
        _ action: CaseAction
    ) async throws -> CaseStanding {
        let rows = try await pool.query("SELECT case_id, post_id FROM task WHERE id = $1", [.int(id)]).rows
        guard let row = rows.first else { throw StoreError(.notFound, "there is no task \(id)") }
        guard try row.requireInt("post_id") == actor.postID else {
            throw StoreError(.forbidden, "the task belongs to another post")
        }
        let caseID = try row.requireInt("case_id")
        return try await act(on: caseID, by: actor, note: note, reason: reason, photos: photos) { entry, _ in
            guard entry.taskID == id else {
                throw StoreError(.conflict, "the task was taken back; the case has a newer one")
            }
            return [action]
        }
    }

    private func act(
        on id: Int,
        by actor: CaseActor,
        note: String?,
        reason: FalseAlarmReason? = nil,
        photos: [TaskPhoto] = [],
        _ plan: Plan
    ) async throws -> CaseStanding {
        let note = try Self.checked(note)
        try Self.check(photos)
        return try await pool.transaction { connection in
            let ledger = CaseLedger(connection: connection)
            guard var entry = try await ledger.lock([id]).first else {
                throw StoreError(.notFound, "there is no case \(id)")
            }
            let before = entry.taskID
            for action in try await plan(entry, connection) {
                guard let change = try Self.change(action, entry, actor) else { return entry.standing }
                var move = CaseMove(caseID: id, change: change, actor: actor, reason: reason)
                move.note = action == .report ? nil : note
                move.photoCount = photos.isEmpty ? nil : photos.count
                try await ledger.write([move])
                entry = try await ledger.lock([id]).first ?? entry
            }
            if let before { try await Self.keep(photos, of: before, connection) }
            return entry.standing
        }
    }

    /// The change; nil when the same person did the same before.
    private static func change(
        _ action: CaseAction,
        _ entry: CaseEntry,
        _ actor: CaseActor
    ) throws(StoreError) -> CaseChange? {
        do {
            return try CaseWorkflow.apply(action, to: entry.state, by: actor)
        } catch {
            switch error.code {
            case .alreadyDone: return nil
            case .forbidden, .sameHandlerAndChecker: throw StoreError(.forbidden, error.message)
            case .closed, .wrongStage: throw StoreError(.conflict, "case \(entry.number): \(error.message)")
            }
        }
    }

    private static func target(_ post: Int?, of entry: CaseEntry, _ connection: PostgresConnection) async throws -> Int
    {
        if let post {
            let found = try await connection.query("SELECT FROM post WHERE id = $1 FOR KEY SHARE", [.int(post)])
                .affected
            guard found == 1 else { throw StoreError(.notFound, "there is no post \(post)") }
            return post
        }
        guard let found = try await PostFinder(connection: connection).posts(for: [entry.id])[entry.id] else {
            throw StoreError(
                .conflict,
                "no post holds the grid of case \(entry.number) or any grid above it: choose a post"
            )
        }
        return found
    }

    private static func keep(_ photos: [TaskPhoto], of task: Int, _ connection: PostgresConnection) async throws {
        guard !photos.isEmpty else { return }
        try await connection.query(
            """
            INSERT INTO task_photo (task_id, path, sha256, bytes)
            SELECT $1, path, sha256, bytes FROM unnest ($2::text[], $3::text[], $4::int[]) AS u (path, sha256, bytes)
            """,
            [
                .int(task), .textArray(photos.map(\.path)), .textArray(photos.map(\.sha256)),
                .intArray(photos.map(\.bytes)),
            ]
        )
    }

    private static func checked(_ note: String?) throws(StoreError) -> String? {
        guard let note, !note.allSatisfy(\.isWhitespace) else { return nil }
        guard note.count <= maximumNote else {
            throw StoreError(.invalid, "the note has \(note.count) characters, at most \(maximumNote) are possible")
        }
        guard !note.utf8.contains(0) else { throw StoreError(.invalid, "the note holds a NUL character") }
        return note
    }

    private static func check(_ photos: [TaskPhoto]) throws(StoreError) {
        guard photos.count <= maximumPhotos else {
            throw StoreError(.invalid, "\(photos.count) pictures, at most \(maximumPhotos) are possible")
        }
        for photo in photos {
            let isHash =
                photo.sha256.utf8.count == 64
                && photo.sha256.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
            let parts = photo.path.split(separator: "/", omittingEmptySubsequences: false)
            let isInside = !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." } && !photo.path.utf8.contains(0)
            guard isHash, isInside, (0...Int(Int32.max)).contains(photo.bytes) else {
                throw StoreError(.invalid, "a picture's path, hash or size cannot be right: \(photo.path.prefix(80))")
            }
        }
    }
}

extension CaseEntry {
    fileprivate var standing: CaseStanding {
        CaseStanding(
            id: id,
            number: number,
            state: state,
            taskID: taskID,
            assigneePostID: assigneePostID,
            deadlineAt: deadlineAt
        )
    }
}
