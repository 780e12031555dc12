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

    init(_ found: SpoolImage.Findings, _ image: SpoolImage) {
        pages = found.pages
        damagedPages = found.damagedPages
        pageSize = image.pageSize
        headerIsWhole = image.hasHeader
        logIsDamaged = found.logIsDamaged
        intact = found.intactRows
        let counts: [Damage: Int] = [.checksum: found.broken.count, .unreadable: found.missingRows]
        damaged = counts.filter { $0.value > 0 }
        numbers = found.intact.first.flatMap { first in
            found.intact.last.map { first.lowerBound...$0.upperBound }
        }
    }

    /// One sentence: how many rows are whole, and what became of the others.
    public var summary: String {
        let broken = damaged[.checksum] ?? 0
        return "\(intact) alerts that are whole; \(broken) with a wrong checksum are set aside, \(missing) "
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
    /// - Throws: `cannotOpen` when there is none.
    public init(path: String) throws(SpoolError) {
        let places = [path, path + "/" + SpoolFolder.database, path + "/current/" + SpoolFolder.database]
        var isFolder: ObjCBool = false
        let found = places.first {
            FileManager.default.fileExists(atPath: $0, isDirectory: &isFolder) && !isFolder.boolValue
        }
        guard let found, SpoolBytes(path: found) != nil else {
            throw SpoolError(
                .cannotOpen,
                "\(path): no \(SpoolFolder.database) that can be read here; name the file, the folder of a spool, or a "
                    + "folder spool.bad-… beside it"
            )
        }
        self.path = found
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
        let found = try image.walk { row in
            guard !seen.contains(row.sequence) else { return }
            seen.insert(row.sequence)
            // A body that is whole and no alert was never one.
            guard let record = try? decoder.decode(AlertRecord.self, from: Data(row.body)) else { return }
            try take(record)
        }
        return SpoolFindings(found, image)
    }
}
