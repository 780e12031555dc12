import CityGrid
import Foundation
import Postgres

/// Imports the rule templates inside a transaction.
struct RuleTemplateImport {
    let connection: PostgresConnection
    let file: String
    let progress: ImportProgress.Handler

    private struct Template: Sendable {
        let code: String
        let tag: String
        let name: String
        let hazardType: String
        let definition: String
    }

    func run() async throws -> ImportReport {
        var report = ImportReport(file: file)
        let data = try SheetFile.json(file)
        let hazardTypes = try await connection.query("SELECT code FROM hazard_type").rows
            .map { try $0.requireText("code") }
        var templates: [Template] = []
        var positions: [String: Int] = [:]
        for (index, value) in try Self.list(data, file).enumerated() {
            report.read += 1
            do {
                let template = try Self.template(value, Set(hazardTypes))
                if let first = positions[template.code] {
                    throw RowProblem("code", template.code, "is in template \(first) already; that one is kept")
                }
                positions[template.code] = index + 1
                templates.append(template)
            } catch let problem as RowProblem {
                report.rejected.add(
                    RowIssue(row: index + 1, column: problem.column, value: problem.value, reason: problem.reason)
                )
            }
        }
        try await merge(templates, &report)
        progress(ImportProgress(file: file, rows: report.read, bytes: data.count, totalBytes: data.count))
        return report
    }

    private static func list(_ data: Data, _ file: String) throws(StoreError) -> [Any] {
        let json: Any
        do {
            json = try JSONSerialization.jsonObject(with: data)
        } catch {
            throw StoreError(.invalid, "\(file) is no JSON: \(JSONProblem.sentence(error, in: data))")
        }
        guard let list = (json as? [String: Any])?["templates"] as? [Any] else {
            throw StoreError(.invalid, "\(file) has no list 'templates'")
        }
        return list
    }

    private static func template(_ value: Any, _ hazardTypes: Set<String>) throws(RowProblem) -> Template {
        guard let values = value as? [String: Any] else { throw RowProblem("", "", "the template is no object") }
        func text(_ key: String) throws(RowProblem) -> String {
            guard let text = values[key] as? String, !text.isEmpty else {
                throw RowProblem(key, "", "is missing or no text")
            }
            return text
        }
        let code = try text("code")
        let hazardType = try text("hazard_type")
        guard hazardTypes.contains(hazardType) else {
            throw RowProblem("hazard_type", hazardType, "is no hazard type; import the hazard types first")
        }
        guard let definition = values["definition"] as? [String: Any] else {
            throw RowProblem("definition", "", "is missing or no object")
        }
        for (key, expected) in [("id", code), ("hazard_type", hazardType)] {
            guard definition[key] as? String == expected else {
                throw RowProblem("definition", "\(definition[key] ?? "")", "its \(key) must be '\(expected)'")
            }
        }
        guard definition["kind"] is String else { throw RowProblem("definition", "", "its kind is missing") }
        guard let data = try? JSONSerialization.data(withJSONObject: definition, options: .sortedKeys) else {
            throw RowProblem("definition", "", "cannot be written as JSON")
        }
        let texts = [code, values["tag"], values["name"]].compactMap { $0 as? String }
        guard data.firstRange(of: Data("\\u0000".utf8)) == nil, !texts.contains(where: { $0.utf8.contains(0) }) else {
            throw RowProblem("definition", "", "a text of the template has a zero character, which no database keeps")
        }
        return Template(
            code: code,
            tag: try text("tag"),
            name: try text("name"),
            hazardType: hazardType,
            definition: String(decoding: data, as: UTF8.self)
        )
    }

    private func merge(_ templates: [Template], _ report: inout ImportReport) async throws {
        let values: [PostgresValue] = [
            .textArray(templates.map(\.code)), .textArray(templates.map(\.tag)), .textArray(templates.map(\.name)),
            .textArray(templates.map(\.hazardType)), .textArray(templates.map(\.definition)),
        ]
        let incoming = """
            (SELECT code, tag, name, hazard_type, definition::jsonb
            FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
                AS t (code, tag, name, hazard_type, definition)) i
            """
        report.updated = try await connection.query(
            """
            UPDATE rule_template r SET tag = i.tag, name = i.name, hazard_type = i.hazard_type,
                definition = i.definition
            FROM \(incoming)
            WHERE r.code = i.code AND (r.tag, r.name, r.hazard_type, r.definition)
                IS DISTINCT FROM (i.tag, i.name, i.hazard_type, i.definition)
            """,
            values
        ).affected
        report.inserted = try await connection.query(
            """
            INSERT INTO rule_template (code, tag, name, hazard_type, definition)
            SELECT i.code, i.tag, i.name, i.hazard_type, i.definition FROM \(incoming)
            WHERE NOT EXISTS (SELECT FROM rule_template r WHERE r.code = i.code)
            """,
            values
        ).affected
        report.unchanged = templates.count - report.updated - report.inserted
    }
}
