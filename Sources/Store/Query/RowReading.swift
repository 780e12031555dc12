import FoundationEssentials
import Postgres

extension PostgresRow {
    /// A `timestamptz`; nil when it is null.
    func date(_ column: String) throws(PostgresError) -> Date? {
        try timestamp(column).map { Date(timeIntervalSince1970: Double($0) / 1_000_000) }
    }

    /// A `timestamptz`; throws when it is null.
    func requireDate(_ column: String) throws(PostgresError) -> Date {
        Date(timeIntervalSince1970: Double(try requireTimestamp(column)) / 1_000_000)
    }
}

extension GridPlace {
    /// Reads `grid_id`, `grid_code`, `grid_name`, `grid_path`; nil when there is no grid.
    init?(_ row: PostgresRow) throws(PostgresError) {
        guard let id = try row.int("grid_id") else { return nil }
        self.init(
            id: id,
            code: try row.requireText("grid_code"),
            name: try row.requireText("grid_name"),
            path: try row.requireText("grid_path")
        )
    }
}

extension EvidencePicture {
    /// Columns of `alert a` for its first picture, which is null once its time was over.
    static let first = """
        CASE WHEN a.evidence_removed_at IS NULL THEN coalesce(a.first_evidence_path, a.evidence_path) END
            AS evidence_path,
        CASE WHEN a.evidence_removed_at IS NULL THEN coalesce(a.first_evidence_sha256, a.evidence_sha256) END
            AS evidence_sha256,
        a.evidence_removed_at
        """

    /// Reads `evidence_path`, `evidence_sha256`; nil when there is no picture.
    init?(_ row: PostgresRow) throws(PostgresError) {
        guard let path = try row.text("evidence_path") else { return nil }
        self.init(path: path, sha256: try row.requireText("evidence_sha256"))
    }
}

extension AlertLine {
    /// Columns of `alert a` that the initializer reads.
    static let columns = """
        a.id, a.rule_id, a.kind, a.started_at, a.ended_at, a.end_unseen, a.score, a.box, \(EvidencePicture.first),
        CASE WHEN a.evidence_removed_at IS NULL THEN a.evidence_path END AS last_path, a.evidence_sha256 AS last_sha256,
        a.settings_version, a.case_id,
        \(RuleName.sql(camera: "a.camera_id", rule: "a.rule_id")) AS rule_name
        """

    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.requireText("id"),
            ruleID: try row.requireText("rule_id"),
            ruleName: try row.text("rule_name"),
            kind: try row.requireText("kind"),
            startedAt: try row.requireDate("started_at"),
            endedAt: try row.date("ended_at"),
            endUnseen: try row.requireBool("end_unseen"),
            score: try row.requireDouble("score"),
            box: (try row.doubleArray("box") ?? []).compactMap { $0 },
            picture: try EvidencePicture(row),
            lastPicture: try row.text("last_path").map { path throws(PostgresError) in
                EvidencePicture(path: path, sha256: try row.requireText("last_sha256"))
            },
            pictureRemovedAt: try row.date("evidence_removed_at"),
            settingsVersion: try row.requireText("settings_version"),
            caseID: try row.int("case_id")
        )
    }
}
