import Analysis
import ArgumentParser
import Benchmarks
import Detection
import Foundation
import Gate
import Replay
import Simulator
import Synchronization

struct ScenariosCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scenarios",
        abstract: "Renders hard conditions at graded strength and shows where detection and its peers fail.",
        discussion: """
            Each clip has exact truth: people cross a watched area while it rains, a lamp goes on, the pole shakes… at
            strength 0 (calm) to 4 (more than cameras see). With --quiet nobody comes, and only false alerts count; how near
            each minute came to one says how many to expect a day.

            Examples:
              gridwatch scenarios --only rain --only shake
              gridwatch scenarios --write docs/detection.md --plot docs/scenarios.svg
              gridwatch scenarios --quiet 60 --json
              gridwatch scenarios --only lamp --keep night
            """
    )

    @Option(help: "Conditions, such as rain; all when left out.") var only: [String] = []
    @Option(help: "Seconds of each clip, 20 to 600.") var seconds = 44
    @Option(help: "Instead, minutes of each condition at strength 1 in which nobody comes.") var quiet: Int?
    @Option(help: "Replace the part between <!-- scenarios --> and <!-- end --> of this file by the table.")
    var write: String?
    @Option(help: "Write the plots to this SVG file.") var plot: String?
    @Option(help: "Keep the rendered clips and their labels in this folder, to look at or to replay.") var keep: String?
    @Option(help: "Clips at the same time; 0 takes one per core.") var workers = 0
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var detection: DetectionOptions

    /// Pictures a second of the clips.
    private static let rate = 12
    /// Pictures a second of quiet clips: an hour of each condition is much to render.
    private static let quietRate = 5

    func validate() throws {
        guard (20...600).contains(seconds) else { throw ValidationError("--seconds \(seconds): 20 to 600") }
        if let quiet, !(1...600).contains(quiet) { throw ValidationError("--quiet \(quiet): 1 to 600 minutes") }
        for name in only where Hardship(rawValue: name) == nil {
            let known = Hardship.allCases.map(\.rawValue).joined(separator: ", ")
            throw ValidationError("--only \(name): there is no such condition; there are \(known)")
        }
    }

    func run() throws {
        let (settings, sampling) = try detection.resolve()
        if case .gated = sampling { throw ValidationError("--set sampling: scenarios are run without the gate") }
        let conditions = Hardship.allCases.filter { only.isEmpty || only.contains($0.rawValue) }
        let strengths = quiet == nil ? Hardship.strengths : [1]
        let jobs = conditions.flatMap { condition in strengths.map { (condition: condition, strength: $0) } }
        let bar = ProgressBar("scenarios")
        let folder = keep ?? NSTemporaryDirectory() + "gridwatch-scenarios-" + UUID().uuidString
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let run = ClipRun(rules: [], settings: settings, sampling: sampling)
        let results = Mutex([Int: Result<ScenarioReport.Cell, any Error>]())
        ClipThreads.forEach(
            Array(jobs.indices),
            longestFirst: { _ in 0 },
            workers: workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount
        ) { index in
            let (condition, strength) = jobs[index]
            let result = Result {
                try cell(condition, strength, in: "\(folder)/\(condition.rawValue)-\(strength)", run)
            }
            results.withLock { results in
                results[index] = result
                bar.show(Double(results.count) / Double(jobs.count))
            }
        }
        bar.finish()
        let done = results.withLock(\.self)
        let report = ScenarioReport(try jobs.indices.compactMap { try done[$0]?.get() })
        if let plot { try Data(report.svg.utf8).write(to: URL(filePath: plot)) }
        if let write { try Self.replace(write, report.markdown) }
        let text = quiet == nil ? report.markdown : report.markdown + "\n" + report.longRunMarkdown
        Console.out(json ? report.json : text)
    }

    /// Renders one clip and runs everybody over it.
    private func cell(
        _ condition: Hardship,
        _ strength: Int,
        in folder: String,
        _ run: ClipRun
    ) throws -> ScenarioReport.Cell {
        defer { if keep == nil { try? FileManager.default.removeItem(atPath: folder) } }
        try condition.write(
            to: folder,
            strength: strength,
            seconds: quiet.map { $0 * 60 } ?? seconds,
            hasPeople: quiet == nil,
            framesPerSecond: quiet == nil ? Self.rate : Self.quietRate
        )
        let labels = try Evaluator.labelFiles([folder + "/labels"]).map { path throws(ReplayError) in
            try LabelFile.read(path)
        }
        let comparison = PeerComparison(
            labels,
            clipsDirectory: folder,
            run: run,
            workers: 1,
            watchesEvidence: quiet != nil
        )
        if let failure = comparison.failures.first { throw ValidationError(failure) }
        return ScenarioReport.Cell(condition: condition.rawValue, strength: strength, rows: comparison.rows)
    }

    private static func replace(_ path: String, _ table: String) throws {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard let start = text.range(of: "<!-- scenarios -->\n"),
            let end = text.range(of: "<!-- end -->", range: start.upperBound..<text.endIndex)
        else {
            throw ValidationError("--write \(path): it has no <!-- scenarios --> followed by <!-- end -->")
        }
        let changed = text[..<start.upperBound] + "\n" + table + "\n" + text[end.lowerBound...]
        try Data(String(changed).utf8).write(to: URL(filePath: path))
    }
}
