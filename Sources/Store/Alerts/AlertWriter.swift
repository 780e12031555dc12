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
    /// Cases that should be dispatched but stay in inspection, because no post holds their grid or any above it.
    public var casesWithoutPost = 0
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
        sum.alertsWithoutNumber += right.alertsWithoutNumber
        return sum
    }
}

/// Writes alerts, and opens or extends their cases.
///
/// A batch is one transaction: rows, cases, history and tasks are all there or none is. Writing the same statements
/// again, in any order or split in any way, changes nothing. Writers in several processes take turns.
public struct AlertWriter: Sendable {
    private static let attempts = 4

    private let pool: PostgresPool
    private let policy: MergePolicy

    /// Makes a writer.
    public init(pool: PostgresPool, policy: MergePolicy = MergePolicy()) {
        self.pool = pool
        self.policy = policy
    }

    /// Stores a batch.
    ///
    /// A statement that cannot be stored goes to the quarantine and never holds up the others.
    ///
    /// - Throws: `PostgresError` when the database is away or refuses for a reason that lies not in the statements:
    ///   nothing was stored, write the batch again; `CancellationError`.
    public func write(_ batch: [AlertRecord]) async throws -> WriteReport {
        guard !batch.isEmpty else { return WriteReport() }
        do {
            return try await writeWithRetries(batch, refusal: nil)
        } catch let error as PostgresError where Self.isAboutTheData(error) {
            guard batch.count > 1 else { return try await writeWithRetries(batch, refusal: error.description) }
            // One of them is to blame: halve until it stands alone.
            let middle = batch.count / 2
            return try await write(Array(batch[..<middle])) + write(Array(batch[middle...]))
        }
    }

    private func writeWithRetries(_ batch: [AlertRecord], refusal: String?) async throws -> WriteReport {
        var attempt = 1
        while true {
            do {
                return try await pool.transaction { try await transact(batch, refusal, $0) }
            } catch let error as PostgresError where attempt < Self.attempts && Self.isLostRace(error) {
                attempt += 1
            }
        }
    }

    private func transact(
        _ batch: [AlertRecord],
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
            // Whether two alerts are one case can only be decided by one writer at a time.
            try await connection.query("SELECT pg_advisory_xact_lock(430581, 2)")
            let (known, unknown) = try await table.known(sound)
            refused += unknown
            let rows = AlertRow.rows(of: known)
            if !rows.isEmpty {
                report.stored = try await table.fold(rows)
                report.folded = rows.count - report.stored
                try await CaseAttachment(connection: connection, policy: policy).attach(rows.map(\.id), &report)
            }
        }
        try await table.quarantine(refused)
        report.quarantined = refused.count
        report.quarantineReasons = Set(refused.map(\.reason))
        return report
    }

    /// Another writer was faster: the open case of an identity exists now, or a deadlock or conflict was broken up.
    private static func isLostRace(_ error: PostgresError) -> Bool {
        ["40001", "40P01"].contains(error.sqlState) || error.constraint == "hazard_case_open_identity"
    }

    /// Data exceptions and broken constraints: a statement holds what a column does not take.
    private static func isAboutTheData(_ error: PostgresError) -> Bool {
        guard error.code == .queryFailed, let state = error.sqlState else { return false }
        return state.hasPrefix("22") || state.hasPrefix("23")
    }
}
