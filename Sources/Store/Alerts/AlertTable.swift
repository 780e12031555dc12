import Flow
import Postgres

/// The tables `alert` and `alert_quarantine`.
struct AlertTable {
    let connection: PostgresConnection

    /// What the registry knows about statements.
    struct Known: Sendable {
        var records: [AlertRecord] = []
        var refused: [RefusedAlert] = []
        /// Shards of their cameras.
        var shards: [String: Int] = [:]
    }

    /// Splits statements into those whose camera and hazard type the registry knows, and the rest with a reason.
    ///
    /// Share locks keep what was found until the end of the transaction.
    func known(_ records: [AlertRecord]) async throws -> Known {
        let cameras = try await connection.query(
            "SELECT id, shard FROM camera WHERE id = ANY ($1) FOR KEY SHARE",
            [.textArray(Set(records.map(\.camera)).sorted())]
        ).rows
        let types = try await connection.query(
            "SELECT code FROM hazard_type WHERE code = ANY ($1) FOR KEY SHARE",
            [.textArray(Set(records.map(\.hazardType)).sorted())]
        ).rows
        var known = Known()
        for row in cameras { known.shards[try row.requireText("id")] = try row.requireInt("shard") }
        let codes = Set(types.compactMap { $0["code"] })
        for record in records {
            if known.shards[record.camera] == nil {
                known.refused.append(RefusedAlert(record: record, reason: "unknown camera \(record.camera)"))
            } else if !codes.contains(record.hazardType) {
                known.refused.append(
                    RefusedAlert(record: record, reason: "unknown hazard type \(record.hazardType)")
                )
            } else {
                known.records.append(record)
            }
        }
        return known
    }

    /// Adds rows, and folds those that are there already.
    ///
    /// An end that was only supposed, because nobody saw it, gives way to what is stated.
    ///
    /// - Returns: How many are new.
    func fold(_ rows: [AlertRow]) async throws -> Int {
        let result = try await connection.query(Self.upsert, AlertRow.columns.map { $0.values(rows) })
        return result.rows.count { $0["is_new"] == "t" }
    }

    /// Keeps statements that cannot be stored; one that is there already is left as it is.
    func quarantine(_ refused: [RefusedAlert]) async throws {
        guard !refused.isEmpty else { return }
        try await connection.query(
            """
            INSERT INTO alert_quarantine (alert_id, stated_at, reason, body)
            SELECT * FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::jsonb[])
            ON CONFLICT (alert_id, stated_at) DO NOTHING
            """,
            [
                .textArray(refused.map { AlertInspection.quarantineID($0.record) }),
                .timestampArray(refused.map { AlertInspection.quarantineTime($0.record) }),
                .textArray(refused.map { AlertInspection.withoutNUL($0.reason) }),
                .textArray(refused.map { AlertInspection.json($0.record) }),
            ]
        )
    }

    private static let isNewer = """
        (EXCLUDED.stated_at, EXCLUDED.box, EXCLUDED.settings_version COLLATE "C")
        > (a.stated_at, a.box, a.settings_version COLLATE "C")
        """

    private static let isNewerPicture = """
        coalesce((EXCLUDED.evidence_at, EXCLUDED.evidence_sha256) > (a.evidence_at, a.evidence_sha256),
                 EXCLUDED.evidence_at IS NOT NULL AND a.evidence_at IS NULL)
        """

    private static let isEarlierPicture = """
        coalesce((EXCLUDED.first_evidence_at, EXCLUDED.first_evidence_sha256)
                 < (a.first_evidence_at, a.first_evidence_sha256),
                 EXCLUDED.first_evidence_at IS NOT NULL AND a.first_evidence_at IS NULL)
        """

    /// Writes the columns that go together: those of `EXCLUDED` where `condition` holds.
    private static func set(_ columns: [AlertRow.Column], when condition: String) -> String {
        columns.map(\.name).map { "\($0) = CASE WHEN \(condition) THEN EXCLUDED.\($0) ELSE a.\($0) END" }
            .joined(separator: ",\n")
    }

    private static func list(_ text: (AlertRow.Column) -> String) -> String {
        AlertRow.columns.map(text).joined(separator: ", ")
    }

    /// A list of the values of all rows for each column.
    private static var arguments: String {
        AlertRow.columns.enumerated().map { "$\($0 + 1)::\($1.type)[]" }.joined(separator: ", ")
    }

    private static let upsert = """
        INSERT INTO alert AS a (\(list { $0.name }))
        SELECT \(list { column in column.cast.map { "\(column.name)::\($0)" } ?? column.name })
        FROM unnest(\(arguments)) AS u (\(list { $0.name }))
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET
            started_at = LEAST(a.started_at, EXCLUDED.started_at),
            ended_at = CASE
                WHEN NOT a.end_unseen THEN GREATEST(a.ended_at, EXCLUDED.ended_at)
                WHEN EXCLUDED.ended_at IS NOT NULL OR EXCLUDED.stated_at > a.stated_at THEN EXCLUDED.ended_at
                ELSE a.ended_at END,
            end_unseen = a.end_unseen AND EXCLUDED.ended_at IS NULL AND EXCLUDED.stated_at <= a.stated_at,
            score = GREATEST(a.score, EXCLUDED.score),
            \(set(AlertRow.pictureColumns, when: isNewerPicture)),
            \(set(AlertRow.firstPictureColumns, when: isEarlierPicture)),
            \(set(AlertRow.newestColumns, when: isNewer))
        WHERE \(isNewer) OR \(isNewerPicture) OR \(isEarlierPicture)
            OR EXCLUDED.started_at < a.started_at
            OR EXCLUDED.score > a.score
            OR (EXCLUDED.ended_at IS NOT NULL AND (a.end_unseen OR EXCLUDED.ended_at IS DISTINCT FROM a.ended_at))
        RETURNING xmax = 0 AS is_new
        """
}
