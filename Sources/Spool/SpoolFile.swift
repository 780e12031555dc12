internal import Flow
internal import Foundation
internal import GRDB

/// A sign of damage that SQLite itself does not report.
struct SpoolDamage: Error, CustomStringConvertible {
    let description: String
}

/// A row as it lies in the file, not yet trusted.
struct SpoolRow {
    let sequence: Int64
    /// Nil when the column does not hold a number any more.
    let checksum: Int64?
    /// Nil when the column does not hold bytes any more.
    let body: Data?

    /// True when number, checksum and body still belong together.
    var isIntact: Bool {
        guard let checksum, let body, SpoolFile.sequences.contains(sequence) else { return false }
        return checksum == Int64(CRC32C.ofRow(sequence: sequence, body: body))
    }
}

/// The SQLite database of a spool, on its one connection.
///
/// One connection in exclusive locking mode writes and checkpoints: SQLite before 3.51.3 can lose pages when a
/// checkpoint of one connection meets the write-ahead log's restart by another, and Debian 12 ships 3.40.
struct SpoolFile {
    /// Sequence numbers that can be real; a flipped bit makes others.
    static let sequences: ClosedRange<Int64> = 1...(1 << 53)
    private static let applicationID = 0x4757_5350
    private static let format = 1
    private static let quarantineRows = 10_000

    let queue: DatabaseQueue
    let uuid: String
    /// The number that the next row gets; numbers are never used twice.
    private(set) var nextSequence: Int64
    private(set) var rows: Int
    /// Bytes of the pages in use; the write-ahead log comes on top, about 4 MB.
    private(set) var bytes: Int
    /// False as long as the disk was too full to make or tidy the table of last alerts.
    private var hasLastAlerts: Bool

    /// Opens the database at `path`, or begins a new one when there is none.
    ///
    /// - Throws: `DatabaseError`, `SpoolDamage` when it cannot be used, `SpoolError` when it is of a newer version.
    init(path: String) throws {
        let queue = try Self.connect(path)
        self.queue = queue
        do {
            let isNew = try queue.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM sqlite_master") } == 0
            if isNew { try queue.write(Self.begin) }
            // Counts that damage has made smaller would hide rows without an error.
            if !isNew { try queue.read(Self.check) }
            let found = try queue.read(Self.inspect)
            hasLastAlerts = try Self.hasRoom { try queue.write(Self.keepLastAlerts) }
            (uuid, nextSequence, rows, bytes) = (found.uuid, found.nextSequence, found.rows, found.bytes)
        } catch {
            try? queue.close()
            throw error
        }
    }

    /// Does what can wait; false when the disk has no room for it, since a full disk must not keep a spool closed.
    private static func hasRoom(_ body: () throws -> Void) throws -> Bool {
        do {
            try body()
            return true
        } catch {
            guard SpoolFolder.isOfTheDisk(error) else { throw error }
            return false
        }
    }

    /// Folds the write-ahead log in and ends the connection.
    func close() throws {
        try queue.close()
    }

    /// Opens a connection with the settings that the spool's promise rests on.
    static func connect(_ path: String) throws -> DatabaseQueue {
        var configuration = Configuration()
        configuration.label = "gridwatch.spool"
        configuration.busyMode = .immediateError
        configuration.prepareDatabase { database in
            _ = try String.fetchOne(database, sql: "PRAGMA locking_mode = EXCLUSIVE")
            guard try String.fetchOne(database, sql: "PRAGMA journal_mode = WAL") == "wal" else {
                throw SpoolDamage(description: "the write-ahead log cannot be switched on")
            }
            try database.execute(sql: "PRAGMA synchronous = FULL; PRAGMA mmap_size = 0; PRAGMA cell_size_check = ON")
        }
        return try DatabaseQueue(path: path, configuration: configuration)
    }

    private static func begin(_ database: Database) throws {
        try database.execute(
            sql: """
                PRAGMA application_id = \(applicationID);
                PRAGMA user_version = \(format);
                CREATE TABLE identity (uuid TEXT NOT NULL);
                CREATE TABLE alert (
                    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
                    checksum INTEGER NOT NULL,
                    body BLOB NOT NULL
                );
                CREATE TABLE quarantine (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    sequence INTEGER,
                    checksum INTEGER,
                    body BLOB,
                    reason TEXT NOT NULL
                );
                """
        )
        let uuid = UUID().uuidString.lowercased()
        try database.execute(sql: "INSERT INTO identity (uuid) VALUES (?)", arguments: [uuid])
    }

    /// Makes the table of last alerts, which older files lack; what is an hour older than the newest has no successor.
    private static func keepLastAlerts(_ database: Database) throws {
        try database.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS last_alert (
                    key INTEGER PRIMARY KEY, started_at INTEGER NOT NULL, stated_at INTEGER NOT NULL,
                    has_ended INTEGER NOT NULL);
                DELETE FROM last_alert WHERE stated_at < (SELECT max(stated_at) FROM last_alert) - 3600000000;
                """
        )
    }

    private static func inspect(
        _ database: Database
    ) throws -> (uuid: String, nextSequence: Int64, rows: Int, bytes: Int) {
        let application = try Int.fetchOne(database, sql: "PRAGMA application_id")
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        guard application == applicationID, version >= 1 else {
            throw SpoolDamage(description: "the file is not a spool of Gridwatch")
        }
        guard version <= format else {
            throw SpoolError(
                .newerFormat,
                "the spool has format \(version), this version of Gridwatch reads up to \(format): "
                    + "install the newer version again, or move the folder away to begin an empty spool"
            )
        }
        guard let uuid = try text(database, "SELECT uuid FROM identity"), UUID(uuidString: uuid) != nil else {
            throw SpoolDamage(description: "the spool has lost its identity")
        }
        let rows = try number(database, "SELECT count(*) FROM alert") ?? 0
        let highest = try number(database, "SELECT max(sequence) FROM alert") ?? 0
        let used = try number(database, "SELECT seq FROM sqlite_sequence WHERE name = 'alert'") ?? 0
        let last = max(highest, used)
        guard last >= 0, last < sequences.upperBound else {
            throw SpoolDamage(description: "row number \(last) cannot be real")
        }
        return (uuid, last + 1, Int(rows), try usedBytes(database))
    }

    /// The first value as text; nil when it is none any more (reading it as `String` directly would trap).
    private static func text(_ database: Database, _ sql: String) throws -> String? {
        try Row.fetchOne(database, sql: sql).flatMap { String.fromDatabaseValue($0[0]) }
    }

    private static func number(_ database: Database, _ sql: String) throws -> Int64? {
        try Row.fetchOne(database, sql: sql).flatMap { Int64.fromDatabaseValue($0[0]) }
    }

    private static func usedBytes(_ database: Database) throws -> Int {
        let pages = try number(database, "PRAGMA page_count") ?? 0
        let free = try number(database, "PRAGMA freelist_count") ?? 0
        let size = try number(database, "PRAGMA page_size") ?? 0
        return Int((pages - free) * size)
    }
}

extension SpoolFile {
    /// Writes `bodies` in one transaction: when it returns, they are on the disk.
    ///
    /// `last`: the newest alerts of their rules.
    mutating func append(_ bodies: [Data], last: [LastAlert] = []) throws {
        let first = nextSequence
        let makesTable = !hasLastAlerts
        bytes = try queue.write { database in
            if makesTable { try Self.keepLastAlerts(database) }
            let insert = try database.cachedStatement(
                sql: "INSERT INTO alert (sequence, checksum, body) VALUES (?, ?, ?)"
            )
            var sequence = first
            for body in bodies {
                let checksum = Int64(CRC32C.ofRow(sequence: sequence, body: body))
                try insert.execute(arguments: [sequence, checksum, body])
                sequence += 1
            }
            try Self.note(database, last)
            return try Self.usedBytes(database)
        }
        hasLastAlerts = true
        rows += bodies.count
        nextSequence += Int64(bodies.count)
    }

    private static func note(_ database: Database, _ last: [LastAlert]) throws {
        let note = try database.cachedStatement(
            sql: "INSERT OR REPLACE INTO last_alert (key, started_at, stated_at, has_ended) VALUES (?, ?, ?, ?)"
        )
        for alert in last {
            let (started, stated) = (alert.startedAt.microseconds, alert.statedAt.microseconds)
            try note.execute(arguments: [alert.key, started, stated, alert.hasEnded])
        }
    }

    /// The newest alert of each rule; none of a file that lacks them still.
    func lastAlerts() throws -> [LastAlert] {
        try queue.read { database in
            guard try database.tableExists("last_alert") else { return [] }
            let sql = "SELECT key, started_at, stated_at, has_ended FROM last_alert"
            return try Row.fetchAll(database, sql: sql).compactMap { row in
                guard let key = Int64.fromDatabaseValue(row[0]), let started = Int64.fromDatabaseValue(row[1]),
                    let stated = Int64.fromDatabaseValue(row[2]), let hasEnded = Bool.fromDatabaseValue(row[3])
                else { return nil }
                return LastAlert(
                    key: key,
                    startedAt: MediaTime(microseconds: started),
                    statedAt: MediaTime(microseconds: stated),
                    hasEnded: hasEnded
                )
            }
        }
    }

    /// The first rows behind number `after`, in order.
    func read(after: Int64, limit: Int) throws -> [SpoolRow] {
        let rows = try queue.read { database in
            try Self.scan(database, "WHERE sequence > ? ORDER BY sequence LIMIT ?", [after, limit])
        }
        var last = after
        for row in rows {
            guard row.sequence > last else {
                throw SpoolDamage(description: "row \(row.sequence) stands behind row \(last)")
            }
            last = row.sequence
        }
        return rows
    }

    /// Deletes rows; numbers that are gone already do not matter.
    mutating func remove(_ sequences: [Int64]) throws {
        let (deleted, used) = try queue.write { database in
            let deleted = try Self.delete(database, sequences)
            // A row that could not be deleted was gone before, or its place in the tree is damaged.
            if deleted < sequences.count { try Self.check(database) }
            return (deleted, try Self.usedBytes(database))
        }
        rows -= deleted
        bytes = used
    }

    /// Moves rows to the quarantine table, each with the reason.
    mutating func quarantine(_ damaged: [(sequence: Int64, reason: String)]) throws {
        bytes = try queue.write { database in
            for (sequence, reason) in damaged {
                try database.execute(
                    sql: """
                        INSERT INTO quarantine (sequence, checksum, body, reason)
                        SELECT sequence, checksum, body, ? FROM alert WHERE sequence = ?
                        """,
                    arguments: [reason, sequence]
                )
            }
            let deleted = try Self.delete(database, damaged.map(\.sequence))
            guard deleted == damaged.count else {
                throw SpoolDamage(description: "a row can be read and cannot be found by its number")
            }
            try Self.boundQuarantine(database)
            return try Self.usedBytes(database)
        }
        rows -= damaged.count
    }

    /// Rows in the quarantine table.
    func quarantined() throws -> Int {
        try queue.read { Int(try Self.number($0, "SELECT count(*) FROM quarantine") ?? 0) }
    }

    /// Takes over every row of a damaged database that is whole, wherever it stands; see `SpoolImage`.
    ///
    /// Rows whose checksum does not match go to the quarantine table.
    mutating func salvage(from image: SpoolImage) throws -> SpoolFindings {
        let findings = try queue.write { database in
            let insert = try database.cachedStatement(
                sql: "INSERT OR IGNORE INTO alert (sequence, checksum, body) VALUES (?, ?, ?)"
            )
            let found = try image.walk { row in
                try insert.execute(arguments: [row.sequence, row.checksum, Data(row.body)])
            }
            for row in found.broken.values.sorted(by: { $0.sequence < $1.sequence }) {
                try database.execute(
                    sql: "INSERT INTO quarantine (sequence, checksum, body, reason) VALUES (?, ?, ?, ?)",
                    arguments: [
                        row.sequence, row.checksum, Data(row.body), "checksum does not match (file was damaged)",
                    ]
                )
            }
            try Self.boundQuarantine(database)
            return SpoolFindings(found, image)
        }
        let found = try queue.read(Self.inspect)
        (nextSequence, rows, bytes) = (found.nextSequence, found.rows, found.bytes)
        return findings
    }

    /// Makes sure that numbers below `sequence` are not given again.
    mutating func skip(to sequence: Int64) {
        nextSequence = max(nextSequence, sequence)
    }

    private static func scan(_ database: Database, _ tail: String, _ values: StatementArguments) throws -> [SpoolRow] {
        let statement = try database.cachedStatement(sql: "SELECT sequence, checksum, body FROM alert \(tail)")
        let cursor = try Row.fetchCursor(statement, arguments: values)
        var rows: [SpoolRow] = []
        while let row = try cursor.next() { rows.append(spoolRow(row)) }
        return rows
    }

    /// Reads columns by what they hold, not by what the schema says: damage can change their types.
    private static func spoolRow(_ row: Row) -> SpoolRow {
        SpoolRow(
            sequence: Int64.fromDatabaseValue(row[0]) ?? 0,
            checksum: Int64.fromDatabaseValue(row[1]),
            body: Data.fromDatabaseValue(row[2])
        )
    }

    private static func delete(_ database: Database, _ sequences: [Int64]) throws -> Int {
        let delete = try database.cachedStatement(sql: "DELETE FROM alert WHERE sequence = ?")
        var deleted = 0
        for sequence in sequences {
            try delete.execute(arguments: [sequence])
            deleted += database.changesCount
        }
        return deleted
    }

    /// Looks at the order of every page, but not at the contents of rows.
    private static func check(_ database: Database) throws {
        let verdict = try text(database, "PRAGMA quick_check(1)") ?? "no answer"
        guard verdict == "ok" else { throw SpoolDamage(description: verdict) }
    }

    private static func boundQuarantine(_ database: Database) throws {
        try database.execute(
            sql: "DELETE FROM quarantine WHERE id <= (SELECT max(id) FROM quarantine) - ?",
            arguments: [quarantineRows]
        )
    }
}
