import Analysis
import ArgumentParser
import Benchmarks
import Detection
import Flow
import Foundation
import Gate
import Replay

struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Runs labelled clips through the live pipeline and scores the alerts.",
        discussion: """
            Deterministic: the same clips, labels and settings give the same document, for any number of workers.

            Examples:
              gridwatch evaluate sample-streams/labels/*.json --clips sample-streams
              gridwatch evaluate labels --clips clips --set sampling=keyframes --json
              gridwatch evaluate labels --clips clips --cost
              gridwatch evaluate labels --clips clips --gate --set sampling=gated:10

            Before and after a change; exits 1 when fewer events are found or more alerts
            are false than in the file:
              gridwatch evaluate labels --clips clips --json > before.json
              gridwatch evaluate labels --clips clips --set contrast_floor=8 --baseline before.json
            """
    )

    @Argument(help: "Label files, or folders of them.") var labels: [String]
    @Option(help: "Folder of the clips that the labels name.") var clips: String
    @Option(help: "Clips at the same time; 0 takes one per core.") var workers = 0
    @Option(help: "Compare with this document of evaluate --json; exit 1 when it is worse.") var baseline: String?
    @Flag(help: "Measure the gate instead: what it decodes, and which events it keeps.") var gate = false
    @Flag(help: "Measure instead what detection and rules cost for each picture, and keep of each camera.")
    var cost = false
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var detection: DetectionOptions

    func run() async throws {
        let (settings, sampling) = try detection.resolve()
        let gateSettings = try detection.resolveGate()
        if gate { return try measureGate(settings, gateSettings, sampling) }
        if cost { return try measureCost(settings, sampling) }
        let baseline = try self.baseline.map { path in try Baseline(path: path) }
        let bar = ProgressBar("evaluating")
        let began = ContinuousClock.now
        let evaluation = try Evaluator.run(
            labels: labels,
            clipsDirectory: clips,
            workers: workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount,
            analyze: { job in
                var run = ClipRun(rules: job.rules, settings: settings, sampling: sampling)
                run.gateSettings = gateSettings
                var looks: [MediaTime] = []
                let result = try run.run(job.path, onLook: { _, time, _ in looks.append(time) })
                return ClipOutcome(result, looks: looks)
            },
            progress: { step in
                bar.show(Double(step.done) / Double(step.total), step.clip)
                if let error = step.error { Console.say("\(step.clip): \(error)") }
            }
        )
        bar.finish()
        let report = EvaluationReport(
            evaluation: evaluation,
            settings: settings,
            sampling: sampling.description,
            version: Version.text,
            baseline: baseline
        )
        Console.out(json ? report.json : report.text)
        Console.say(
            String(
                format: "%.0f s of clips in %.1f s, %.1f s of processor time",
                evaluation.clipSeconds,
                (ContinuousClock.now - began) / .seconds(1),
                evaluation.cpuSeconds
            )
        )
        if !evaluation.failures.isEmpty || report.comparison?.isWorse == true { throw ExitCode(1) }
    }

    private func measureCost(_ settings: DetectionSettings, _ sampling: Sampling) throws {
        if case .gated = sampling {
            throw ValidationError("--set sampling=\(sampling): measure every, Nfps or keyframes")
        }
        let files = try Evaluator.labelFiles(labels).map { path throws(ReplayError) in try LabelFile.read(path) }
        let run = ClipRun(rules: [], settings: settings, sampling: sampling)
        let threads = workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount
        let cost = try DetectionCost(of: TuneCommand.reels(files, clips, run, threads), settings: settings)
        Console.out(json ? cost.json : cost.text)
    }

    private func measureGate(
        _ settings: DetectionSettings,
        _ gateSettings: GateSettings,
        _ sampling: Sampling
    ) throws {
        var floor = 10.0
        if case .gated(let seconds) = sampling { floor = seconds }
        let bar = ProgressBar("measuring")
        let measure = try GateMeasure.run(
            labels: labels,
            clipsDirectory: clips,
            settings: settings,
            gate: gateSettings,
            floor: floor,
            progress: { done, total in bar.show(Double(done) / Double(total)) }
        )
        bar.finish()
        let report = GateReport(measure: measure, floor: floor, version: Version.text)
        Console.out(json ? report.json : report.text)
        if !measure.failures.isEmpty { throw ExitCode(1) }
    }
}
