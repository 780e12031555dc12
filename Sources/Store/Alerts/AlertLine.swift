public import FoundationEssentials
import Postgres

/// One alert of a case or camera.
public struct AlertLine: Sendable, Encodable {
    /// UUIDv7.
    public let id: String
    /// Rule of the camera.
    public let ruleID: String
    /// Name of that rule as people gave it; nil when it has none, or is no more.
    public let ruleName: String?
    /// Kind of rule.
    public let kind: String
    /// When the condition began.
    public let startedAt: Date
    /// When it ended; nil while it holds.
    public let endedAt: Date?
    /// True when nobody saw its end, because the process that watched it ended first: it may have gone on.
    public let endUnseen: Bool
    /// Highest strength, 0 to 1.
    public let score: Double
    /// x, y, width, height as shares of the picture.
    public let box: [Double]
    /// The first picture, that of its start, when one could be written and is still there.
    public let picture: EvidencePicture?
    /// The newest picture, when one could be written and is still there; the first one when there is no other.
    public let lastPicture: EvidencePicture?
    /// When its pictures were removed because their time was over; nil for never.
    public let pictureRemovedAt: Date?
    /// Settings that decided.
    public let settingsVersion: String
    /// Case it belongs to.
    public let caseID: Int?
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
