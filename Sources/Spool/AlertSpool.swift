public import Flow
internal import Foundation
internal import GRDB
internal import Synchronization

/// An alert record on its way to the database, with its place in the spool.
public struct SpooledAlert: Sendable, Hashable {
    /// The number of the row: grows with every record, never given twice while the file lives.
    public let sequence: Int64
    /// The record as it was appended.
    public let record: AlertRecord

    /// Makes a pair.
    public init(sequence: Int64, record: AlertRecord) {
        self.sequence = sequence
        self.record = record
    }
}

/// The durable queue between the rules and the database: what `append` has accepted survives a crash and a power cut.
///
/// At least once, in order: records come out by `next` again and again until `remove` takes them away, so the reader
/// must be idempotent (`AlertRecord.id` is made for that). Each row carries a checksum; a damaged row goes to a
/// quarantine table, a damaged database goes aside to `spool.bad-<n>` after all that can be read was taken over.
///
/// Every call blocks on the disk: call from a thread of your own, never from an event loop or a Swift task. Calls from
/// several threads run one after the other.
public final class AlertSpool: Sendable {
    /// The folder that the spool owns.
    public let directory: String
    /// Most bytes that the database may use; a sixteenth of it (at most 16 MiB) is kept free for recovery.
    public let capacityBytes: Int

    private struct State: ~Copyable {
        let folder: SpoolFolder
        /// Both nil once the spool is closed; the lock goes last.
        var file: SpoolFile?
        var lock: SpoolLock?
    }

    private let state: Mutex<State>
    private let meters: SpoolMeters

    /// Opens the spool in `directory`, or begins one.
    ///
    /// - Parameters:
    ///   - directory: Made when it is missing; must be on a local disk.
    ///   - capacityBytes: At least 1 MiB.
    ///   - meter: Where the counters `gridwatch_spool_…` are made.
    ///   - notice: Called with a sentence for the operator when a damaged database or row was found; without one it
    ///     goes to standard error.
    /// - Throws: `locked`, `cannotOpen`, `newerFormat`, `full` or `diskFailed`. Damage does not throw.
    public init(
        directory: String,
        capacityBytes: Int,
        meter: Meter = Meter(),
        notice: (@Sendable (String) -> Void)? = nil
    ) throws(SpoolError) {
        precondition(capacityBytes >= 1 << 20, "a spool holds at least 1 MiB")
        self.directory = directory
        self.capacityBytes = capacityBytes
        meters = SpoolMeters(meter: meter, notice: notice ?? Self.tellStandardError)
        let folder = SpoolFolder(directory: directory, reserveBytes: Self.reserveBytes(capacityBytes))
        try folder.create()
        let lock = try SpoolLock(directory: directory)
        let file = try folder.open(meters)
        folder.reserve.hold()
        meters.show(file)
        state = Mutex(State(folder: folder, file: file, lock: lock))
    }

    /// Identity of this spool's database as a UUID in lower case; a rebuilt database has a new one.
    public var uuid: String {
        get throws(SpoolError) { try withFile("reading the identity") { $0.uuid } }
    }

    /// Records that wait; 0 once the spool is closed.
    public var count: Int { state.withLock { $0.file?.rows ?? 0 } }

    /// Bytes that the database uses now; its write-ahead log adds about 4 MB.
    public var bytes: Int { state.withLock { $0.file?.bytes ?? 0 } }

    /// Damaged rows that lie in the quarantine table, at most 10,000.
    public var quarantined: Int {
        get throws(SpoolError) { try withFile("counting the quarantine") { try $0.quarantined() } }
    }

    /// The newest alert of each rule; those that the process before this one left, too.
    ///
    /// Whatever was taken over from a damaged database is not among them.
    public var lastAlerts: [LastAlert] {
        get throws(SpoolError) { try withFile("reading the last alerts") { try $0.lastAlerts() } }
    }

    /// When the oldest waiting record was stated; nil when none waits.
    public var oldest: MediaTime? {
        get throws(SpoolError) { try next(limit: 1).first?.record.statedAt }
    }

    /// Takes `records` in their order: when this returns, they are on the disk.
    ///
    /// One call is one commit, and a commit waits for the disk: hand over records in groups.
    ///
    /// `areCurrent`: whether their alerts are the newest of their rules, see `lastAlerts`; false for what is old.
    ///
    /// - Throws: `full` when capacity or disk is used up, and then none of them was taken; `diskFailed`, `closed`.
    public func append(_ records: [AlertRecord], areCurrent: Bool = true) throws(SpoolError) {
        guard !records.isEmpty else { return }
        let bodies = try records.map(encode)
        let last = Dictionary(
            (areCurrent ? records : []).map { (LastAlert.key(camera: $0.camera, rule: $0.rule), LastAlert($0)) }
        ) { $1 }
        let size = bodies.reduce(0) { $0 + $1.count + 32 }
        let room = capacityBytes - Self.reserveBytes(capacityBytes)
        do throws(SpoolError) {
            // The reserve is for taking records out, not for more of them.
            try withFile("writing \(records.count) alerts", mayUseReserve: false) { file in
                guard file.bytes + size <= room else { throw self.capacityError(file) }
                try file.append(bodies, last: Array(last.values))
            }
            meters.appended.add(records.count)
        } catch {
            if error.code != .closed { meters.refused.add(records.count) }
            throw error
        }
    }

    /// The first records that wait, in the order in which they were appended.
    ///
    /// Damaged rows are moved to quarantine on the way, counted, and told by the notice.
    ///
    /// - Parameters:
    ///   - limit: Most records to return, at least 1.
    ///   - sequence: Only records behind this number; 0 for all.
    /// - Returns: At most `limit` records; none when nothing waits.
    /// - Throws: `diskFailed`, `damaged`, `closed`.
    public func next(limit: Int, after sequence: Int64 = 0) throws(SpoolError) -> [SpooledAlert] {
        try withFile("reading alerts") { file in
            var found: [SpooledAlert] = []
            var cursor = sequence
            while found.count < limit {
                let rows = try file.read(after: cursor, limit: limit - found.count)
                guard let last = rows.last else { break }
                cursor = last.sequence
                found += try self.sort(rows, &file)
            }
            return found
        }
    }

    /// Takes away records that have been delivered; numbers that are gone already do not matter.
    ///
    /// - Throws: `full` when the disk is full and the reserve is used up, `diskFailed`, `damaged`, `closed`.
    public func remove(_ sequences: [Int64]) throws(SpoolError) {
        guard !sequences.isEmpty else { return }
        let removed = try withFile("removing \(sequences.count) delivered alerts") { file in
            let before = file.rows
            try file.remove(sequences)
            return before - file.rows
        }
        meters.removed.add(removed)
        state.withLock { $0.folder.reserve.hold() }
    }

    /// Closes the database and folds its write-ahead log in; every later call throws `closed`.
    public func close() {
        state.withLock { state in
            try? state.file?.close()
            state.file = nil
            state.lock = nil
        }
    }

    deinit { close() }

    private static func reserveBytes(_ capacity: Int) -> Int { min(capacity / 16, 16 << 20) }

    private static let tellStandardError: @Sendable (String) -> Void = { text in
        // A log on a full disk, or one that nobody reads any more, is no reason to end.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}

extension AlertSpool {
    /// Runs `body` on the file; damage leads to one rebuild, a full disk to one try on the reserve.
    private func withFile<Result: Sendable>(
        _ action: String,
        mayUseReserve: Bool = true,
        _ body: (inout SpoolFile) throws -> Result
    ) throws(SpoolError) -> Result {
        try state.withLock { (state) throws(SpoolError) -> Result in
            guard var file = state.file else {
                throw SpoolError(.closed, "spool \(directory): \(action): the spool is closed")
            }
            defer {
                state.file = file
                meters.show(file)
            }
            do {
                return try body(&file)
            } catch {
                if SpoolFolder.isDamage(error) {
                    file = try state.folder.rebuild(file, because: error, meters)
                } else if mayUseReserve, SpoolFolder.isFull(error), state.folder.reserve.release() {
                    meters.notice("spool \(directory): the disk is full; its reserve is used to go on")
                } else {
                    throw SpoolError.from(error, action, in: directory)
                }
            }
            do {
                return try body(&file)
            } catch {
                throw SpoolError.from(error, action, in: directory)
            }
        }
    }

    private func sort(_ rows: [SpoolRow], _ file: inout SpoolFile) throws -> [SpooledAlert] {
        var found: [SpooledAlert] = []
        var damaged: [(sequence: Int64, reason: String)] = []
        let decoder = SpoolCoding.decoder()
        for row in rows {
            guard row.isIntact, let body = row.body else {
                damaged.append((row.sequence, "checksum does not match"))
                continue
            }
            do {
                let record = try decoder.decode(AlertRecord.self, from: body)
                found.append(SpooledAlert(sequence: row.sequence, record: record))
            } catch {
                damaged.append((row.sequence, "not an alert record: \(error)"))
            }
        }
        guard !damaged.isEmpty else { return found }
        try file.quarantine(damaged)
        meters.quarantined.add(damaged.count)
        meters.damaged[.checksum]?.add(damaged.count)
        let numbers = damaged.prefix(10).map { String($0.sequence) }.joined(separator: ", ")
        meters.notice(
            "spool \(directory): \(damaged.count) damaged alerts moved to the quarantine table "
                + "(rows \(numbers)\(damaged.count > 10 ? ", …" : "")): \(damaged[0].reason); check the disk"
        )
        return found
    }

    private func encode(_ record: AlertRecord) throws(SpoolError) -> Data {
        do {
            return try SpoolCoding.encoder().encode(record)
        } catch {
            throw SpoolError(.unencodable, "alert \(record.id) of camera \(record.camera) is not valid JSON: \(error)")
        }
    }

    private func capacityError(_ file: SpoolFile) -> SpoolError {
        SpoolError(
            .full,
            "spool \(directory): \(file.rows) alerts wait and use \(file.bytes >> 20) of \(capacityBytes >> 20) MiB: "
                + "see why the database takes none, or raise storage.spool_max_mb"
        )
    }
}
