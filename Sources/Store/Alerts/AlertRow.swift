import Flow
import Postgres

/// One row of `alert`: what all statements about an alert that are known say together.
///
/// Folding does not depend on the order of the statements, nor on how often each comes:
/// the start is the earliest, the end and the score are the highest; box, severity, hazard type, dispatch, settings and
/// reason are those of the newest statement. Two pictures are kept: those that came with the earliest and with the newest
/// statement that had any.
struct AlertRow: Sendable, Hashable {
    let id: String
    let camera: String
    let rule: String
    var startedAt: Int64
    var endedAt: Int64?
    var score: Double
    var newest: Newest
    /// The newest one.
    var picture: EvidencePicture?
    /// The earliest one.
    var firstPicture: EvidencePicture?

    var isCameraFault: Bool { newest.kind == CameraFault.kind }

    /// What the newest statement decides.
    struct Newest: Sendable, Hashable {
        var statedAt: Int64
        var box: [Float]
        var settingsVersion: String
        var kind: String
        var hazardType: String
        var severity: Int
        var autoDispatch: Bool
        var reason: String?

        /// Ties are broken the same way as in the statement of `AlertTable`.
        func isNewer(than other: Newest) -> Bool {
            if statedAt != other.statedAt { return statedAt > other.statedAt }
            if box != other.box { return other.box.lexicographicallyPrecedes(box) }
            return other.settingsVersion.utf8.lexicographicallyPrecedes(settingsVersion.utf8)
        }
    }

    /// A picture and the time of the statement that it came with.
    struct EvidencePicture: Sendable, Hashable {
        var statedAt: Int64
        var evidence: EvidenceRef

        func isNewer(than other: EvidencePicture) -> Bool {
            (statedAt, evidence.sha256) > (other.statedAt, other.evidence.sha256)
        }
    }

    init(_ record: AlertRecord) {
        let box = record.box
        id = record.id
        camera = record.camera
        rule = record.rule
        startedAt = record.startedAt.microseconds
        endedAt = record.endedAt?.microseconds
        score = Double(Float(record.score))
        newest = Newest(
            statedAt: record.statedAt.microseconds,
            box: [Float(box.x), Float(box.y), Float(box.width), Float(box.height)],
            settingsVersion: record.settingsVersion,
            kind: record.kind,
            hazardType: record.hazardType,
            severity: record.severity,
            autoDispatch: record.autoDispatch,
            reason: record.reason.flatMap(CameraStates.word)
        )
        picture = record.evidence.map { EvidencePicture(statedAt: record.statedAt.microseconds, evidence: $0) }
        firstPicture = picture
    }

    mutating func fold(_ other: AlertRow) {
        startedAt = min(startedAt, other.startedAt)
        endedAt = [endedAt, other.endedAt].compactMap(\.self).max()
        score = max(score, other.score)
        if other.newest.isNewer(than: newest) { newest = other.newest }
        if let theirs = other.picture, picture.map({ theirs.isNewer(than: $0) }) ?? true { picture = theirs }
        if let theirs = other.firstPicture, firstPicture.map({ $0.isNewer(than: theirs) }) ?? true {
            firstPicture = theirs
        }
    }

    /// The rows of a batch, by id: the order in which every writer locks them.
    static func rows(of records: [AlertRecord]) -> [AlertRow] {
        var rows: [String: AlertRow] = [:]
        for record in records {
            let row = AlertRow(record)
            if rows[row.id]?.fold(row) == nil { rows[row.id] = row }
        }
        return rows.values.sorted { $0.id < $1.id }
    }
}

extension AlertRow {
    /// A column of the table as it is written; a new one is one line here, beside its migration.
    struct Column: Sendable {
        let name: String
        /// Type of the value of one row, as it is sent.
        let type: String
        /// Type that it is cast to, where lists of that type cannot be sent.
        var cast: String?
        let values: @Sendable ([AlertRow]) -> PostgresValue
    }

    /// All columns that statements fill.
    static let columns =
        [
            Column(name: "id", type: "uuid") { .textArray($0.map(\.id)) },
            Column(name: "camera_id", type: "text") { .textArray($0.map(\.camera)) },
            Column(name: "rule_id", type: "text") { .textArray($0.map(\.rule)) },
            Column(name: "started_at", type: "timestamptz") { .timestampArray($0.map(\.startedAt)) },
            Column(name: "ended_at", type: "timestamptz") { .timestampArray($0.map(\.endedAt)) },
            Column(name: "score", type: "real") { .doubleArray($0.map(\.score)) },
        ] + newestColumns + pictureColumns + firstPictureColumns

    /// Columns that the newest statement decides.
    static let newestColumns = [
        Column(name: "kind", type: "text") { .textArray($0.map(\.newest.kind)) },
        Column(name: "hazard_type", type: "text") { .textArray($0.map(\.newest.hazardType)) },
        Column(name: "severity", type: "int") { .intArray($0.map(\.newest.severity)) },
        Column(name: "auto_dispatch", type: "bool") { .boolArray($0.map(\.newest.autoDispatch)) },
        Column(name: "stated_at", type: "timestamptz") { .timestampArray($0.map(\.newest.statedAt)) },
        Column(name: "box", type: "text", cast: "real[]") { rows in
            .textArray(rows.map { "{\($0.newest.box.map { "\($0)" }.joined(separator: ","))}" })
        },
        Column(name: "settings_version", type: "text") { .textArray($0.map(\.newest.settingsVersion)) },
        Column(name: "reason", type: "text") { .textArray($0.map(\.newest.reason)) },
    ]

    /// Columns of the newest picture.
    static let pictureColumns = [
        Column(name: "evidence_path", type: "text") { .textArray($0.map { $0.picture?.evidence.path }) },
        Column(name: "evidence_sha256", type: "text") { .textArray($0.map { $0.picture?.evidence.sha256 }) },
        Column(name: "evidence_bytes", type: "int") { .intArray($0.map { $0.picture?.evidence.bytes }) },
        Column(name: "evidence_at", type: "timestamptz") { .timestampArray($0.map { $0.picture?.statedAt }) },
    ]

    /// Columns of the earliest picture.
    static let firstPictureColumns = [
        Column(name: "first_evidence_path", type: "text") { .textArray($0.map { $0.firstPicture?.evidence.path }) },
        Column(name: "first_evidence_sha256", type: "text") { .textArray($0.map { $0.firstPicture?.evidence.sha256 }) },
        Column(name: "first_evidence_at", type: "timestamptz") {
            .timestampArray($0.map { $0.firstPicture?.statedAt })
        },
    ]
}
