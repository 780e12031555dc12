public import Flow
internal import Foundation

/// What the bytes of a spool hold, damaged or not.
public struct SpoolFindings: Sendable, Hashable {
    /// Why a row is lost.
    public enum Damage: String, Sendable, Hashable, CaseIterable {
        /// It is there, but its checksum does not match.
        case checksum
        /// It is missing between others, where pages cannot be read.
        case unreadable
    }

    /// Pages of the file, with those that its log has too.
    public let pages: Int
    /// Pages that are in no order, cut off, or cannot be read.
    public let damagedPages: Int
    /// Bytes of a page.
    public let pageSize: Int
    /// Whether the header of the file can be read.
    public let headerIsWhole: Bool
    /// Whether the write-ahead log is damaged before its end.
    public let logIsDamaged: Bool
    /// Rows that are whole.
    public let intact: Int
    /// Rows that are lost, by reason; those that cannot be read are counted by the gaps that they leave: about.
    public let damaged: [Damage: Int]
    /// Smallest and largest number of the rows that are whole; nil without rows.
    public let numbers: ClosedRange<Int64>?
    /// Whether it is something else than a spool, or nothing: no header of one, and no trace of an alert.
    public let isForeign: Bool
    /// Whether there is not one byte.
    public let isEmpty: Bool
    /// Rows that are whole, but hold no alert that this version of the program knows; among `intact`.
    public internal(set) var strange = 0

    init(_ found: SpoolImage.Findings, _ image: SpoolImage) {
        pages = found.pages
        damagedPages = found.damagedPages
        pageSize = image.pageSize
        headerIsWhole = image.hasHeader
        logIsDamaged = found.logIsDamaged
        intact = found.intactRows
        let counts: [Damage: Int] = [.checksum: found.broken.count, .unreadable: found.missingRows]
        damaged = counts.filter { $0.value > 0 }
        isForeign = !image.isNamedSpool && found.intactRows == 0 && found.broken.isEmpty
        isEmpty = image.isEmpty
        numbers = found.intact.first.flatMap { first in
            found.intact.last.map { first.lowerBound...$0.upperBound }
        }
    }

    /// One sentence: how many rows are whole, and what became of the others.
    public var summary: String {
        let broken = damaged[.checksum] ?? 0
        let unknown = strange == 0 ? "" : " (\(strange) of them in a form that this version does not know: left out)"
        return "\(intact) alerts that are whole\(unknown); \(broken) with a wrong checksum are set aside, \(missing) "
            + "(\(damagedPages) of \(pages) pages are damaged)"
    }

    private var missing: String {
        if let count = damaged[.unreadable] { return "about \(count) cannot be read any more" }
        return intact == 0 && damagedPages > 0 ? "how many are missing cannot be told" : "none is missing"
    }
}

/// Reads alerts out of the files of a spool that SQLite may not be able to open any more; changes nothing.
///
/// May be used while a daemon has the spool open: what it finds is then of that moment. Blocks on the disk.
public struct SpoolSalvage: Sendable {
    /// The database file.
    public let path: String

    /// Finds the database in `path`: the file itself, the folder that it lies in, or the folder of a spool.
    ///
    /// - Throws: `cannotOpen` when there is none, or it cannot be read.
    public init(path: String) throws(SpoolError) {
        let places = ["", "/" + SpoolFolder.database, "/current/" + SpoolFolder.database].map { path + $0 }
        var status = stat()
        guard stat(path, &status) == 0 else { throw Self.unreadable(path, errno) }
        var found: String?
        for place in places {
            let isThere = stat(place, &status) == 0
            // The folders of a spool are its owner's only: one that cannot be looked into is not empty.
            if !isThere, errno == EACCES { throw Self.unreadable(place, EACCES) }
            guard isThere, status.st_mode & S_IFMT != S_IFDIR else { continue }
            found = place
            break
        }
        guard let found else {
            throw SpoolError(
                .cannotOpen,
                "\(path): no \(SpoolFolder.database) in this folder; name the file, the folder of a spool, or a folder "
                    + "spool.bad-… in it"
            )
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw SpoolError(.cannotOpen, "\(found) is no file that can hold alerts, but a device, pipe or socket")
        }
        guard SpoolBytes(path: found) != nil else { throw Self.unreadable(found, errno) }
        self.path = found
    }

    private static func unreadable(_ path: String, _ number: Int32) -> SpoolError {
        let reason = String(cString: strerror(number))
        let advice = number == EACCES || number == EPERM ? "; run this as the user of the daemon, or as root" : ""
        return SpoolError(.cannotOpen, "\(path) cannot be read: \(reason)\(advice)")
    }

    /// The process that has the spool open now; nil when none has.
    public var holder: String? {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent()
        guard folder.lastPathComponent == "current" else { return nil }
        return SpoolLock.holder(of: folder.deletingLastPathComponent().path)
    }

    /// Whether the file is the database of the spool in `directory`.
    public func isDatabase(of directory: String) -> Bool {
        func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
        return real(path) == real(directory + "/current/" + SpoolFolder.database)
    }

    /// Looks at everything and calls `take` for each record that is whole, each once, in no order.
    ///
    /// - Returns: What was found.
    /// - Throws: What `take` throws.
    @discardableResult
    public func read(_ take: (AlertRecord) throws -> Void = { _ in }) throws -> SpoolFindings {
        let image = SpoolBytes.image(path)
        let decoder = SpoolCoding.decoder()
        var seen = NumberSet()
        var strange = 0
        let found = try image.walk { row in
            guard !seen.contains(row.sequence) else { return }
            seen.insert(row.sequence)
            guard let record = try? decoder.decode(AlertRecord.self, from: Data(row.body)) else {
                strange += 1
                return
            }
            try take(record)
        }
        var findings = SpoolFindings(found, image)
        findings.strange = strange
        return findings
    }
}
