public import Flow
public import Foundation
public import Logging
public import Postgres
public import ServiceLifecycle
public import Settings
internal import Store

/// Removes files of the evidence directory whose time is over, a bounded number at a time.
///
/// It walks the directory from the oldest day on, asks the database about each batch of files, and deletes what may go:
/// never what an alert of an open case points to, and nothing while the database is away. One a machine; two over one
/// directory do no harm.
public struct EvidenceSweeper: Service {
    /// Files that one turn looks at.
    static let batch = 500
    /// Seconds between two turns of a walk.
    private static let turnInterval = 5.0
    /// Seconds between two walks.
    private static let walkInterval = 3600.0

    /// What a walk did, or as a trial would have done.
    public struct Report: Sendable, Hashable, Encodable {
        /// Files that were looked at.
        public var files = 0
        /// Files that went, by why.
        public var removed: [String: Int] = [:]
        /// Bytes of those.
        public var bytes = 0
        /// Files that should have gone and could not be deleted.
        public var failed = 0
    }

    private let directory: String
    private let retention: EvidenceRetention
    private let removed: [EvidenceRemoval: Metric]
    private let removedBytes: Metric
    private let failed: Metric
    private let logger: Logger

    /// Makes a sweeper over the evidence directory of the settings.
    public init(_ settings: DaemonSettings.Storage, database: PostgresPool, meter: Meter, logger: Logger) {
        let policy = EvidencePolicy(days: settings.evidenceDays, looseHours: settings.evidenceLooseHours)
        self.init(
            directory: settings.evidenceDirectory,
            retention: EvidenceRetention(pool: database, policy: policy),
            meter: meter,
            logger: logger
        )
    }

    /// Makes a sweeper over `directory`.
    init(directory: String, retention: EvidenceRetention, meter: Meter, logger: Logger) {
        self.directory = directory
        self.retention = retention
        self.logger = logger
        let pairs = EvidenceRemoval.allCases.map { reason in
            let help = "Files of the evidence directory that were removed, by why."
            return (reason, meter.counter("gridwatch_evidence_removed_total", help, labels: [("why", reason.rawValue)]))
        }
        self.removed = Dictionary(uniqueKeysWithValues: pairs)
        self.removedBytes = meter.counter(
            "gridwatch_evidence_removed_bytes_total",
            "Bytes of files of the evidence directory that were removed."
        )
        self.failed = meter.counter(
            "gridwatch_evidence_removal_failures_total",
            "Files of the evidence directory that should have gone and could not be deleted."
        )
    }

    /// Walks the directory again and again until the service group stops it.
    public func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    let report = try await sweep(pause: Self.turnInterval)
                    if !report.removed.isEmpty || report.failed > 0 {
                        logger.info(
                            "evidence swept",
                            metadata: ["removed": "\(report.removed)", "bytes": "\(report.bytes)"]
                        )
                    }
                } catch {
                    logger.warning(
                        "evidence could not be swept; it is tried again in an hour",
                        metadata: ["error": "\(error)"]
                    )
                }
                try? await Task.sleep(for: .seconds(Self.walkInterval))
            }
        }
    }

    /// Walks the whole directory once.
    ///
    /// - Parameters:
    ///   - isTrial: True to remove nothing and to mark nothing.
    ///   - now: What is judged by.
    ///   - pause: Seconds between two batches.
    /// - Returns: What was done.
    /// - Throws: `PostgresError` when the database is away, `CancellationError`; what went until then stays gone.
    public func sweep(isTrial: Bool = false, now: Date = Date(), pause: Double = 0) async throws -> Report {
        var report = Report()
        var walk = EvidenceWalk(directory: directory)
        while true {
            let files = walk.next(Self.batch)
            if files.isEmpty { break }
            report.files += files.count
            for (file, why) in try await retention.judge(files, now: now, isTrial: isTrial) {
                remove(file, why, isTrial, &report)
            }
            if pause > 0 { try await Task.sleep(for: .seconds(pause)) }
            try Task.checkCancellation()
        }
        return report
    }

    private func remove(
        _ file: EvidenceRetention.File,
        _ why: EvidenceRemoval,
        _ isTrial: Bool,
        _ report: inout Report
    ) {
        let path = "\(directory)/\(file.path)"
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let size = attributes?[.size] as? Int ?? 0
        guard isTrial || unlink(path) == 0 || errno == ENOENT else {
            report.failed += 1
            failed.add()
            return
        }
        report.removed[why.rawValue, default: 0] += 1
        report.bytes += size
        guard !isTrial else { return }
        removed[why]?.add()
        removedBytes.add(size)
    }
}

/// Walks the evidence directory in order of path: the days from the oldest on, then the folders of tasks.
///
/// Holds the names of one folder at a time. Folders that are empty are removed on the way.
struct EvidenceWalk {
    private let directory: String
    /// Folders that are still to be looked into, the next one last.
    private var folders: [String] = [""]
    private var files: [String] = []

    init(directory: String) {
        self.directory = directory
    }

    /// The next files, at most `count`; none at the end.
    mutating func next(_ count: Int) -> [EvidenceRetention.File] {
        var found: [EvidenceRetention.File] = []
        while found.count < count {
            if let path = files.popLast() {
                var facts = stat()
                guard lstat("\(directory)/\(path)", &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { continue }
                let modified = Date(timeIntervalSince1970: Double(facts.st_mtim.tv_sec))
                found.append(EvidenceRetention.File(path: path, modifiedAt: modified))
            } else if let folder = folders.popLast() {
                open(folder)
            } else {
                break
            }
        }
        return found
    }

    private mutating func open(_ folder: String) {
        let path = folder.isEmpty ? directory : "\(directory)/\(folder)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        // Fails where something is in it, and a new day's folder gets its first file at once or is made again.
        if names.isEmpty, !folder.isEmpty, isOld(path) { rmdir(path) }
        for name in names.sorted(by: >) {
            let inside = folder.isEmpty ? name : "\(folder)/\(name)"
            var facts = stat()
            guard lstat("\(directory)/\(inside)", &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFDIR { folders.append(inside) } else { files.append(inside) }
        }
    }

    private func isOld(_ path: String) -> Bool {
        var facts = stat()
        return lstat(path, &facts) == 0 && time(nil) - facts.st_mtim.tv_sec > 2 * 86_400
    }
}
