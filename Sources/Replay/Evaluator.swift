internal import Detection
internal import Foundation
internal import Synchronization

/// How far an evaluation has come.
public struct EvaluationProgress: Sendable, Hashable {
    /// The clip that was finished.
    public var clip: String
    /// Clips finished, this one included.
    public var done: Int
    /// Clips in all.
    public var total: Int
    /// Why the clip failed; nil when it did not.
    public var error: String?
}

/// Runs labelled clips through detection and scores the alerts.
public enum Evaluator {
    /// Reads label files and runs their clips on `workers` threads.
    ///
    /// The results are the same, in the same order, for any number of workers. A clip that cannot be read is a failure
    /// of that clip alone. Blocks until all clips are done: not for event loops or Swift tasks.
    ///
    /// - Parameters:
    ///   - labels: Label files, or folders whose `*.json` files are taken in the order of their names.
    ///   - clipsDirectory: The folder that the clips lie in.
    ///   - workers: Threads, at least 1.
    ///   - analyze: Runs one clip; called on the threads, for several clips at once. Settings and sampling are its own.
    ///   - progress: Called after each clip, on a thread of the pool, never twice at once.
    /// - Returns: Scores and failures.
    /// - Throws: `ReplayError` when there are no labels or one of them cannot be used.
    public static func run(
        labels: [String],
        clipsDirectory: String,
        workers: Int,
        analyze: @escaping @Sendable (ClipJob) throws -> ClipOutcome,
        progress: @escaping @Sendable (EvaluationProgress) -> Void = { _ in }
    ) throws(ReplayError) -> Evaluation {
        let files = try labelFiles(labels).map { path throws(ReplayError) in try LabelFile.read(path) }
        let outcomes = runClips(files, clipsDirectory, workers, analyze, progress)
        return score(files, outcomes)
    }

    /// The label files that are named, and those of the folders that are named; of a folder that has none itself, those
    /// of the folders in it.
    ///
    /// - Throws: `noLabels` when there is none.
    public static func labelFiles(_ labels: [String]) throws(ReplayError) -> [String] {
        var paths: [String] = []
        for label in labels {
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: label, isDirectory: &isFolder), isFolder.boolValue else {
                paths.append(label)
                continue
            }
            let names = (try? FileManager.default.contentsOfDirectory(atPath: label)) ?? []
            let own = names.filter { $0.hasSuffix(".json") }.sorted().map { label + "/" + $0 }
            paths += own.isEmpty ? names.sorted().flatMap { inner in files(in: label + "/" + inner) } : own
        }
        guard !paths.isEmpty else {
            let given = labels.joined(separator: " ")
            throw ReplayError(.noLabels, "no label files in '\(given)': give *.json files or folders of them")
        }
        return paths
    }

    private static func files(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix(".json") }.sorted().map { folder + "/" + $0 }
    }

    /// Runs the clips, several at once.
    private static func runClips(
        _ files: [LabelFile],
        _ clipsDirectory: String,
        _ workers: Int,
        _ analyze: @escaping @Sendable (ClipJob) throws -> ClipOutcome,
        _ progress: @escaping @Sendable (EvaluationProgress) -> Void
    ) -> [Int: Result<ClipOutcome, ClipFailure>] {
        let taken = files.indices.filter { !files[$0].rules.isEmpty }
        let state = Mutex([Int: Result<ClipOutcome, ClipFailure>]())
        ClipThreads.forEach(taken, longestFirst: { files[$0].duration }, workers: workers) { index in
            let result = runClip(files[index], clipsDirectory, analyze)
            state.withLock { outcomes in
                outcomes[index] = result
                progress(
                    EvaluationProgress(
                        clip: files[index].clip,
                        done: outcomes.count,
                        total: taken.count,
                        error: result.failure
                    )
                )
            }
        }
        return state.withLock(\.self)
    }

    private static func runClip(
        _ file: LabelFile,
        _ clipsDirectory: String,
        _ analyze: @Sendable (ClipJob) throws -> ClipOutcome
    ) -> Result<ClipOutcome, ClipFailure> {
        let path = clipsDirectory + "/" + file.clip
        do {
            guard FileManager.default.fileExists(atPath: path) else {
                throw ReplayError(.clipMissing, "\(path) is not there: check --clips")
            }
            let rules = file.rules.map(\.rule)
            let outcome = try analyze(ClipJob(clip: file.clip, path: path, rules: rules))
            guard outcome.duration >= file.duration - 1 else {
                let seconds = String(format: "%.2f s, its labels speak of %.2f s", outcome.duration, file.duration)
                throw ReplayError(.clipTruncated, "\(path) ends at \(seconds): it is truncated or another clip")
            }
            return .success(outcome)
        } catch {
            return .failure(ClipFailure(message: "\(error)"))
        }
    }

    private static func score(_ files: [LabelFile], _ outcomes: [Int: Result<ClipOutcome, ClipFailure>]) -> Evaluation {
        var evaluation = Evaluation(results: [], failures: [], cpuSeconds: 0, clipSeconds: 0)
        for (index, file) in files.enumerated() {
            switch outcomes[index] {
            case .success(let outcome):
                evaluation.results += file.rules.map { score($0, file, outcome) }
                evaluation.cpuSeconds += outcome.cpuSeconds
                evaluation.clipSeconds += file.duration
            case .failure(let failure):
                evaluation.failures.append(Evaluation.Failure(clip: file.clip, message: failure.message))
            case nil:
                continue
            }
        }
        return evaluation
    }

    private static func score(_ labels: LabelledRule, _ file: LabelFile, _ outcome: ClipOutcome) -> RuleResult {
        let alerts = outcome.alerts.filter { $0.rule == labels.rule.id }.map(\.span)
            .sorted { ($0.start, $0.end) < ($1.start, $1.end) }
        return RuleResult(
            clip: file.clip,
            labels: labels,
            conditions: file.conditions,
            seconds: file.duration,
            alerts: alerts,
            looks: outcome.looks
        )
    }
}

/// Why one clip failed, in words.
private struct ClipFailure: Error {
    let message: String
}

extension Result where Success == ClipOutcome, Failure == ClipFailure {
    fileprivate var failure: String? {
        guard case .failure(let failure) = self else { return nil }
        return failure.message
    }
}
