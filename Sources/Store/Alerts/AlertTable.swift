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
        let result = try await connection.query(Self.upsert, Self.parameters(rows))
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

    private static func parameters(_ rows: [AlertRow]) -> [PostgresValue] {
        [
            .textArray(rows.map(\.id)),
            .textArray(rows.map(\.camera)),
            .textArray(rows.map(\.rule)),
            .textArray(rows.map(\.newest.kind)),
            .textArray(rows.map(\.newest.hazardType)),
            .intArray(rows.map(\.newest.severity)),
            .boolArray(rows.map(\.newest.autoDispatch)),
            .timestampArray(rows.map(\.startedAt)),
            .timestampArray(rows.map(\.newest.statedAt)),
            .timestampArray(rows.map(\.endedAt)),
            .doubleArray(rows.map(\.score)),
            .textArray(rows.map { "{\($0.newest.box.map { "\($0)" }.joined(separator: ","))}" }),
            .textArray(rows.map { $0.picture?.evidence.path }),
            .textArray(rows.map { $0.picture?.evidence.sha256 }),
            .intArray(rows.map { $0.picture?.evidence.bytes }),
            .timestampArray(rows.map { $0.picture?.statedAt }),
            .textArray(rows.map(\.newest.settingsVersion)),
            .textArray(rows.map { $0.firstPicture?.evidence.path }),
            .textArray(rows.map { $0.firstPicture?.evidence.sha256 }),
            .timestampArray(rows.map { $0.firstPicture?.statedAt }),
            .textArray(rows.map(\.newest.reason)),
        ]
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
    private static func set(_ columns: [String], when condition: String) -> String {
        columns.map { "\($0) = CASE WHEN \(condition) THEN EXCLUDED.\($0) ELSE a.\($0) END" }.joined(separator: ",\n")
    }

    private static let newestColumns = [
        "kind", "hazard_type", "severity", "auto_dispatch", "stated_at", "box", "settings_version", "reason",
    ]

    private static let upsert = """
        INSERT INTO alert AS a (
            id, camera_id, rule_id, kind, hazard_type, severity, auto_dispatch, started_at, stated_at, ended_at, score,
            box, evidence_path, evidence_sha256, evidence_bytes, evidence_at, settings_version,
            first_evidence_path, first_evidence_sha256, first_evidence_at, reason)
        SELECT id, camera, rule, kind, hazard, severity, auto, started, stated, ended, score,
            box::real[], path, sha256, bytes, pictured, version, first_path, first_sha256, first_pictured, reason
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::bool[],
                $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::real[], $12::text[], $13::text[],
                $14::text[], $15::int[], $16::timestamptz[], $17::text[],
                $18::text[], $19::text[], $20::timestamptz[], $21::text[])
            AS u (id, camera, rule, kind, hazard, severity, auto, started, stated, ended, score,
                box, path, sha256, bytes, pictured, version, first_path, first_sha256, first_pictured, reason)
        ORDER BY id
        ON CONFLICT (id) DO UPDATE SET
            started_at = LEAST(a.started_at, EXCLUDED.started_at),
            ended_at = CASE
                WHEN NOT a.end_unseen THEN GREATEST(a.ended_at, EXCLUDED.ended_at)
                WHEN EXCLUDED.ended_at IS NOT NULL OR EXCLUDED.stated_at > a.stated_at THEN EXCLUDED.ended_at
                ELSE a.ended_at END,
            end_unseen = a.end_unseen AND EXCLUDED.ended_at IS NULL AND EXCLUDED.stated_at <= a.stated_at,
            score = GREATEST(a.score, EXCLUDED.score),
            \(set(["evidence_path", "evidence_sha256", "evidence_bytes", "evidence_at"], when: isNewerPicture)),
            \(set(["first_evidence_path", "first_evidence_sha256", "first_evidence_at"], when: isEarlierPicture)),
            \(set(newestColumns, when: isNewer))
        WHERE \(isNewer) OR \(isNewerPicture) OR \(isEarlierPicture)
            OR EXCLUDED.started_at < a.started_at
            OR EXCLUDED.score > a.score
            OR (EXCLUDED.ended_at IS NOT NULL AND (a.end_unseen OR EXCLUDED.ended_at IS DISTINCT FROM a.ended_at))
        RETURNING xmax = 0 AS is_new
        """
}
