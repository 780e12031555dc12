import Analysis
import ArgumentParser
import Benchmarks
import Detection
import Foundation
import Gate
import Replay

struct PeersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "peers",
        abstract: "Compares detection with the algorithms of other products on the same pictures.",
        discussion: """
            The algorithms of Frigate, ZoneMinder, Motion and Kerberos and one like MOG2, written anew from their
            descriptions, with their defaults; on the rules that all of them have (intrusion, quiet), scored alike.

            Examples:
              gridwatch peers sample-streams/labels --clips sample-streams
              gridwatch peers labels --clips clips --set sampling=5fps --json
            """
    )

    @Argument(help: "Label files, or folders of them.") var labels: [String]
    @Option(help: "Folder of the clips that the labels name.") var clips: String
    @Option(help: "Clips at the same time; 0 takes one per core.") var workers = 0
    @Flag(help: "Print one JSON document.") var json = false
    @OptionGroup var detection: DetectionOptions

    func run() throws {
        let (settings, sampling) = try detection.resolve()
        if case .gated = sampling { throw ValidationError("--set sampling: peers are compared without the gate") }
        let files = try Evaluator.labelFiles(labels).map { path throws(ReplayError) in try LabelFile.read(path) }
        let bar = ProgressBar("comparing")
        let comparison = PeerComparison(
            files,
            clipsDirectory: clips,
            run: ClipRun(rules: [], settings: settings, sampling: sampling),
            workers: workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount,
            progress: { share, clip in bar.show(share, clip) }
        )
        bar.finish()
        Console.out(json ? comparison.json : comparison.text)
        if !comparison.failures.isEmpty { throw ExitCode(1) }
    }
}
