public import Foundation
public import Postgres

/// How long pictures stay.
public struct EvidencePolicy: Sendable, Hashable {
    /// Days for which the pictures of an alert are kept, from when they were made, or from when its case was closed if
    /// that was later; 0 for ever.
    public var days: Int
    /// Hours for which a picture that nothing points to any more is kept, since pages that are open may show it.
    public var looseHours: Int

    /// Makes a policy.
    public init(days: Int, looseHours: Int) {
        self.days = days
        self.looseHours = looseHours
    }
}

/// Why a file of the evidence directory goes.
public enum EvidenceRemoval: String, Sendable, Hashable, CaseIterable {
    /// The time of its alert is over.
    case expired
    /// Its alert has a first and a newer picture.
    case superseded
    /// The database does not know its alert, and never will: it is older than pictures are kept.
    case unknown
    /// A worker's photo that was never sent with a report, and its task is over.
    case unsent
    /// Left half written.
    case unfinished
}

/// Decides which files of the evidence directory may go.
///
/// What an alert of an open case points to never does.
public struct EvidenceRetention: Sendable {
    /// A file as the directory lists it.
    public struct File: Sendable, Hashable {
        /// Path relative to the evidence directory.
        public let path: String
        /// When it was written last.
        public let modifiedAt: Date

        /// Makes a file.
        public init(path: String, modifiedAt: Date) {
            self.path = path
            self.modifiedAt = modifiedAt
        }
    }

    private let pool: PostgresPool
    private let policy: EvidencePolicy

    /// Makes it over a pool.
    public init(pool: PostgresPool, policy: EvidencePolicy) {
        self.pool = pool
        self.policy = policy
    }

    /// The time by which is judged: the database's.
    ///
    /// - Throws: `PostgresError`.
    public func databaseTime() async throws -> Date {
        let row = try await pool.query("SELECT now() AS time").rows[0]
        return Date(timeIntervalSince1970: Double(try row.requireTimestamp("time")) / 1e6)
    }

    /// The files that may go now, with why.
    ///
    /// Looks without a lock, so that nobody who writes alerts ever waits for it. Unless it is a trial, alerts whose pictures
    /// go are marked, in one statement that looks at them and their cases once more and passes over those that somebody
    /// else is writing: no page names a picture that is gone. Delete the files after it; a file that stays for now is
    /// found again.
    ///
    /// A file that the database does not know (`unknown`) may belong to a statement that still waits in a spool: leave it
    /// when it does.
    ///
    /// `now`: never later than it is.
    ///
    /// - Throws: `PostgresError`: delete nothing.
    public func judge(_ files: [File], now: Date, isTrial: Bool) async throws -> [(File, EvidenceRemoval)] {
        var removals: [(File, EvidenceRemoval)] = []
        var pictures: [(file: File, name: EvidenceName)] = []
        var photos: [(file: File, task: Int)] = []
        for file in files {
            let name = file.path.split(separator: "/").last ?? ""
            if name.hasPrefix(".") || name.hasSuffix(".part") {
                if isLoose(file.modifiedAt, now) { removals.append((file, .unfinished)) }
            } else if let picture = EvidenceName(file.path) {
                if isLoose(file.modifiedAt, now) { pictures.append((file, picture)) }
            } else if let task = Self.task(of: file.path), isLoose(file.modifiedAt, now) {
                photos.append((file, task))
            }
        }
        removals += try await judge(pictures, now, isTrial)
        removals += try await judge(photos)
        return removals
    }

    private func isLoose(_ date: Date, _ now: Date) -> Bool {
        date < now.addingTimeInterval(-Double(policy.looseHours) * 3600)
    }

    /// The task of `tasks/TASK/HASH.jpg`; nil for other paths.
    private static func task(of path: String) -> Int? {
        let parts = path.split(separator: "/")
        guard parts.count == 3, parts[0] == "tasks" else { return nil }
        return Int(parts[1])
    }

    private struct Alert {
        let paths: Set<String>
        /// When the first and the newest of its pictures were stated; nil for the first one of old rows.
        let first: Int64?
        let newest: Int64
        /// Whether its pictures may go.
        let isOver: Bool
    }

    /// Whether the pictures of alert `a` with case `c` may go, by the edge `$2`.
    ///
    /// An alert's age counts from when the database got it, too: the clock of a camera's machine may have been wrong.
    private static let isOver = """
        coalesce($2::timestamptz > greatest(a.evidence_at, a.received_at, c.closed_at), false)
            AND (c.id IS NULL OR c.outcome IS NOT NULL)
        """

    private func judge(
        _ pictures: [(file: File, name: EvidenceName)],
        _ now: Date,
        _ isTrial: Bool
    ) async throws -> [(File, EvidenceRemoval)] {
        guard !pictures.isEmpty else { return [] }
        let edge = policy.days == 0 ? nil : now.addingTimeInterval(-Double(policy.days) * 86_400)
        let ids = Set(pictures.map { $0.name.alert.lowercased() })
        let alerts = try await alerts(ids, before: edge)
        let setAside = try await setAside(ids.subtracting(alerts.keys))
        var removals: [(File, EvidenceRemoval)] = []
        var expired: [(file: File, alert: String)] = []
        for (file, name) in pictures {
            let id = name.alert.lowercased()
            let madeAt = max(Double(name.statedAt) / 1e6, file.modifiedAt.timeIntervalSince1970)
            let isOld = edge.map { madeAt < $0.timeIntervalSince1970 } ?? false
            guard let alert = alerts[id] else {
                // It may still wait in a spool, or for a person to try its statement again.
                if isOld, !setAside.contains(id) { removals.append((file, .unknown)) }
                continue
            }
            if alert.paths.contains(file.path) {
                if isOld, alert.isOver { expired.append((file, id)) }
            } else if name.statedAt < alert.newest, alert.first.map({ name.statedAt > $0 }) ?? true {
                removals.append((file, .superseded))
            } else if isOld, alert.isOver {
                // Before the first one, or behind the newest: its statement has not come, and may still.
                removals.append((file, .unknown))
            }
        }
        guard !expired.isEmpty else { return removals }
        let due = isTrial ? Set(expired.map(\.alert)) : try await mark(Set(expired.map(\.alert)), before: edge)
        return removals + expired.filter { due.contains($0.alert) }.map { ($0.file, .expired) }
    }

    /// Marks those of the alerts whose pictures may still go, and that nobody else is writing now.
    ///
    /// - Returns: Which they are.
    private func mark(_ ids: Set<String>, before edge: Date?) async throws -> Set<String> {
        let rows = try await pool.query(
            """
            WITH due AS MATERIALIZED (
                SELECT a.id FROM alert a LEFT JOIN hazard_case c ON c.id = a.case_id
                WHERE a.id = ANY ($1::uuid[]) AND \(Self.isOver) ORDER BY a.id FOR NO KEY UPDATE OF a SKIP LOCKED)
            UPDATE alert a SET evidence_removed_at = coalesce(a.evidence_removed_at, now())
            FROM due WHERE a.id = due.id RETURNING a.id
            """,
            [.textArray(ids.sorted()), Self.value(edge)]
        ).rows
        return Set(try rows.map { try $0.requireText("id") })
    }

    /// What alerts point to.
    private func alerts(_ ids: Set<String>, before edge: Date?) async throws -> [String: Alert] {
        let rows = try await pool.query(
            """
            SELECT a.id, a.evidence_path, a.first_evidence_path, a.evidence_at, a.first_evidence_at,
                \(Self.isOver) AS is_over
            FROM alert a LEFT JOIN hazard_case c ON c.id = a.case_id WHERE a.id = ANY ($1::uuid[])
            """,
            [.textArray(ids.sorted()), Self.value(edge)]
        ).rows
        var alerts: [String: Alert] = [:]
        for row in rows {
            alerts[try row.requireText("id")] = Alert(
                paths: Set(try [row.text("evidence_path"), row.text("first_evidence_path")].compactMap(\.self)),
                first: try row.timestamp("first_evidence_at"),
                newest: try row.timestamp("evidence_at") ?? 0,
                isOver: try row.requireBool("is_over")
            )
        }
        return alerts
    }

    /// Those of the alerts of which statements were set aside: a person may try them again.
    private func setAside(_ ids: Set<String>) async throws -> Set<String> {
        guard !ids.isEmpty else { return [] }
        let rows = try await pool.query(
            "SELECT DISTINCT alert_id FROM alert_quarantine WHERE alert_id = ANY ($1::uuid[])",
            [.textArray(ids.sorted())]
        ).rows
        return Set(try rows.map { try $0.requireText("alert_id") })
    }

    private static func value(_ edge: Date?) -> PostgresValue {
        edge.map { .timestamp(microsecondsSinceEpoch: Int64($0.timeIntervalSince1970 * 1e6)) } ?? .null
    }

    private func judge(_ photos: [(file: File, task: Int)]) async throws -> [(File, EvidenceRemoval)] {
        guard !photos.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            SELECT u.path FROM unnest ($1::text[], $2::bigint[]) AS u (path, task_id)
            WHERE NOT EXISTS (SELECT FROM task_photo f WHERE f.path = u.path)
                AND NOT EXISTS (SELECT FROM task t WHERE t.id = u.task_id AND t.state IN ('open', 'accepted'))
            """,
            [.textArray(photos.map(\.file.path)), .intArray(photos.map(\.task))]
        ).rows
        let unsent = Set(try rows.map { try $0.requireText("path") })
        return photos.filter { unsent.contains($0.file.path) }.map { ($0.file, .unsent) }
    }
}
