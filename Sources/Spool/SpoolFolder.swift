internal import Flow
internal import Foundation
internal import GRDB

/// The counters of a spool and its voice.
struct SpoolMeters: Sendable {
    let rows: Metric
    let bytes: Metric
    let appended: Metric
    let removed: Metric
    let refused: Metric
    let quarantined: Metric
    let damaged: [SpoolFindings.Damage: Metric]
    let rebuilt: Metric
    let notice: @Sendable (String) -> Void

    init(meter: Meter, notice: @escaping @Sendable (String) -> Void) {
        rows = meter.gauge("gridwatch_spool_rows", "Alert records that wait in the spool.")
        bytes = meter.gauge("gridwatch_spool_bytes", "Bytes that the spool's database uses.")
        appended = meter.counter("gridwatch_spool_appended_total", "Alert records made durable.")
        removed = meter.counter("gridwatch_spool_removed_total", "Alert records taken away after delivery.")
        refused = meter.counter(
            "gridwatch_spool_refused_total",
            "Alert records refused because the spool or its disk was full, or the disk failed."
        )
        quarantined = meter.counter("gridwatch_spool_quarantined_total", "Damaged alert records set aside.")
        damaged = Dictionary(
            uniqueKeysWithValues: SpoolFindings.Damage.allCases.map { reason in
                (
                    reason,
                    meter.counter(
                        "gridwatch_spool_damaged_total",
                        "Alert records that damage to the disk or file has taken; those unreadable are counted by the gaps.",
                        labels: [("reason", reason.rawValue)]
                    )
                )
            }
        )
        rebuilt = meter.counter("gridwatch_spool_rebuilt_total", "Damaged spool databases moved aside.")
        self.notice = notice
    }

    func show(_ file: SpoolFile) {
        rows.set(file.rows)
        bytes.set(file.bytes)
    }
}

/// The folder of a spool: `current/` holds the database, `spool.bad-<n>/` a damaged one, `spool.reserve` disk space;
/// `beginning/` and `rebuilding/` hold one that is not complete yet.
///
/// A database and its write-ahead log only make sense together, so they move together: by renaming their folder.
struct SpoolFolder: Sendable {
    let directory: String
    let reserve: SpoolReserve

    /// File name of the database.
    static let database = "alerts.sqlite"
    private var current: String { directory + "/current" }
    private var rebuilding: String { directory + "/rebuilding" }
    private var beginning: String { directory + "/beginning" }

    init(directory: String, reserveBytes: Int) {
        self.directory = directory
        reserve = SpoolReserve(path: directory + "/spool.reserve", bytes: reserveBytes)
    }

    /// True when `error` says that the database cannot be trusted any more.
    static func isDamage(_ error: any Error) -> Bool {
        guard let failure = error as? DatabaseError else { return error is SpoolDamage }
        return switch failure.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_CONSTRAINT, .SQLITE_FORMAT: true
        // A missing table or column: our statements are constant, so the schema was damaged.
        case .SQLITE_ERROR: true
        case .SQLITE_IOERR: failure.extendedResultCode == .SQLITE_IOERR_SHORT_READ
        default: false
        }
    }

    /// True when `error` says that the disk has no room.
    static func isFull(_ error: any Error) -> Bool {
        (error as? DatabaseError)?.resultCode == .SQLITE_FULL
    }

    /// True when `error` says that the disk has no room, or does not take or give what it is asked for.
    static func isOfTheDisk(_ error: any Error) -> Bool {
        guard let failure = error as? DatabaseError, !isDamage(error) else { return false }
        return [.SQLITE_FULL, .SQLITE_IOERR, .SQLITE_READONLY, .SQLITE_CANTOPEN].contains(failure.resultCode)
    }

    /// Makes the folder, for its owner only.
    func create() throws(SpoolError) {
        try make(directory)
    }

    /// Opens the database; one that cannot be used is replaced by a new one that holds what could be read.
    func open(_ meters: SpoolMeters) throws(SpoolError) -> SpoolFile {
        let files = FileManager.default
        // A rebuild that was interrupted is complete exactly when the old folder has been moved away already.
        if files.fileExists(atPath: rebuilding) {
            if files.fileExists(atPath: current) {
                try attempt("removing an unfinished rebuild") { try files.removeItem(atPath: rebuilding) }
            } else {
                try move(rebuilding, to: current)
            }
        }
        let path = current + "/" + Self.database
        // A new one gets its name when it is complete: what stands under that name and is empty was not made by us.
        guard files.fileExists(atPath: current) else { return try begin() }
        do {
            try Self.check(path)
            let file = try SpoolFile(path: path)
            try syncFolders()
            return file
        } catch {
            if Self.isDamage(error) { return try rebuild(nil, because: error, meters) }
            throw SpoolError.from(error, "opening the database", in: directory)
        }
    }

    /// Makes a new database, complete before it gets its name.
    private func begin() throws(SpoolError) -> SpoolFile {
        try? FileManager.default.removeItem(atPath: beginning)
        try make(beginning)
        try attempt("making the database") {
            let file = try SpoolFile(path: beginning + "/" + Self.database)
            try file.close()
        }
        try move(beginning, to: current)
        return try attempt("opening the database") { try SpoolFile(path: current + "/" + Self.database) }
    }

    /// Finds damage that SQLite takes for an empty database, or for leftovers in its log.
    private static func check(_ path: String) throws {
        let size = SpoolBytes.size(path) ?? -1
        if size <= 0 {
            throw SpoolDamage(description: size < 0 ? "the file \(database) is gone" : "the file \(database) is empty")
        }
        // Of a file of a later format SQLite reads only; no version of it has made one.
        if let head = SpoolBytes(path: path)?.read(18, 2), head.contains(where: { $0 > 2 }) {
            throw SpoolDamage(description: "its header names a format that is not SQLite's")
        }
        guard let log = SpoolBytes(path: path + "-wal") else { return }
        let pageSize = SpoolLog.pageSize(log.read) ?? 4096
        if SpoolLog(log.read, size: log.size, pageSize: pageSize).isDamaged {
            throw SpoolDamage(description: "its write-ahead log is damaged")
        }
    }

    /// Replaces a damaged database by a new one that holds every row that could be read.
    ///
    /// `damaged` is nil when it could not be opened properly; `reason` says what was found.
    func rebuild(
        _ damaged: SpoolFile?,
        because reason: any Error,
        _ meters: SpoolMeters
    ) throws(SpoolError) -> SpoolFile {
        let action = "replacing a damaged database (\(reason))"
        let findings = try attempt(action) { () throws -> SpoolFindings in
            do {
                return try salvage()
            } catch {
                // What was written so far takes the room that is missing, and is made anew at the next try.
                try? FileManager.default.removeItem(atPath: rebuilding)
                guard Self.isFull(error), reserve.release() else { throw error }
                meters.notice("spool \(directory): the disk is full; its reserve is used to replace a damaged database")
            }
            do {
                return try salvage()
            } catch {
                try? FileManager.default.removeItem(atPath: rebuilding)
                throw error
            }
        }
        try? damaged?.close()
        let aside = try freeName()
        try move(current, to: aside)
        try move(rebuilding, to: current)
        var file = try attempt(action) { try SpoolFile(path: current + "/" + Self.database) }
        if let damaged { file.skip(to: damaged.nextSequence) }
        meters.rebuilt.add()
        meters.quarantined.add(findings.damaged[.checksum] ?? 0)
        for (cause, count) in findings.damaged { meters.damaged[cause]?.add(count) }
        meters.notice(
            "spool \(directory): the database was damaged (\(reason)) and was moved to \(aside); a new one holds "
                + "\(findings.summary); check the disk; `gridwatch spool inspect \(aside)` shows more"
        )
        return file
    }

    /// Makes a new database of every row of the damaged one that is whole.
    private func salvage() throws -> SpoolFindings {
        try? FileManager.default.removeItem(atPath: rebuilding)
        try make(rebuilding)
        var new = try SpoolFile(path: rebuilding + "/" + Self.database)
        do {
            let findings = try new.salvage(from: SpoolBytes.image(current + "/" + Self.database))
            try new.close()
            return findings
        } catch {
            try? new.close()
            throw error
        }
    }

    private func freeName() throws(SpoolError) -> String {
        for number in 1...9999 {
            let name = directory + "/spool.bad-\(number)"
            if !FileManager.default.fileExists(atPath: name) { return name }
        }
        throw SpoolError(.damaged, "spool \(directory): 9999 damaged databases lie here: replace the disk, clean up")
    }

    private func make(_ path: String) throws(SpoolError) {
        try attempt("making the folder \(path)") {
            try FileManager.default.createDirectory(
                atPath: path,
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700]
            )
        }
    }

    private func move(_ from: String, to target: String) throws(SpoolError) {
        guard rename(from, target) == 0 else {
            let reason = String(cString: strerror(errno))
            throw SpoolError(.cannotOpen, "spool \(directory): \(from) cannot be moved to \(target): \(reason)")
        }
        try syncFolders()
    }

    /// A new name is only durable when its folder has been synced too.
    private func syncFolders() throws(SpoolError) {
        for path in [current, directory] {
            let descriptor = Foundation.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard fsync(descriptor) == 0 else {
                let reason = String(cString: strerror(errno))
                throw SpoolError(.diskFailed, "spool \(directory): \(path) cannot be synced: \(reason)")
            }
        }
    }

    private func attempt<Result>(_ action: String, _ body: () throws -> Result) throws(SpoolError) -> Result {
        do {
            return try body()
        } catch {
            throw SpoolError.from(error, action, in: directory)
        }
    }
}
