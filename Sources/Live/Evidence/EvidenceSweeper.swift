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
/// never what an alert of an open case points to, nor what a statement that still waits brings, and nothing while the
/// database is away or the clock is not to be believed (`SweepClock`). One a machine; two over one directory do no harm.
public struct EvidenceSweeper: Service {
    /// Files that one turn looks at.
    static let batch = 500
    /// Seconds between two turns of a walk.
    private static let turnInterval = 5.0
    /// Seconds between two walks.
    private static let walkInterval = 3600.0
    /// Seconds between two notes of when it was swept.
    private static let markInterval = 600.0
    /// Shortest wait after a walk that failed, seconds, and how many must fail in a row before that is told as a problem.
    private static let retryInterval = 60.0
    private static let patience = 4
    /// Part of the files of the walk before that one walk of the daemon removes at most, and how many always.
    private static let mostShare = 10
    private static let mostAlways = 2000
    /// The file in the directory that says when it was last swept.
    static let markName = ".swept"

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
        /// Why the walk ended before its end: the clock is not to be believed; nil when it did not.
        public var held: String?
        /// Whether there was more to remove than one walk does.
        public var isBounded = false
    }

    /// What the daemon's walks know of each other.
    struct Rounds: Sendable {
        fileprivate var clock: SweepClock
        fileprivate var files = 0
    }

    private let directory: String
    private let spools: String?
    private let retention: EvidenceRetention
    private let clocks: Clocks
    private let health: HealthBoard
    private let isHeld: Metric
    private let removed: [EvidenceRemoval: Metric]
    private let removedBytes: Metric
    private let failed: Metric
    private let logger: Logger

    /// Makes a sweeper over the evidence directory of the settings.
    ///
    /// `health`: hears that it fails again and again.
    public init(
        _ settings: DaemonSettings.Storage,
        database: PostgresPool,
        meter: Meter,
        health: HealthBoard,
        logger: Logger
    ) {
        let policy = EvidencePolicy(days: settings.evidenceDays, looseHours: settings.evidenceLooseHours)
        self.init(
            directory: settings.evidenceDirectory,
            spools: settings.spoolDirectory(slot: 0),
            retention: EvidenceRetention(pool: database, policy: policy),
            meter: meter,
            health: health,
            logger: logger
        )
    }

    /// Makes a sweeper over `directory`; `spools`: the spool of the first process, beside which the others lie.
    init(
        directory: String,
        spools: String?,
        retention: EvidenceRetention,
        meter: Meter,
        health: HealthBoard = HealthBoard(),
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.directory = directory
        self.spools = spools
        self.retention = retention
        self.clocks = clocks
        self.health = health
        self.isHeld = meter.gauge(
            "gridwatch_evidence_sweep_held",
            "1 while nothing of the evidence directory is removed, because the clock is not to be believed."
        )
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
            var rounds = beginRounds()
            var backoff = Backoff(base: Self.retryInterval, cap: Self.walkInterval)
            var failures = 0
            while !Task.isCancelled {
                var wait = Self.walkInterval
                do {
                    tell(try await round(&rounds, pause: Self.turnInterval))
                    backoff.succeeded()
                    failures = 0
                    health.report("evidence sweep", problem: nil)
                } catch {
                    wait = backoff.failed(random: Double.random(in: 0..<1))
                    failures += 1
                    logger.warning(
                        "evidence could not be swept",
                        metadata: ["error": "\(error)", "again_in_s": "\(Int(wait.rounded(.up)))"]
                    )
                    if failures >= Self.patience {
                        let problem = "pictures whose time is over cannot be removed, the disk fills up: \(error)"
                        health.report("evidence sweep", problem: problem)
                    }
                }
                try? await Task.sleep(for: .seconds(wait))
            }
        }
    }

    private func tell(_ report: Report) {
        if let held = report.held {
            logger.warning(
                "evidence is not swept",
                metadata: [
                    "why": "\(held)", "todo": "check the clock; gridwatch evidence --dry-run shows what would go",
                ]
            )
        }
        guard !report.removed.isEmpty || report.failed > 0 else { return }
        logger.info(
            "evidence swept",
            metadata: [
                "removed": "\(report.removed)", "bytes": "\(report.bytes)", "failed": "\(report.failed)",
                "more_waits": "\(report.isBounded)",
            ]
        )
    }

    /// What the daemon's first walk knows: when an earlier process walked.
    func beginRounds() -> Rounds { Rounds(clock: SweepClock(mark: mark)) }

    /// One of the daemon's walks: by a clock that is believed, and not too much at once.
    func round(_ rounds: inout Rounds, pause: Double) async throws -> Report {
        let most = max(Self.mostAlways, rounds.files / Self.mostShare)
        var clock = rounds.clock
        var markedAt = -Double.infinity
        defer { rounds.clock = clock }
        let report = try await walk(isTrial: false, now: nil, pause: pause, most: most) {
            let (wall, monotonic) = (clocks.wall().seconds, clocks.monotonic())
            if let problem = clock.problem(wall: wall, monotonic: monotonic) { return problem }
            // A walk over millions of files takes a day.
            if monotonic - markedAt >= Self.markInterval {
                markedAt = monotonic
                setMark()
            }
            return nil
        }
        isHeld.set(report.held == nil ? 0 : 1)
        if report.held == nil {
            rounds.files = report.files
            setMark()
        }
        return report
    }

    /// Notes that pictures are swept now; on a full disk the next process waits for half a day instead.
    private func setMark() {
        try? Data("\(clocks.wall().microseconds)\n".utf8).write(to: URL(filePath: markPath), options: .atomic)
    }

    private var markPath: String { "\(directory)/\(Self.markName)" }

    /// Wall time of the last walk of a daemon, seconds; nil when none is known.
    private var mark: Double? {
        guard let text = try? String(contentsOfFile: markPath, encoding: .utf8) else { return nil }
        return Int64(text.trimmingCharacters(in: .whitespacesAndNewlines)).map { Double($0) / 1e6 }
    }

    /// Why a sweep now would go by an odd clock; nil when it would not, or when no daemon has swept yet.
    public var clockProblem: String? {
        mark.flatMap { SweepClock.oddGap(since: $0, wall: clocks.wall().seconds) }
    }

    /// Walks the whole directory once, because somebody wants it.
    ///
    /// - Parameters:
    ///   - isTrial: True to remove nothing and to mark nothing.
    ///   - now: What is judged by; nil for the clock of this machine or that of the database, whichever is earlier.
    /// - Returns: What was done.
    /// - Throws: `PostgresError` when the database is away, `CancellationError`; what went until then stays gone.
    public func sweep(isTrial: Bool = false, now: Date? = nil) async throws -> Report {
        try await walk(isTrial: isTrial, now: now, pause: 0, most: .max) { nil }
    }

    /// Walks; `most`: files that are removed at most, `problem`: asked before each batch why nothing may go.
    private func walk(
        isTrial: Bool,
        now: Date?,
        pause: Double,
        most: Int,
        problem: () -> String?
    ) async throws -> Report {
        var report = Report()
        var walk = EvidenceWalk(directory: directory)
        var waiting: WaitingPictures?
        var count = 0
        while true {
            let files = walk.next(Self.batch)
            if files.isEmpty { return report }
            report.files += files.count
            // The rest is only counted, for the bound of the next walk.
            if report.isBounded { continue }
            if let why = problem() {
                report.held = why
                return report
            }
            var removals = try await judge(files, now, isTrial)
            if waiting == nil, removals.contains(where: { $0.1 == .unknown }) {
                // First what waits, then the database: what was delivered in between is known to one of them.
                waiting = await readWaiting()
                removals = try await judge(files, now, isTrial)
            }
            for (file, why) in removals where why != .unknown || waiting?.contains(file.path) == false {
                guard count < most else {
                    report.isBounded = true
                    break
                }
                count += 1
                remove(file, why, isTrial, &report)
            }
            if pause > 0 { try await Task.sleep(for: .seconds(pause)) }
            try Task.checkCancellation()
        }
    }

    private func judge(
        _ files: [EvidenceRetention.File],
        _ now: Date?,
        _ isTrial: Bool
    ) async throws -> [(EvidenceRetention.File, EvidenceRemoval)] {
        let own = Date(timeIntervalSince1970: clocks.wall().seconds)
        let time = if let now { now } else { min(own, try await retention.databaseTime()) }
        do {
            return try await retention.judge(files, now: time, isTrial: isTrial)
        } catch let error as PostgresError where error.fault != .server && files.count > 1 {
            // Too many for the time that a statement has, or one of them is to blame: the others go on.
            let middle = files.count / 2
            return try await judge(Array(files[..<middle]), time, isTrial)
                + judge(Array(files[middle...]), time, isTrial)
        }
    }

    /// What waits in the spools; on a thread of its own, since it may take seconds.
    private func readWaiting() async -> WaitingPictures {
        guard let spools else { return WaitingPictures() }
        return await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async {
                do {
                    continuation.resume(returning: try WaitingPictures(besides: spools))
                } catch {
                    logger.warning(
                        "pictures of alerts that are not known stay: a spool cannot be read",
                        metadata: ["error": "\(error)"]
                    )
                    continuation.resume(returning: .everything)
                }
            }
        }
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
            if inside == EvidenceSweeper.markName { continue }
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
