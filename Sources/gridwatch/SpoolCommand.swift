import ArgumentParser
import Flow
import Foundation
import Spool

struct SpoolCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spool",
        abstract: "Looks into the spool of a process, and saves the alerts of a damaged one.",
        discussion: """
            The daemon saves what it can of a damaged spool by itself and keeps the old files in spool.bad-…; these
            commands are for looking at such files, and for files that were copied from another disk. They read the files
            without SQLite, page by page, and change nothing in them.

            Examples:
              gridwatch spool inspect /var/lib/gridwatch/spool
              gridwatch spool inspect --json /var/lib/gridwatch/spool/spool.bad-1
              gridwatch spool salvage /mnt/old-disk/spool --into /var/lib/gridwatch/spool-900
            """,
        subcommands: [SpoolInspectCommand.self, SpoolSalvageCommand.self]
    )
}

struct SpoolInspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Says how many alerts a spool holds and what is damaged; exits with 1 when something is."
    )

    @Argument(help: "The database file, the folder that it lies in, or the folder of a spool.") var path: String
    @Flag(help: "Print JSON.") var json = false

    func run() throws {
        let salvage = try SpoolSalvage(path: path)
        var (first, last): (MediaTime?, MediaTime?) = (nil, nil)
        var cameras: Set<String> = []
        let findings = try salvage.read { record in
            first = min(first ?? record.statedAt, record.statedAt)
            last = max(last ?? record.statedAt, record.statedAt)
            cameras.insert(record.camera)
        }
        guard !findings.isForeign else { throw NoSpool(path: salvage.path, isEmpty: findings.isEmpty) }
        let report = SpoolReport(salvage, findings, first, last, cameras: cameras.count)
        Console.out(json ? try report.json() : report.text)
        if !report.isWhole { throw ExitCode(1) }
    }
}

struct SpoolSalvageCommand: ParsableCommand {
    /// Records committed at once.
    private static let batch = 500

    static let configuration = CommandConfiguration(
        commandName: "salvage",
        abstract: "Copies every alert that is whole into a spool, from which the daemon delivers it.",
        discussion: """
            A new folder beside the daemon's own, named spool- and a number of at least ingest.processes, is taken over at
            the daemon's next start. Alerts that the database has already are not doubled by that.
            """
    )

    @Argument(help: "The database file, the folder that it lies in, or the folder of a spool.") var path: String
    @Option(help: "Folder of the spool that gets them; made when it is missing, must not be in use.") var into: String
    @Option(help: "Largest size of that spool, MiB.") var maxMb = 4096

    func validate() throws {
        guard (1...1_048_576).contains(maxMb) else { throw ValidationError("--max-mb: 1 to 1048576") }
    }

    func run() throws {
        let salvage = try SpoolSalvage(path: path)
        guard !salvage.isDatabase(of: into) else {
            throw ValidationError("--into \(into): this is the spool that is to be saved; name another folder")
        }
        let target = SalvageTarget(directory: into, capacityBytes: maxMb << 20)
        var waiting: [AlertRecord] = []
        let findings = try salvage.read { record in
            waiting.append(record)
            guard waiting.count >= Self.batch else { return }
            try target.append(waiting)
            waiting = []
        }
        guard !findings.isForeign else { throw NoSpool(path: salvage.path, isEmpty: findings.isEmpty) }
        try target.append(waiting)
        if let holder = salvage.holder {
            Console.out("\(salvage.path): process \(holder) has it open, and delivers what is in it by itself")
        }
        Console.out("\(salvage.path): \(findings.summary)")
        Console.out(
            target.saved == 0
                ? "nothing to save: \(into) is as it was"
                : "\(into): \(target.saved) saved, \(target.close()) alerts wait there now"
        )
    }
}

/// The spool that gets what is saved; made with the first alert, so that nothing comes of a file without any.
private final class SalvageTarget {
    let directory: String
    let capacityBytes: Int
    private(set) var saved = 0
    private var spool: AlertSpool?

    init(directory: String, capacityBytes: Int) {
        self.directory = directory
        self.capacityBytes = capacityBytes
    }

    func append(_ records: [AlertRecord]) throws {
        guard !records.isEmpty else { return }
        let spool = try spool ?? AlertSpool(directory: directory, capacityBytes: capacityBytes)
        self.spool = spool
        do throws(SpoolError) {
            try spool.append(records)
        } catch {
            guard error.code == .full else { throw error }
            throw SpoolError(
                .full,
                "\(directory) is full after \(saved) alerts: raise --max-mb (\(capacityBytes >> 20) now), or make room on its "
                    + "disk, remove \(directory) and begin again"
            )
        }
        saved += records.count
    }

    /// Ends it.
    ///
    /// - Returns: How many alerts wait there.
    func close() -> Int {
        defer { spool?.close() }
        return spool?.count ?? 0
    }
}

/// A file that is no spool.
private struct NoSpool: Error, CustomStringConvertible {
    let path: String
    let isEmpty: Bool

    var description: String {
        isEmpty
            ? "\(path) is empty: it holds no alert, nor what is left of one"
            : "\(path) is no spool of Gridwatch: no alert was found in it, whole or damaged"
    }
}

/// What `spool inspect` prints.
private struct SpoolReport: Encodable {
    let file: String
    /// The process that has it open.
    let usedBy: String?
    let isWhole: Bool
    let intact: Int
    let strange: Int
    let damaged: [String: Int]
    let pages: Int
    let damagedPages: Int
    let pageBytes: Int
    let headerIsWhole: Bool
    let logIsDamaged: Bool
    let firstNumber: Int64?
    let lastNumber: Int64?
    let firstStated: String?
    let lastStated: String?
    let cameras: Int

    init(_ salvage: SpoolSalvage, _ found: SpoolFindings, _ first: MediaTime?, _ last: MediaTime?, cameras: Int) {
        func time(_ time: MediaTime?) -> String? {
            time.map { Date(timeIntervalSince1970: $0.seconds).ISO8601Format() }
        }
        file = salvage.path
        usedBy = salvage.holder
        isWhole =
            found.damaged.isEmpty && found.damagedPages == 0 && found.headerIsWhole && !found.logIsDamaged
            && found.strange == 0
        intact = found.intact
        strange = found.strange
        damaged = Dictionary(uniqueKeysWithValues: found.damaged.map { ($0.key.rawValue, $0.value) })
        pages = found.pages
        damagedPages = found.damagedPages
        pageBytes = found.pageSize
        headerIsWhole = found.headerIsWhole
        logIsDamaged = found.logIsDamaged
        firstNumber = found.numbers?.lowerBound
        lastNumber = found.numbers?.upperBound
        firstStated = time(first)
        lastStated = time(last)
        self.cameras = cameras
    }

    func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    var text: String {
        var lines = ["\(file): \(isWhole ? "whole" : "damaged")"]
        if let usedBy { lines.append("in use by process \(usedBy): what stands here is of this moment") }
        lines.append("alerts that are whole: \(intact), of \(cameras) cameras")
        if strange > 0 { lines.append("of these in a form that this version of Gridwatch does not know: \(strange)") }
        if let firstNumber, let lastNumber { lines.append("rows: \(firstNumber) to \(lastNumber)") }
        if let firstStated, let lastStated { lines.append("stated: \(firstStated) to \(lastStated)") }
        if let count = damaged["checksum"] { lines.append("lost, checksum does not match: \(count)") }
        if let count = damaged["unreadable"] { lines.append("lost, cannot be read (by the gaps): about \(count)") }
        lines.append("pages: \(pages) of \(pageBytes) bytes, \(damagedPages) of them damaged")
        if !headerIsWhole { lines.append("the header of the file is damaged") }
        if logIsDamaged { lines.append("the write-ahead log is damaged before its end") }
        if !isWhole { lines.append("save what is whole with: gridwatch spool salvage \(file) --into FOLDER") }
        return lines.joined(separator: "\n")
    }
}
