import CityGrid
import Foundation
import Postgres

extension RegistryImporter {
    /// Checks a rule as JSON, and gives sentences about what is odd in one that can be used.
    ///
    /// - Throws: Anything that describes itself to a person when the rule cannot be used.
    public typealias RuleCheck = @Sendable (_ definition: String) throws -> [String]

    /// Imports the rules drawn for single cameras from JSON: `[{"camera", "rules": [{"id", "hazard_type", "kind", …}]}]`.
    ///
    /// A camera of the file has exactly its rules of the file afterwards; cameras that are not in it keep theirs. A bad
    /// rule is reported and left out.
    ///
    /// - Parameters:
    ///   - file: The JSON file.
    ///   - dryRun: True to change nothing.
    ///   - progress: Is told how far the reading is.
    ///   - check: Judges each rule; what a rule may say is not the registry's business.
    /// - Returns: what was done.
    /// - Throws: `StoreError` when the file cannot be read, `PostgresError`.
    public func importCameraRules(
        file: String,
        dryRun: Bool = false,
        progress: @escaping ImportProgress.Handler = { _ in },
        check: @escaping RuleCheck
    ) async throws -> ImportReport {
        try await inTransaction(dryRun) { connection in
            try await CameraRuleImport(connection: connection, file: file, progress: progress, check: check).run()
        }
    }
}

/// Imports the rules of single cameras inside a transaction.
struct CameraRuleImport {
    let connection: PostgresConnection
    let file: String
    let progress: ImportProgress.Handler
    let check: RegistryImporter.RuleCheck

    private struct CameraRule: Sendable {
        let camera: String
        let rule: String
        let hazardType: String
        let definition: String
    }

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        let data = try SheetFile.json(file)
        let known = try await connection.query("SELECT id FROM camera").rows.map { try $0.requireText("id") }
        let hazardTypes = try await connection.query("SELECT code FROM hazard_type").rows
            .map { try $0.requireText("code") }
        var rules: [CameraRule] = []
        var entries: [String: Int] = [:]
        var oddities: [RowIssue] = []
        for (index, entry) in try list(data).enumerated() {
            var camera: String?
            Self.collect(&report, index + 1) { () throws(RowProblem) in
                camera = try self.camera(of: entry, Set(known), entries)
            }
            guard let camera else { continue }
            entries[camera] = index + 1
            var ids: Set<String> = []
            for value in try Self.rules(entry, file) {
                report.read += 1
                Self.collect(&report, index + 1) { () throws(RowProblem) in
                    let (rule, notes) = try rule(value, of: camera, Set(hazardTypes))
                    guard ids.insert(rule.rule).inserted else {
                        throw RowProblem(
                            "id",
                            rule.rule,
                            "is there twice for camera \(camera); the first one is kept, give this one its own id"
                        )
                    }
                    rules.append(rule)
                    oddities += notes.map { RowIssue(row: index + 1, column: "rules", value: rule.rule, reason: $0) }
                }
            }
        }
        for oddity in oddities { report.warnings.add(oddity) }
        try await replace(rules, of: Set(entries.keys), &report)
        progress(ImportProgress(file: file, rows: report.read, bytes: data.count, totalBytes: data.count))
        return report
    }

    /// Runs `body` and reports why it could not go on.
    private static func collect(_ report: inout ImportReport, _ row: Int, _ body: () throws(RowProblem) -> Void) {
        do {
            try body()
        } catch {
            report.rejected.add(RowIssue(row: row, column: error.column, value: error.value, reason: error.reason))
        }
    }

    private static func rules(_ entry: [String: Any], _ file: String) throws(StoreError) -> [[String: Any]] {
        guard let rules = entry["rules"] as? [[String: Any]] else {
            throw StoreError(
                .invalid,
                "\(file): 'rules' of \(entry["camera"] ?? "a camera") is no list of objects"
            )
        }
        return rules
    }

    private func list(_ data: Data) throws(StoreError) -> [[String: Any]] {
        let json: Any
        do {
            json = try JSONSerialization.jsonObject(with: data)
        } catch {
            throw StoreError(.invalid, "\(file) is no JSON: \(JSONProblem.sentence(error, in: data))")
        }
        if let one = json as? [String: Any], one["camera"] != nil { return [one] }
        guard let list = json as? [[String: Any]] else {
            throw StoreError(.invalid, "\(file) is no JSON list of {\"camera\", \"rules\"} objects")
        }
        return list
    }

    private func camera(
        of entry: [String: Any],
        _ known: Set<String>,
        _ entries: [String: Int]
    ) throws(RowProblem) -> String {
        if let number = entry["camera"] as? NSNumber {
            throw RowProblem(
                "camera",
                "\(number)",
                "is a number, which programs round; write the id as text, in quotes, with the digits of the source"
            )
        }
        guard let camera = entry["camera"] as? String else { throw RowProblem("camera", "", "is missing or no text") }
        guard known.contains(camera) else {
            throw RowProblem("camera", camera, "is not in the registry; import the cameras first")
        }
        if let first = entries[camera] {
            throw RowProblem(
                "camera",
                camera,
                "is in entry \(first) already, which is kept; put all rules of a camera into one entry"
            )
        }
        return camera
    }

    private func rule(
        _ value: [String: Any],
        of camera: String,
        _ hazardTypes: Set<String>
    ) throws(RowProblem) -> (CameraRule, notes: [String]) {
        guard let id = value["id"] as? String, !id.isEmpty else { throw RowProblem("id", camera, "a rule has no id") }
        guard let hazardType = value["hazard_type"] as? String, hazardTypes.contains(hazardType) else {
            let written = value["hazard_type"].map { "\($0)" } ?? ""
            throw RowProblem(
                "hazard_type",
                written,
                "rule '\(id)': is the code of no hazard type; correct it, or import the hazard types first"
            )
        }
        guard let data = try? JSONSerialization.data(withJSONObject: value, options: .sortedKeys) else {
            throw RowProblem("rules", id, "cannot be written as JSON")
        }
        let definition = String(decoding: data, as: UTF8.self)
        guard !definition.contains("\\u0000") else {
            throw RowProblem("rules", camera, "a text of the rule has a zero character, which no database keeps")
        }
        do {
            let notes = try check(definition)
            return (CameraRule(camera: camera, rule: id, hazardType: hazardType, definition: definition), notes)
        } catch {
            throw RowProblem("rules", id, "\(error)")
        }
    }

    private func replace(_ rules: [CameraRule], of cameras: Set<String>, _ report: inout ImportReport) async throws {
        let values: [PostgresValue] = [
            .textArray(rules.map(\.camera)), .textArray(rules.map(\.rule)), .textArray(rules.map(\.hazardType)),
            .textArray(rules.map(\.definition)),
        ]
        try await connection.query(
            """
            DELETE FROM camera_rule WHERE camera_id = ANY ($1::text[]) AND NOT EXISTS (
                SELECT FROM unnest($2::text[], $3::text[]) AS k (camera, rule)
                WHERE k.camera = camera_id AND k.rule = rule_id)
            """,
            [.textArray(cameras.sorted()), values[0], values[1]]
        )
        let written = try await connection.query(
            """
            INSERT INTO camera_rule AS r (camera_id, rule_id, hazard_type, definition)
            SELECT camera, rule, hazard, definition::jsonb
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) AS i (camera, rule, hazard, definition)
            ON CONFLICT (camera_id, rule_id) DO UPDATE
                SET hazard_type = EXCLUDED.hazard_type, definition = EXCLUDED.definition
                WHERE (r.hazard_type, r.definition) IS DISTINCT FROM (EXCLUDED.hazard_type, EXCLUDED.definition)
            RETURNING xmax = 0 AS fresh
            """,
            values
        ).rows
        report.inserted = try written.count { try $0.requireBool("fresh") }
        report.updated = written.count - report.inserted
        report.unchanged = rules.count - written.count
    }
}
