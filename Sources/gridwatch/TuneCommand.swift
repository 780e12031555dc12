import Analysis
import ArgumentParser
import Detection
import Flow
import Foundation
import Gate
import Replay

struct TuneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tune",
        abstract: "Searches settings of detection that fit labelled clips, and tests them on scenes it did not see.",
        discussion: """
            Decodes every clip once and keeps its small pictures in memory (20 MB a minute of
            25 pictures a second). Moves one setting after the other; then does the same again
            without some of the scenes, and scores these. Settings that are better here and worse
            there are not recommended.

            Deterministic. With --state a search that was stopped goes on where it was.

            Examples:
              gridwatch tune sample-streams/labels --clips sample-streams --out profile.json
              gridwatch tune labels --clips clips --missed-cost 20 --keys min_blob,dwell
              gridwatch tune labels --clips clips --grid min_blob=0.0005,0.001,0.002 --folds 0
              gridwatch tune labels --clips clips --leave-one-out --out scenes.json
              gridwatch evaluate labels --clips clips --profile profile.json
            """
    )

    /// The settings that are moved when nothing is said: those that trade one kind of error for the other.
    private static let usualKeys = [
        "min_blob", "min_share", "dwell", "contrast_floor", "contrast_share", "noise_factor", "strong_share",
        "core_share", "soft_edges", "light_correlation", "background_seconds", "noise_seconds",
    ]

    @Argument(help: "Label files, or folders of them.") var labels: [String]
    @Option(help: "Folder of the clips that the labels name.") var clips: String
    @Option(help: "Write the profile here.") var out = "profile.json"
    @Option(help: "Write the report here.") var report = "tune.html"
    @Option(help: "What a missed event costs.") var missedCost = 1.0
    @Option(help: "What a false alert costs.") var falseCost = 1.0
    @Option(help: "Settings to move, comma-separated.") var keys: String?
    @Option(help: ArgumentHelp("Values to try of a setting instead of steps.", valueName: "key=a,b,c")) var grid:
        [String] = []
    @Option(help: "Rounds over all settings at most.") var rounds = 3
    @Option(help: "Parts of the scenes that are held out in turn; 0: each scene alone.") var folds = 5
    @Flag(help: "Hold out each scene alone, and print how each fares with what was found on all others.")
    var leaveOneOut = false
    @Option(help: "Keep scores in this file, and go on from it.") var state: String?
    @Option(help: "Clips at the same time; 0 takes one per core.") var workers = 0
    @OptionGroup var detection: DetectionOptions

    func run() async throws {
        let (start, sampling) = try detection.resolve()
        if case .gated = sampling {
            throw ValidationError(
                "--set sampling=\(sampling): tune every, Nfps or keyframes; the gate follows what detection sees"
            )
        }
        guard missedCost >= 0, falseCost >= 0, (1...20).contains(rounds) else {
            throw ValidationError("costs are 0 or more, --rounds is 1 to 20")
        }
        let grid = try self.grid.map(Self.values)
        let keys = try movedKeys(grid.map(\.key))
        let cost = TuneCost(missed: missedCost, falseAlert: falseCost)
        let search = TuneSearch(keys: keys, grid: Dictionary(uniqueKeysWithValues: grid), cost: cost, rounds: rounds)
        let threads = workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount
        let files = try Evaluator.labelFiles(labels).map { path throws(ReplayError) in try LabelFile.read(path) }
        let reels = try Self.reels(files, clips, ClipRun(rules: [], settings: start, sampling: sampling), threads)
        let journal = try state.map { path throws(ReplayError) in
            try TuneJournal(path: path, subject: "\(Version.text) \(sampling) \(files)")
        }
        let bench = TuneBench(reels: reels, workers: threads, journal: journal)
        let bar = ProgressBar("tuning")
        let tuning = try Tuning.run(bench, search, from: start, folds: leaveOneOut ? 0 : folds) { bar.show($0, $1) }
        bar.finish()
        let result = try TuneReport(tuning, bench, sampling: sampling.description, version: Version.text)
        try Data(result.profile.utf8).write(to: URL(fileURLWithPath: out))
        try Data(result.html.utf8).write(to: URL(fileURLWithPath: report))
        Console.out(leaveOneOut ? result.sceneTable + "\n" + result.text : result.text)
        Console.say("profile: \(out), report: \(report)")
    }

    private func movedKeys(_ grid: [String]) throws -> [String] {
        guard let keys else { return grid.isEmpty ? Self.usualKeys : grid }
        let wanted = keys.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        for key in wanted where DetectionSettings.range(of: key) == nil {
            throw ValidationError("--keys \(key): unknown; known are \(DetectionSettings.keys.joined(separator: ", "))")
        }
        return wanted + grid.filter { !wanted.contains($0) }
    }

    private static func values(_ text: String) throws -> (key: String, value: [Double]) {
        let parts = text.split(separator: "=", maxSplits: 1)
        let key = String(parts.first ?? "")
        guard parts.count == 2, let range = DetectionSettings.range(of: key) else {
            throw ValidationError(
                "--grid \(text): write it as key=a,b,c with a key that gridwatch config reference lists"
            )
        }
        let values = parts[1].split(separator: ",").map { Double($0.trimmingCharacters(in: .whitespaces)) }
        guard !values.isEmpty, values.allSatisfy({ $0.map(range.contains) == true }) else {
            throw ValidationError(
                "--grid \(text): values must be numbers of \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return (key, values.compactMap(\.self))
    }

    /// Decodes the clips, several at once; a clip that cannot be read is told and left out.
    static func reels(
        _ files: [LabelFile],
        _ folder: String,
        _ run: ClipRun,
        _ threads: Int
    ) throws -> [ClipReel] {
        let bar = ProgressBar("decoding")
        let reels = ReelDecoder.decode(files, clipsDirectory: folder, run: run, workers: threads) { done, clip, error in
            bar.show(Double(done) / Double(files.count), clip)
            if let error { Console.say("\(clip): \(error)") }
        }
        bar.finish()
        guard !reels.isEmpty else { throw ValidationError("no clip could be read: check --clips \(folder)") }
        return reels
    }
}
