import ArgumentParser
import CityGrid
import Detection
import Foundation
import Postgres
import Store

struct ImportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Loads grids, posts, cameras, hazard types and rules into the database.",
        discussion: """
            A bad row is reported with its reason and left out; the others are stored. Importing twice changes nothing.

            Examples:
              gridwatch import grid seeds/grids.geojson
              gridwatch import cameras cameras.csv --datum GCJ02 --dry-run
              gridwatch import seeds seeds
            """
    )

    enum Kind: String, CaseIterable, ExpressibleByArgument {
        case grid, posts, cameras, rules, seeds
        case hazardTypes = "hazard-types"
        case ruleTemplates = "rule-templates"
    }

    /// Rejected rows, and warnings, that are printed one by one.
    private static let shownIssues = 50
    private static let shownWarnings = 5

    @Argument(help: "What the file holds.") var kind: Kind
    @Argument(help: "The file; for seeds the directory.") var file: String
    @Option(help: "Datum of all positions in a camera file: WGS84, GCJ02 or BD09, whatever its column says.")
    var datum: String?
    @Flag(help: "Check and report, change nothing.") var dryRun = false
    @Flag(help: "Print the reports as one JSON document.") var json = false
    @OptionGroup var configuration: ConfigurationOptions

    func run() async throws {
        let datum = try datum.map { text in
            do throws(CityGridError) {
                return try Datum(name: text)
            } catch {
                throw ValidationError("--datum \(text): \(error)")
            }
        }
        if datum != nil, kind != .cameras { throw ValidationError("--datum goes with cameras only") }
        if dryRun, kind == .seeds { throw ValidationError("--dry-run takes one file at a time") }
        let pool = try configuration.database()
        let reports: [ImportReport]
        do {
            reports = try await load(RegistryImporter(pool: pool), datum)
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
        if json { try Output.json(reports) } else { for report in reports { show(report) } }
        if reports.contains(where: { $0.outcome == .refused }) { throw ExitCode(1) }
    }

    private func load(_ importer: RegistryImporter, _ datum: Datum?) async throws -> [ImportReport] {
        let bar = ProgressBar("importing")
        defer { bar.finish() }
        let progress: ImportProgress.Handler = { step in
            let name = (step.file as NSString).lastPathComponent
            bar.show(Double(step.bytes) / Double(max(1, step.totalBytes)), "\(name): \(step.rows) rows")
        }
        return switch kind {
        case .seeds: try await importer.importSeeds(directory: file, progress: progress)
        case .grid: [try await importer.importGrids(file: file, dryRun: dryRun, progress: progress)]
        case .posts: [try await importer.importPosts(file: file, dryRun: dryRun, progress: progress)]
        case .hazardTypes: [try await importer.importHazardTypes(file: file, dryRun: dryRun, progress: progress)]
        case .ruleTemplates: [try await importer.importRuleTemplates(file: file, dryRun: dryRun, progress: progress)]
        case .cameras:
            [try await importer.importCameras(file: file, datum: datum, dryRun: dryRun, progress: progress)]
        case .rules:
            [
                try await importer.importCameraRules(file: file, dryRun: dryRun, progress: progress) { definition in
                    try Self.check(definition)
                }
            ]
        }
    }

    /// Checks a rule; tells the keys that no rule has, which are mostly slips of the pen.
    private static func check(_ definition: String) throws -> [String] {
        let data = Data(definition.utf8)
        do {
            _ = try JSONDecoder().decode(Rule.self, from: data)
        } catch let error as DecodingError {
            throw DetectionError(.invalidRule, JSONProblem.sentence(error, in: data))
        }
        let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        return object.keys.filter { !Rule.keys.contains($0) }.sorted().map {
            "'\($0)' is no key of a rule and has no effect; known are \(Rule.keys.sorted().joined(separator: ", "))"
        }
    }

    private func show(_ report: ImportReport) {
        Console.out(
            "\(report.file): \(report.read) rows read, \(report.inserted) inserted, \(report.updated) updated, "
                + "\(report.unchanged) unchanged, \(report.rejected.total) rejected (\(report.outcome.rawValue))"
        )
        for issue in report.rejected.items.prefix(Self.shownIssues) { Console.out("  rejected: \(issue.line)") }
        if report.rejected.total > Self.shownIssues {
            Console.out("  … and \(report.rejected.total - Self.shownIssues) more; --json lists them")
        }
        for issue in report.warnings.items.prefix(Self.shownWarnings) { Console.out("  warning: \(issue.line)") }
        if report.warnings.total > Self.shownWarnings {
            Console.out("  … and \(report.warnings.total - Self.shownWarnings) more warnings; --json lists them")
        }
        guard let mapping = report.mapping else { return }
        let methods = mapping.byMethod.sorted { $0.key < $1.key }.map { "\($0.value) by \($0.key)" }
        Console.out("  \(mapping.cameras) cameras on grids: \(methods.joined(separator: ", "))")
        for warning in mapping.datumWarnings { Console.out("  warning: \(warning.message)") }
    }
}

extension RowIssue {
    /// One line for a person.
    fileprivate var line: String {
        let place = column.isEmpty ? "row \(row)" : "row \(row), \(column) '\(value)'"
        return "\(place): \(reason)"
    }
}
