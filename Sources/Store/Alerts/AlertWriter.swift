public import Cases
public import Flow
public import Postgres

/// What became of a batch.
public struct WriteReport: Sendable, Hashable {
    /// Alerts that the database did not have yet.
    public var stored = 0
    /// Alerts that it had, whether or not the batch told something new about them.
    public var folded = 0
    /// Statements that could not be stored; they are in `alert_quarantine` with the reason.
    public var quarantined = 0
    /// The reasons, each once.
    public var quarantineReasons: Set<String> = []
    /// Cases opened.
    public var casesOpened = 0
    /// Alerts that joined a case that was there already, or another alert's case of the same batch.
    public var alertsAttached = 0
    /// Tasks given to posts.
    public var tasksOpened = 0
    /// Cases that should be dispatched but stay in inspection, because no post of their grid or any above it has a person.
    public var casesWithoutPost = 0
    /// Cases that should be dispatched but wait for a person's look, because their grid has enough tasks for the day.
    public var casesHeldBack = 0
    /// Alerts whose facts were stored only, because the writer does not own the shard of their camera.
    public var late = 0
    /// Alerts that got no case, because the day's 99,999 numbers are used up.
    public var alertsWithoutNumber = 0

    /// Makes an empty report.
    public init() {}

    fileprivate static func + (left: WriteReport, right: WriteReport) -> WriteReport {
        var sum = left
        sum.stored += right.stored
        sum.folded += right.folded
        sum.quarantined += right.quarantined
        sum.quarantineReasons.formUnion(right.quarantineReasons)
        sum.casesOpened += right.casesOpened
        sum.alertsAttached += right.alertsAttached
        sum.tasksOpened += right.tasksOpened
        sum.casesWithoutPost += right.casesWithoutPost
        sum.casesHeldBack += right.casesHeldBack
        sum.late += right.late
        sum.alertsWithoutNumber += right.alertsWithoutNumber
        return sum
    }
}

/// Writes alerts, and opens or extends their cases.
///
/// A batch is one transaction: rows, cases, history and tasks are all there or none is. Writing the same statements
/// again, in any order or split in any way, changes nothing. Writers in several processes take turns.
///
/// The facts of an alert are always stored, whoever brings them. What follows for people (case, task, history) happens
/// only for cameras whose shard the writer owns, checked under a lock in the same transaction; the others' alerts are
/// left for the owner, who adopts them. So an alert that was spooled by a process that lost its cameras is not lost,
/// and nobody hears of it twice.
public struct AlertWriter: Sendable {
    private static let attempts = 4
    /// Milliseconds for which a writer may be silent in a transaction: a process that is frozen must not hold up others.
    private static let longestSilence = 10_000

    private let pool: PostgresPool
    private let policy: MergePolicy
    private let budget: TaskBudget
    private let triage: TriageLimits

    /// Makes a writer.
    ///
    /// `budget`: how many tasks a grid gets by itself in a day. `triage`: how long a case may wait for a decision.
    public init(
        pool: PostgresPool,
        policy: MergePolicy = MergePolicy(),
        budget: TaskBudget = .unlimited,
        triage: TriageLimits = TriageLimits()
    ) {
        self.pool = pool
        self.policy = policy
        self.budget = budget
        self.triage = triage
    }

    /// Stores a batch.
    ///
    /// A statement that cannot be stored goes to the quarantine and never holds up the others.
    ///
    /// `authority`: what the writer believes that it owns.
    ///
    /// - Throws: `PostgresError` when the database is away, refuses for a reason that lies not in the statements, or
    ///   needs too long for the batch (`fault` is `moment`: write a smaller one): nothing was stored, write the batch
    ///   again; `CancellationError`.
    public func write(_ batch: [AlertRecord], authority: Authority) async throws -> WriteReport {
        guard !batch.isEmpty else { return WriteReport() }
        do {
            return try await withRetries { try await transact(batch, authority, nil, $0) }
        } catch let error as PostgresError where Self.isAboutTheData(error) {
            guard batch.count > 1 else {
                return try await withRetries { try await transact(batch, authority, error.description, $0) }
            }
            // One of them is to blame: halve until it stands alone.
            let middle = batch.count / 2
            return try await write(Array(batch[..<middle]), authority: authority)
                + write(Array(batch[middle...]), authority: authority)
        }
    }

    /// Does what has to follow from alerts that came from others without authority, for the shards of `authority`.
    ///
    /// Cheap when there are none: call it every few seconds.
    ///
    /// `limit`: alerts at most, the oldest first; at least 1. `passingOver`: alerts that are left as they are.
    ///
    /// - Returns: Cases opened, alerts attached and tasks; nothing was stored.
    /// - Throws: `PostgresError`: nothing was done, call again; `CancellationError`.
    public func adopt(
        _ authority: Authority,
        limit: Int = 500,
        passingOver: Set<String> = []
    ) async throws -> WriteReport {
        let owned = Array(authority.epochs.keys)
        guard !owned.isEmpty else { return WriteReport() }
        let shards = try await pool.withConnection { try await OrphanAlerts.shards(among: owned, $0) }
        guard !shards.isEmpty else { return WriteReport() }
        return try await withRetries { connection in
            var report = WriteReport()
            try await takeTurn(connection)
            let held = try await ShardFence(connection: connection).hold(shards, by: authority)
            let orphans = OrphanAlerts(connection: connection)
            let alerts = try await orphans.oldest(of: held, limit: max(1, limit), passingOver: passingOver)
            try await follow(alerts, alerts, &report, connection)
            try await orphans.settle(alerts)
            return report
        }
    }

    /// The alert that `adopt` begins with; nil when there is none.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    public func orphan(of authority: Authority, passingOver: Set<String>) async throws -> String? {
        let shards = Set(authority.epochs.keys)
        return try await pool.withConnection {
            try await OrphanAlerts(connection: $0).oldest(of: shards, limit: 1, passingOver: passingOver).first
        }
    }

    /// Ends alerts of earlier processes that nobody ended, in the shards of `authority`: as last seen, and marked so.
    ///
    /// Cheap when there are none: call it every few seconds, while the spool holds nothing that might end them truly.
    ///
    /// `limit`: alerts at most; at least 1.
    ///
    /// - Returns: How many ended.
    /// - Throws: `PostgresError`: nothing was done, call again; `CancellationError`.
    @discardableResult
    public func endUnseen(_ authority: Authority, limit: Int = 500) async throws -> Int {
        let owned = Array(authority.epochs.keys)
        guard !owned.isEmpty else { return 0 }
        let shards = try await pool.withConnection { try await UnseenEnds.shards(among: owned, $0) }
        guard !shards.isEmpty else { return 0 }
        return try await pool.transaction { connection in
            try await takeTurn(connection)
            let held = try await ShardFence(connection: connection).hold(shards, by: authority)
            return try await UnseenEnds(connection: connection).settle(of: held, limit: max(1, limit))
        }
    }

    /// Gives cases that no post could take to a post that has a person since, in the shards of `authority`, within the
    /// budget of their grids.
    ///
    /// Cheap when there are none: call it every few seconds.
    ///
    /// `limit`: cases at most, the most severe first; at least 1.
    ///
    /// - Returns: Tasks, and cases that are held back or wait again; nothing was stored.
    /// - Throws: `PostgresError`: nothing was done, call again; `CancellationError`.
    public func staff(_ authority: Authority, limit: Int = 200) async throws -> WriteReport {
        let owned = Array(authority.epochs.keys)
        guard !owned.isEmpty else { return WriteReport() }
        let shards = try await pool.withConnection { try await StaffedCases.shards(among: owned, $0) }
        guard !shards.isEmpty else { return WriteReport() }
        return try await withRetries { connection in
            var report = WriteReport()
            try await takeTurn(connection)
            let held = try await ShardFence(connection: connection).hold(shards, by: authority)
            let cases = try await StaffedCases(connection: connection).take(of: held, limit: max(1, limit))
            try await CaseAttachment(connection: connection, policy: policy, budget: budget, triage: triage)
                .dispatch(cases, &report)
            return report
        }
    }

    private func withRetries(
        _ body: @Sendable (PostgresConnection) async throws -> WriteReport
    ) async throws
        -> WriteReport
    {
        var attempt = 1
        while true {
            do {
                return try await pool.transaction(body)
            } catch let error as PostgresError where attempt < Self.attempts && Self.isLostRace(error) {
                attempt += 1
            } catch let error as PostgresError where attempt < Self.attempts && BehindSequences.table(error) != nil {
                attempt += 1
                try await BehindSequences.mend(after: error, pool)
            }
        }
    }

    /// Whether two alerts are one case can only be decided by one writer at a time.
    ///
    /// - Throws: `PostgresError`; one without the mark of a statement's time-out when another writer has the turn for too
    ///   long, because the batch is not to blame for that.
    private func takeTurn(_ connection: PostgresConnection) async throws {
        do {
            try await connection.query(
                """
                SELECT set_config('idle_in_transaction_session_timeout', '\(Self.longestSilence)', true),
                    pg_advisory_xact_lock(430581, 2)
                """
            )
        } catch let error as PostgresError where error.isStatementTimeout {
            throw PostgresError(.timedOut, "another process writes alerts and has kept its turn for too long")
        }
    }

    private func transact(
        _ batch: [AlertRecord],
        _ authority: Authority,
        _ refusal: String?,
        _ connection: PostgresConnection
    ) async throws -> WriteReport {
        let table = AlertTable(connection: connection)
        var report = WriteReport()
        var sound: [AlertRecord] = []
        var refused: [RefusedAlert] = []
        for record in batch {
            if let reason = refusal ?? AlertInspection.problem(of: record) {
                refused.append(RefusedAlert(record: record, reason: reason))
            } else {
                sound.append(record)
            }
        }
        if !sound.isEmpty {
            try await takeTurn(connection)
            let known = try await table.known(sound)
            refused += known.refused
            let rows = AlertRow.rows(of: known.records)
            if !rows.isEmpty {
                report.stored = try await table.fold(rows)
                report.folded = rows.count - report.stored
                try await follow(rows, known.shards, authority, &report, connection)
            }
        }
        try await table.quarantine(refused)
        report.quarantined = refused.count
        report.quarantineReasons = Set(refused.map(\.reason))
        return report
    }

    /// What follows from the alerts of shards that the writer owns; the others are left to whoever does.
    private func follow(
        _ rows: [AlertRow],
        _ shards: [String: Int],
        _ authority: Authority,
        _ report: inout WriteReport,
        _ connection: PostgresConnection
    ) async throws {
        let fence = ShardFence(connection: connection)
        let held = try await fence.hold(Set(rows.compactMap { shards[$0.camera] }), by: authority)
        func isHeld(_ row: AlertRow) -> Bool { shards[row.camera].map(held.contains) ?? false }
        let others = rows.filter { !isHeld($0) }
        try await OrphanAlerts(connection: connection)
            .leave(others.map(\.id), faults: others.filter(\.isCameraFault).map(\.id))
        report.late = others.count
        let own = rows.filter(isHeld)
        try await follow(own.map(\.id), own.filter(\.isCameraFault).map(\.id), &report, connection)
    }

    /// What follows from alerts that the writer may act on; `faults` are those that may say that a camera works again.
    private func follow(
        _ alerts: [String],
        _ faults: [String],
        _ report: inout WriteReport,
        _ connection: PostgresConnection
    ) async throws {
        guard !alerts.isEmpty else { return }
        try await CaseAttachment(connection: connection, policy: policy, budget: budget, triage: triage)
            .attach(alerts, &report)
        try await CameraRecovery(connection: connection).record(faults)
    }

    /// Another writer was faster: the open case of an identity exists now, or a deadlock or conflict was broken up.
    private static func isLostRace(_ error: PostgresError) -> Bool {
        ["40001", "40P01"].contains(error.sqlState) || error.constraint == "hazard_case_open_identity"
    }

    /// Whether a statement holds what a column does not take.
    private static func isAboutTheData(_ error: PostgresError) -> Bool {
        error.code == .queryFailed && error.fault == .data && !isLostRace(error)
    }
}
