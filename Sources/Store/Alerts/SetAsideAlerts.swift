import Flow
public import FoundationEssentials
public import Postgres

/// A statement that could not be stored.
public struct SetAsideAlert: Sendable, Hashable, Encodable {
    /// Key.
    public let id: Int
    /// Id of the alert that it is about.
    public let alert: String
    /// Camera and rule as the statement says them.
    public let camera: String
    /// The rule.
    public let rule: String
    /// When it was stated.
    public let statedAt: Date
    /// Why it could not be stored.
    public let reason: String
    /// When it came.
    public let receivedAt: Date
    /// How many such statements there are in all.
    public let setAside: Int
}

/// Statements that the database could not store as alerts, because of what they say.
///
/// An unknown camera, a value that no column takes. They are kept until somebody has mended what was wrong, and tries them again.
public struct SetAsideAlerts: Sendable {
    /// What came of trying again.
    public struct Outcome: Sendable, Hashable, Encodable {
        /// Statements that are stored now.
        public var stored = 0
        /// Statements that are still set aside.
        public var left = 0
    }

    /// Statements that are tried together.
    private static let batch = 200

    private let pool: PostgresPool

    /// Makes it over a pool.
    public init(pool: PostgresPool) {
        self.pool = pool
    }

    /// The newest ones.
    ///
    /// `limit`: 1 to 1000.
    ///
    /// - Throws: `PostgresError`.
    public func list(limit: Int = 20) async throws -> [SetAsideAlert] {
        let sql = """
            SELECT id, alert_id, stated_at, reason, received_at, coalesce(body ->> 'camera', '') AS camera,
                coalesce(body ->> 'rule', '') AS rule, count(*) OVER () AS total
            FROM alert_quarantine ORDER BY id DESC LIMIT \(min(max(limit, 1), 1000))
            """
        return try await pool.query(sql).rows.map { row in
            SetAsideAlert(
                id: try row.requireInt("id"),
                alert: try row.requireText("alert_id"),
                camera: try row.requireText("camera"),
                rule: try row.requireText("rule"),
                statedAt: try row.requireDate("stated_at"),
                reason: try row.requireText("reason"),
                receivedAt: try row.requireDate("received_at"),
                setAside: try row.requireInt("total")
            )
        }
    }

    /// Tries to store them, the oldest first; what is stored is set aside no more.
    ///
    /// What follows for people is done by the worker that watches the camera, within some seconds. Trying twice, or at
    /// the same time as somebody else, changes nothing.
    ///
    /// `duration`: after so long it ends and leaves the rest.
    ///
    /// - Throws: `PostgresError`; what was stored until then stays so.
    public func retry(within duration: Duration = .seconds(20)) async throws -> Outcome {
        let deadline = ContinuousClock.now + duration
        var outcome = Outcome()
        var last = 0
        while ContinuousClock.now < deadline {
            let rows = try await pool.query(
                "SELECT id, body FROM alert_quarantine WHERE id > $1 ORDER BY id LIMIT \(Self.batch)",
                [.int(last)]
            ).rows
            guard let end = rows.last else { break }
            last = try end.requireInt("id")
            var readable: [(id: Int, record: AlertRecord)] = []
            for row in rows {
                guard let record = AlertInspection.record(try row.requireText("body")) else { continue }
                readable.append((try row.requireInt("id"), record))
            }
            outcome.stored += try await store(readable, until: deadline)
        }
        outcome.left = try await pool.query("SELECT count(*) AS n FROM alert_quarantine").rows[0].requireInt("n")
        return outcome
    }

    /// Stores those that can be, and takes their mark off.
    private func store(
        _ statements: [(id: Int, record: AlertRecord)],
        until deadline: ContinuousClock.Instant
    ) async throws -> Int {
        // Where most cannot be stored, halving a batch takes hundreds of tries.
        guard !statements.isEmpty, ContinuousClock.now < deadline else { return 0 }
        // Without authority: the facts are stored, and who watches the cameras does what follows.
        let nobody = Authority(worker: WorkerIdentity(id: "retry"), epochs: [:])
        let report = try await AlertWriter(pool: pool).write(statements.map(\.record), authority: nobody)
        if report.quarantined == 0 { return try await forget(statements.map(\.id)) }
        guard report.quarantined < statements.count, statements.count > 1 else { return 0 }
        let middle = statements.count / 2
        return try await store(Array(statements[..<middle]), until: deadline)
            + store(Array(statements[middle...]), until: deadline)
    }

    private func forget(_ ids: [Int]) async throws -> Int {
        try await pool.query(
            "DELETE FROM alert_quarantine WHERE id = ANY ($1::bigint[]) RETURNING id",
            [.intArray(ids)]
        ).rows.count
    }
}
