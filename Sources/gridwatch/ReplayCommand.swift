import Analysis
import ArgumentParser
import Detection
import Flow
import Foundation
import Gate
import Replay

struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Says when rules would have alerted on clips, faster than real time, through the live pipeline.",
        discussion: """
            The rules file is {"rules": […]}; a label file will do. Schedules count from --begins-at; without it every
            rule is always on.

            Examples:
              gridwatch replay clip.mp4 --rules rules.json
              gridwatch replay recordings/ --rules rules.json --set sampling=keyframes --out alerts
              gridwatch replay clip.mp4 --rules rules.json --why why.jsonl
              gridwatch replay clip.mp4 --rules rules.json --begins-at 2026-07-01T12:00:00+08:00 --json
            """
    )

    /// What recorders and players call their files.
    private static let kinds: Set<String> = [
        "mp4", "m4v", "mov", "3gp", "mkv", "webm", "avi", "ts", "mts", "m2ts", "mpg", "mpeg", "ps", "vob", "flv", "asf",
        "wmv",
        "dav", "h264", "264", "h265", "265", "hevc",
    ]

    @Argument(help: "Clips, folders of clips, or URLs.") var inputs: [String]
    @Option(help: "The rules (JSON).") var rules: String
    @Option(help: "Folder for a picture of each alert and alerts.json.") var out: String?
    @Option(help: "Wall time of the first frame, ISO 8601 with offset.") var beginsAt: String?
    @Option(help: "Write here, a line of JSON a picture, which layer decided about each rule.") var why: String?
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var detection: DetectionOptions

    func run() async throws {
        let (settings, sampling) = try detection.resolve()
        var run = ClipRun(
            rules: try runnableRules(),
            settings: settings,
            sampling: sampling,
            beginsAt: try wallTime(),
            evidence: out == nil ? nil : EvidenceStyle()
        )
        run.gateSettings = try detection.resolveGate()
        var reports: [ReplayReport] = []
        var failed = false
        if let why { try Data().write(to: URL(fileURLWithPath: why)) }
        for input in try expanded() {
            do {
                reports.append(try replay(input, run))
            } catch {
                Console.say("\(input): \(error)")
                failed = true
            }
        }
        let document = ReplayReport.json(reports)
        if let out { try Data(document.utf8).write(to: URL(fileURLWithPath: out + "/alerts.json")) }
        if json {
            Console.out(document)
        } else {
            for report in reports { Console.out(Self.table(report)) }
        }
        if failed { throw ExitCode(1) }
    }

    private func replay(_ input: String, _ run: ClipRun) throws -> ReplayReport {
        let name = (input as NSString).lastPathComponent
        let bar = ProgressBar(name)
        var account = why.map { _ in WhyAccount(clip: name) }
        let result = try run.run(
            input,
            progress: { reached, length in
                if let length, length > 0 { bar.show(reached.seconds / length) }
            },
            onLook: { _, time, analyzer in account?.add(time, analyzer.diagnose()) }
        )
        bar.show(1)
        bar.finish()
        if let why, let account { try account.append(to: why) }
        if let out { try keepPictures(of: result, name: name, in: out) }
        return ReplayReport(clip: name, outcome: ClipOutcome(result))
    }

    private func keepPictures(of result: ClipRun.Result, name: String, in folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let stem = (name as NSString).deletingPathExtension
        for alert in result.alerts {
            guard let jpeg = alert.jpeg else { continue }
            let file = String(format: "%@/%@-%@-%07.2f.jpg", folder, stem, alert.rule.id, alert.start.seconds)
            try Data(jpeg).write(to: URL(fileURLWithPath: file))
        }
    }

    private func runnableRules() throws -> [Rule] {
        guard let data = FileManager.default.contents(atPath: rules) else {
            throw ValidationError("--rules \(rules): the file cannot be read")
        }
        let all: [Rule]
        do {
            all = try JSONDecoder().decode(RuleFile.self, from: data).rules
        } catch let error as DetectionError {
            throw ValidationError("--rules \(rules): \(error)")
        } catch {
            throw ValidationError("--rules \(rules): no {\"rules\": […]} document: \(error)")
        }
        return all
    }

    private func wallTime() throws -> MediaTime? {
        guard let beginsAt else { return nil }
        guard let date = ISO8601DateFormatter().date(from: beginsAt) else {
            throw ValidationError("--begins-at \(beginsAt): write it like 2026-07-01T12:00:00+08:00")
        }
        return MediaTime(seconds: date.timeIntervalSince1970)
    }

    /// The inputs, with folders replaced by their clips in the order of their names.
    private func expanded() throws -> [String] {
        try inputs.flatMap { input in
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder), isFolder.boolValue else {
                return [input]
            }
            let clips = try FileManager.default.contentsOfDirectory(atPath: input).sorted()
                .filter { Self.kinds.contains(($0 as NSString).pathExtension.lowercased()) }
            guard !clips.isEmpty else {
                throw ValidationError(
                    "\(input): this folder holds no clip (.\(Self.kinds.sorted().joined(separator: ", ."))); name its files"
                )
            }
            return clips.map { input + "/" + $0 }
        }
    }

    private static func table(_ report: ReplayReport) -> String {
        let outcome = report.outcome
        let head =
            "\(report.clip): \(outcome.alerts.count) alerts, \(outcome.framesDecoded) of \(outcome.framesRead) frames"
        let lines = outcome.alerts.map { alert in
            String(
                format: "  %9.2f s – %9.2f s  %@ (%@)  score %.2f",
                alert.span.start.seconds,
                alert.span.end.seconds,
                alert.rule,
                alert.kind.rawValue,
                alert.score
            )
        }
        return ([head] + lines).joined(separator: "\n")
    }
}

/// Which layer decided about each rule, picture by picture.
private struct WhyAccount {
    private struct Line: Encodable {
        var clip: String
        var time: Double
        var scene: SceneStatus
        var groups: RuleDiagnosis.Groups
        var rules: [RuleDiagnosis.Verdict]
    }

    private let clip: String
    private let encoder = JSONEncoder()
    private var lines = Data()

    init(clip: String) {
        self.clip = clip
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    mutating func add(_ time: MediaTime, _ why: RuleDiagnosis) {
        let rules = why.rules.map { verdict in
            var verdict = verdict
            verdict.strength = (verdict.strength * 1000).rounded() / 1000
            verdict.progress = (verdict.progress * 1000).rounded() / 1000
            return verdict
        }
        let seconds = (time.seconds * 1000).rounded() / 1000
        let line = Line(clip: clip, time: seconds, scene: why.scene, groups: why.groups, rules: rules)
        guard let text = try? encoder.encode(line) else { return }
        lines.append(text)
        lines.append(UInt8(ascii: "\n"))
    }

    func append(to path: String) throws {
        guard let file = FileHandle(forWritingAtPath: path) else { throw CocoaError(.fileWriteNoPermission) }
        defer { try? file.close() }
        try file.seekToEnd()
        try file.write(contentsOf: lines)
    }
}
