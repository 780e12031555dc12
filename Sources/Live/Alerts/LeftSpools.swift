import Flow
import Foundation
import Logging
import Settings
import Spool

/// The spools of processes that this machine does not start any more, because `ingest.processes` was made smaller.
///
/// What they accepted is as much a promise as what the running ones accept, so the first process takes it over.
enum LeftSpools {
    /// Records moved at once.
    private static let batch = 500
    /// Seconds from one try to the next.
    private static let retryInterval = 60.0

    /// Moves what lies in left spools into `spool`, on a thread of its own, until all of it is moved or `isOver` says so.
    ///
    /// A million alerts take minutes, for which no camera has to wait.
    static func take(
        into spool: AlertSpool,
        _ storage: DaemonSettings.Storage,
        processes: Int,
        logger: Logger,
        until isOver: @escaping @Sendable () -> Bool
    ) {
        NamedThread.start("left-spools") {
            while !isOver(), !take(into: spool, storage, processes: processes, logger: logger, while: { !isOver() }) {
                for _ in 0..<Int(retryInterval) where !isOver() { Thread.sleep(forTimeInterval: 1) }
            }
        }
    }

    /// Moves what lies in left spools into `spool`; blocks on the disk.
    ///
    /// A record leaves its old spool once it is on the disk in the new one, so a crash in between doubles it there, which
    /// the writer folds. What cannot be moved now stays, and is told.
    ///
    /// - Returns: Whether nothing is left.
    @discardableResult
    static func take(
        into spool: AlertSpool,
        _ storage: DaemonSettings.Storage,
        processes: Int,
        logger: Logger,
        while goesOn: () -> Bool = { true }
    ) -> Bool {
        var isDone = true
        for slot in slots(storage) where slot >= processes {
            let folder = storage.spoolDirectory(slot: slot)
            do throws(SpoolError) {
                let left = try AlertSpool(directory: folder, capacityBytes: storage.spoolMaxMB << 20)
                defer { left.close() }
                let count = try move(from: left, to: spool, while: goesOn)
                guard count > 0 else { continue }
                logger.notice(
                    "alerts of a left process taken over",
                    metadata: ["count": "\(count)", "from": "\(folder)"]
                )
            } catch {
                isDone = false
                logger.error(
                    "alerts of a left process stay where they are; it is tried again",
                    metadata: ["folder": "\(folder)", "why": "\(error)"]
                )
            }
        }
        return isDone
    }

    private static func move(
        from left: AlertSpool,
        to spool: AlertSpool,
        while goesOn: () -> Bool
    ) throws(SpoolError) -> Int {
        var count = 0
        while goesOn() {
            let records = try left.next(limit: batch)
            guard !records.isEmpty else { return count }
            try spool.append(records.map(\.record), areCurrent: false)
            try left.remove(records.map(\.sequence))
            count += records.count
        }
        return count
    }

    /// Slots that have a spool folder.
    private static func slots(_ storage: DaemonSettings.Storage) -> [Int] {
        let first = URL(fileURLWithPath: storage.spoolDirectory(slot: 0))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: first.deletingLastPathComponent().path)) ?? []
        let prefix = first.lastPathComponent + "-"
        return names.filter { $0.hasPrefix(prefix) }.compactMap { Int($0.dropFirst(prefix.count)) }.sorted()
    }
}
