public import Cases
public import Postgres

/// What people do with cases, one transaction per action, under a lock of the case.
///
/// Every action may say what the person saw: the version of the case, or of the task. When somebody was faster it is
/// refused with who did what and when, and nothing is written. The same action of the same person twice gives the same
/// answer and is written once.
///
/// All actions throw `StoreError`: `notFound`, `forbidden`, `conflict`, `invalid`, each with its reason; and
/// `PostgresError`.
public struct CaseActions: Sendable {
    private let pool: PostgresPool

    /// Makes a desk.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// Gives the task to a post; a case that is still in inspection is reported with that.
    ///
    /// - Parameters:
    ///   - id: The case.
    ///   - post: The post; nil for the one that holds the case's grid or the nearest grid above with a person.
    ///   - actor: An operator or administrator.
    ///   - note: What he wrote.
    ///   - seen: The version of the case that he saw. A task that a post has is taken from it only by who has seen it.
    /// - Returns: How the case stands now.
    /// - Throws: `StoreError`, `PostgresError`.
    @discardableResult
    public func dispatch(
        case id: Int,
        toPost post: Int?,
        by actor: CaseActor,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        let tap = Tap(kind: .dispatched, actor: actor, note: note, seen: seen)
        return try await act(on: id, by: actor, note: note, seen: seen) { entry, connection in
            if let post, try await tap.isRepeated(entry, post: post, connection) { return .nothing }
            let target = try await Self.target(post, of: entry, connection)
            if post == nil, try await tap.isRepeated(entry, post: target.post, connection) { return .nothing }
            try await Self.requireSight(seen, entry, actor, connection)
            let isNew = entry.state.stage == .inspection
            return Plan(actions: (isNew ? [.report] : []) + [.dispatch(post: target.post)], vacant: target.vacant)
        }
    }

    /// Ends a case at triage: there is no hazard.
    ///
    /// `seen`: the version of the case that the person saw. A task that a post has is taken from it only by who has seen
    /// it.
    @discardableResult
    public func reject(
        case id: Int,
        reason: FalseAlarmReason,
        by actor: CaseActor,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        let tap = Tap(kind: .rejected, actor: actor, note: note, reason: reason, seen: seen)
        return try await act(on: id, by: actor, note: note, reason: reason, seen: seen) { entry, connection in
            if try await tap.isRepeated(entry, connection) { return .nothing }
            try await Self.requireSight(seen, entry, actor, connection)
            return Plan(.reject(reason))
        }
    }

    /// Puts a dispatched case under supervision.
    @discardableResult
    public func supervise(
        case id: Int,
        by actor: CaseActor,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        let tap = Tap(kind: .supervised, actor: actor, note: note, seen: seen)
        return try await act(on: id, by: actor, note: note, seen: seen) { entry, connection in
            try await tap.isRepeated(entry, connection) ? .nothing : Plan(.supervise)
        }
    }

    /// Approves what the post reported, and closes the case: resolved, or a false alarm where the post said so.
    @discardableResult
    public func approve(
        case id: Int,
        by actor: CaseActor,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        try await act(on: id, by: actor, note: note, seen: seen) { entry, _ in
            Plan(actions: entry.state.stage == .feedback ? [.close] : [.verify, .close])
        }
    }

    /// Sends a case back with a new task, which has the rest of the time: to the same post while it has somebody, else to
    /// the one that the case's grid would give it to.
    @discardableResult
    public func rework(
        case id: Int,
        by actor: CaseActor,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        let tap = Tap(kind: .rework, actor: actor, note: note, seen: seen)
        return try await act(on: id, by: actor, note: note, seen: seen) { entry, connection in
            if try await tap.isRepeated(entry, connection) { return .nothing }
            let last = CaseAction.rework(post: entry.state.task?.postID ?? 0)
            // Whether he may at all comes before the question to whom it goes.
            guard let post = try await Self.change(last, entry, actor, connection)?.after.task?.postID,
                let vacant = try await PostFinder(connection: connection).titleIfVacant(post)
            else { return Plan(last) }
            let target = try await Self.target(nil, of: entry, connection)
            let passed = [vacant] + target.vacant.filter { $0 != vacant }
            return Plan(actions: [.rework(post: target.post)], vacant: passed)
        }
    }

    /// Takes a task, for the post that has it.
    ///
    /// `seen`: the version of the task that the person saw, as in the other actions on a task.
    @discardableResult
    public func accept(task id: Int, by actor: CaseActor, seen: Int? = nil) async throws -> CaseStanding {
        try await act(onTask: id, by: actor, note: nil, seen: seen, .accept)
    }

    /// Reports a task as done; says what was done, or shows it.
    ///
    /// - Parameters:
    ///   - id: The task.
    ///   - actor: Who holds the post that has it.
    ///   - note: What he wrote; may be missing when there are pictures.
    ///   - photos: Proof, at most `CaseLimits.photos`; the files are written already.
    ///   - seen: The version of the task that he saw.
    /// - Returns: How the case stands now.
    /// - Throws: `StoreError`, `PostgresError`.
    @discardableResult
    public func handled(
        task id: Int,
        by actor: CaseActor,
        note: String? = nil,
        photos: [TaskPhoto] = [],
        seen: Int? = nil
    ) async throws -> CaseStanding {
        guard try Self.checked(note) != nil || !photos.isEmpty else {
            throw StoreError(
                .invalid,
                "a report says what was done, or shows it: write a note or add a picture",
                because: .reportEmpty
            )
        }
        return try await act(onTask: id, by: actor, note: note, photos: photos, seen: seen, .handled)
    }

    /// Reports that there was nothing; a checker decides.
    @discardableResult
    public func falseAlarm(
        task id: Int,
        by actor: CaseActor,
        reason: FalseAlarmReason,
        note: String? = nil,
        seen: Int? = nil
    ) async throws -> CaseStanding {
        try await act(onTask: id, by: actor, note: note, reason: reason, seen: seen, .falseAlarm(reason))
    }
}

extension CaseActions {
    /// What is to be done in one transaction.
    private struct Plan: Sendable {
        var actions: [CaseAction]
        /// Titles of the posts that a dispatch passes over.
        var vacant: [String] = []

        init(actions: [CaseAction], vacant: [String] = []) {
            self.actions = actions
            self.vacant = vacant
        }

        init(_ action: CaseAction) { self.init(actions: [action]) }

        /// It was done before: the answer is how the case stands.
        static let nothing = Plan(actions: [])
    }

    /// An action that the state of a case does not show to have been done by the same person before.
    private struct Tap: Sendable {
        let kind: CaseEventKind
        let actor: CaseActor
        let note: String?
        var reason: FalseAlarmReason?
        let seen: Int?

        func isRepeated(_ entry: CaseEntry, post: Int? = nil, _ connection: PostgresConnection) async throws -> Bool {
            guard let account = actor.accountID else { return false }
            let request = CaseHistory.Request(
                caseID: entry.id,
                kind: kind,
                accountID: account,
                seen: seen,
                post: post,
                note: try CaseActions.checked(note),
                reason: reason
            )
            return try await CaseHistory(connection: connection).holds(request)
        }
    }

    private typealias Planning = @Sendable (CaseEntry, PostgresConnection) async throws -> Plan

    private func act(
        onTask id: Int,
        by actor: CaseActor,
        note: String?,
        reason: FalseAlarmReason? = nil,
        photos: [TaskPhoto] = [],
        seen: Int?,
        _ action: CaseAction
    ) async throws -> CaseStanding {
        let rows = try await pool.query("SELECT case_id, post_id FROM task WHERE id = $1", [.int(id)]).rows
        guard let row = rows.first else {
            throw StoreError(.notFound, "there is no task \(id)", because: .taskUnknown)
        }
        let (caseID, post) = (try row.requireInt("case_id"), try row.requireInt("post_id"))
        let said = Said(note: try Self.checked(note), reason: reason, photos: photos)
        return try await act(on: caseID, by: actor, note: note, reason: reason, photos: photos) { entry, connection in
            guard entry.taskID == id, entry.state.task?.state != .cancelled else {
                // The workflow knows the newest task only, which another post may have by now.
                try Self.requireHolder(of: post, actor)
                // What came after a report does not make its second copy wrong.
                if try await Self.isDone(action, said, task: id, by: actor, connection) { return .nothing }
                let act = try await CaseHistory(connection: connection).withdrawal(ofTask: id)
                throw StoreError(
                    .conflict,
                    "task \(id) of case \(entry.number) was taken back",
                    because: .taskWithdrawn,
                    after: act
                )
            }
            // A second tap of the same person is no mistake, whatever version it names; another report of his is no second
            // tap: who answered it with success would lose it.
            guard try await Self.change(action, entry, actor, connection) != nil else {
                if try await Self.isDone(action, said, task: id, by: actor, connection) { return .nothing }
                throw try await Self.tooLate(entry, connection, because: .taskChanged)
            }
            if let seen, seen != entry.taskVersion {
                throw try await Self.tooLate(entry, connection, because: .taskChanged)
            }
            return Plan(action)
        }
    }

    private func act(
        on id: Int,
        by actor: CaseActor,
        note: String?,
        reason: FalseAlarmReason? = nil,
        photos: [TaskPhoto] = [],
        seen: Int? = nil,
        _ planning: Planning
    ) async throws -> CaseStanding {
        let note = try Self.checked(note)
        try TaskPhoto.check(photos)
        return try await pool.transaction { connection in
            let ledger = CaseLedger(connection: connection)
            guard var entry = try await ledger.lock([id]).first else {
                throw StoreError(.notFound, "there is no case \(id)", because: .caseUnknown)
            }
            let (before, version) = (entry.taskID, entry.version)
            let plan = try await planning(entry, connection)
            guard !plan.actions.isEmpty else { return entry.standing }
            for action in plan.actions {
                guard let change = try await Self.change(action, entry, actor, connection) else {
                    return entry.standing
                }
                if let seen, seen != version { throw try await Self.tooLate(entry, connection) }
                var move = CaseMove(caseID: id, change: change, actor: actor, reason: reason)
                move.note = action == .report ? nil : note
                move.photoCount = photos.isEmpty ? nil : photos.count
                move.seen = actor.accountID == nil ? nil : version
                move.vacant = plan.vacant
                try await ledger.write([move])
                entry = try await ledger.lock([id]).first ?? entry
            }
            if let before { try await TaskPhoto.keep(photos, of: before, connection) }
            return entry.standing
        }
    }

    /// What a worker says with an action.
    private struct Said: Sendable {
        let note: String?
        let reason: FalseAlarmReason?
        let photos: [TaskPhoto]
    }

    /// Whether a task, perhaps not the newest of its case any more, was done by this person in this way and with these
    /// words and pictures.
    private static func isDone(
        _ action: CaseAction,
        _ said: Said,
        task id: Int,
        by actor: CaseActor,
        _ connection: PostgresConnection
    ) async throws -> Bool {
        let row = try await connection.query(
            """
            SELECT state, accepted_by, finished_by, note, reason,
                ARRAY (SELECT sha256::text FROM task_photo WHERE task_id = t.id) @> $2::text[] AS has_photos
            FROM task t WHERE id = $1
            """,
            [.int(id), .textArray(said.photos.map(\.sha256))]
        ).rows.first
        guard let account = actor.accountID, let row else { return false }
        let state = try row.text("state").flatMap(TaskState.init)
        let isSame =
            try row.int("finished_by") == account && row.text("note") == said.note
            && row.text("reason") == said.reason?.rawValue && row.requireBool("has_photos")
        return switch action {
        case .accept: try state != .cancelled && row.int("accepted_by") == account
        case .handled: state == .handled && isSame
        case .falseAlarm: state == .falseAlarm && isSame
        default: false
        }
    }

    /// A task that a post has is taken from it only by somebody who has seen it.
    private static func requireSight(
        _ seen: Int?,
        _ entry: CaseEntry,
        _ actor: CaseActor,
        _ connection: PostgresConnection
    ) async throws {
        // Others are refused for their role.
        let isDirector = actor.role == .admin || actor.role == .operator
        guard seen != nil || entry.state.task?.state.isActive != true || !isDirector else {
            throw try await tooLate(entry, connection)
        }
    }

    /// Somebody was faster: who, what and when.
    private static func tooLate(
        _ entry: CaseEntry,
        _ connection: PostgresConnection,
        because reason: StoreError.Reason = .caseChanged
    ) async throws -> StoreError {
        let act = try await CaseHistory(connection: connection).newestAct(ofCase: entry.id)
        let what = act.map { "\($0.kind.rawValue) by \($0.actor)" } ?? "changed"
        return StoreError(
            .conflict,
            "case \(entry.number) is not as you saw it: \(what) meanwhile; look again",
            because: reason,
            after: act
        )
    }

    /// The change; nil when the same person did the same before.
    private static func change(
        _ action: CaseAction,
        _ entry: CaseEntry,
        _ actor: CaseActor,
        _ connection: PostgresConnection
    ) async throws -> CaseChange? {
        do {
            return try CaseWorkflow.apply(action, to: entry.state, by: actor)
        } catch {
            let reason: StoreError.Reason
            switch error.code {
            case .alreadyDone: return nil
            case .forbidden: throw StoreError(.forbidden, error.message, because: .role)
            case .foreignTask: throw StoreError(.forbidden, error.message, because: .foreignTask)
            case .sameHandlerAndChecker: throw StoreError(.forbidden, error.message, because: .ownWork)
            case .samePost: reason = .samePost
            case .closed: reason = .caseClosed
            case .wrongStage: reason = .wrongStage
            }
            let act = try await CaseHistory(connection: connection).newestAct(ofCase: entry.id)
            throw StoreError(.conflict, "case \(entry.number): \(error.message)", because: reason, after: act)
        }
    }

    /// Refuses whose post does not have the task.
    private static func requireHolder(of post: Int, _ actor: CaseActor) throws(StoreError) {
        do {
            try CaseWorkflow.requireHolder(of: post, actor)
        } catch {
            throw StoreError(.forbidden, error.message, because: .foreignTask)
        }
    }

    private static func target(
        _ post: Int?,
        of entry: CaseEntry,
        _ connection: PostgresConnection
    ) async throws -> (post: Int, vacant: [String]) {
        if let post {
            let row = try await connection.query(
                "SELECT title, \(PostFinder.hasPerson) AS has_person FROM post p WHERE id = $1 FOR KEY SHARE",
                [.int(post)]
            ).rows.first
            guard let row else { throw StoreError(.notFound, "there is no post \(post)", because: .postUnknown) }
            guard try row.requireBool("has_person") else {
                let title = try row.requireText("title")
                throw StoreError(
                    .conflict,
                    "post '\(title)' has no account that works on tasks: nobody would see this one; choose another post",
                    because: .postVacant
                )
            }
            return (post, [])
        }
        let found = try await PostFinder(connection: connection).posts(for: [entry.id])[entry.id]
        guard let found, let post = found.post else {
            throw StoreError(
                .conflict,
                "no post of the grid of case \(entry.number) or of any grid above it has a person: choose a post",
                because: .noPost
            )
        }
        return (post, found.vacant)
    }

    private static func checked(_ note: String?) throws(StoreError) -> String? {
        guard let note, !note.allSatisfy(\.isWhitespace) else { return nil }
        guard note.count <= CaseLimits.note else {
            throw StoreError(
                .invalid,
                "the note has \(note.count) characters, at most \(CaseLimits.note) are possible",
                because: .note
            )
        }
        guard !note.utf8.contains(0) else {
            throw StoreError(.invalid, "the note holds a NUL character", because: .note)
        }
        return note
    }
}
