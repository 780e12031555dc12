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

extension PostgresRow {
    /// A word of the domain; nil when the column is null.
    ///
    /// - Throws: `StoreError` for a word that this program does not know, `PostgresError`.
    func word<Value: RawRepresentable>(_ type: Value.Type, _ column: String) throws -> Value?
    where Value.RawValue == String {
        guard let word = try text(column) else { return nil }
        guard let value = Value(rawValue: word) else {
            throw StoreError(.incompatible, "the database holds the \(type) \(word), which this program does not know")
        }
        return value
    }

    /// A word of the domain in a column that is never null.
    func requireWord<Value: RawRepresentable>(_ type: Value.Type, _ column: String) throws -> Value
    where Value.RawValue == String {
        guard let value = try word(type, column) else {
            throw StoreError(.incompatible, "the database holds no \(type) where there must be one, in \(column)")
        }
        return value
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
