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

    /// The files that may go now, with why.
    ///
    /// Unless it is a trial, alerts whose pictures go are marked first, in the same transaction that looks at their cases:
    /// no page names a picture that is gone. Delete the files after it; a file that stays for now is found again.
    ///
    /// - Throws: `PostgresError`: nothing was marked, delete nothing.
    public func judge(_ files: [File], now: Date = Date(), isTrial: Bool) async throws -> [(File, EvidenceRemoval)] {
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
        let found = pictures
        let sent = photos
        guard !found.isEmpty || !sent.isEmpty else { return removals }
        let judged = try await pool.transaction { connection in
            try await judge(found, now, isTrial, connection) + judge(sent, connection)
        }
        return removals + judged
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
        let newest: Int64
        /// Whether its pictures may go.
        let isOver: Bool
    }

    private func judge(
        _ pictures: [(file: File, name: EvidenceName)],
        _ now: Date,
        _ isTrial: Bool,
        _ connection: PostgresConnection
    ) async throws -> [(File, EvidenceRemoval)] {
        let edge = policy.days == 0 ? nil : now.addingTimeInterval(-Double(policy.days) * 86_400)
        let alerts = try await alerts(Set(pictures.map(\.name.alert)), before: edge, connection)
        var removals: [(File, EvidenceRemoval)] = []
        var expired: Set<String> = []
        for (file, name) in pictures {
            let isOld = edge.map { Double(name.statedAt) / 1e6 < $0.timeIntervalSince1970 } ?? false
            guard let alert = alerts[name.alert.lowercased()] else {
                // It may still wait in a spool.
                if isOld { removals.append((file, .unknown)) }
                continue
            }
            if alert.paths.contains(file.path) {
                guard isOld, alert.isOver else { continue }
                expired.insert(name.alert)
                removals.append((file, .expired))
            } else if name.statedAt < alert.newest {
                removals.append((file, .superseded))
            } else if isOld, alert.isOver {
                removals.append((file, .unknown))
            }
        }
        if !isTrial, !expired.isEmpty {
            try await connection.query(
                "UPDATE alert SET evidence_removed_at = now() WHERE id = ANY ($1::uuid[]) AND evidence_removed_at IS NULL",
                [.textArray(expired.sorted())]
            )
        }
        return removals
    }

    /// What alerts point to; their rows stay as they are until the transaction ends.
    private func alerts(
        _ ids: Set<String>,
        before edge: Date?,
        _ connection: PostgresConnection
    ) async throws -> [String: Alert] {
        let over =
            edge.map { Int64($0.timeIntervalSince1970 * 1e6) }.map {
                PostgresValue.timestamp(microsecondsSinceEpoch: $0)
            }
            ?? .null
        let rows = try await connection.query(
            """
            SELECT a.id, a.evidence_path, a.first_evidence_path, a.evidence_at,
                coalesce($2::timestamptz > greatest(a.evidence_at, c.closed_at), false)
                    AND (c.id IS NULL OR c.outcome IS NOT NULL) AS is_over
            FROM alert a LEFT JOIN hazard_case c ON c.id = a.case_id
            WHERE a.id = ANY ($1::uuid[]) FOR UPDATE OF a
            """,
            [.textArray(ids.sorted()), over]
        ).rows
        var alerts: [String: Alert] = [:]
        for row in rows {
            alerts[try row.requireText("id")] = Alert(
                paths: Set(try [row.text("evidence_path"), row.text("first_evidence_path")].compactMap(\.self)),
                newest: try row.timestamp("evidence_at") ?? 0,
                isOver: try row.requireBool("is_over")
            )
        }
        return alerts
    }

    private func judge(
        _ photos: [(file: File, task: Int)],
        _ connection: PostgresConnection
    ) async throws -> [(File, EvidenceRemoval)] {
        guard !photos.isEmpty else { return [] }
        let rows = try await connection.query(
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
