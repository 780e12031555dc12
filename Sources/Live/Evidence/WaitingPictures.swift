import Flow
import Foundation
import Spool
import Store

/// The pictures of statements that still wait in the spools of this machine, damaged ones and left ones too.
///
/// The database does not know them yet, so it cannot say that they are needed.
struct WaitingPictures: Sendable {
    /// Hashes of paths: a million statements take some 30 MB, and one path in a city's life may be kept for another.
    private var hashes: Set<UInt64> = []
    private var isEverything = false

    /// Nothing waits.
    init() {}

    /// It is not known what waits: everything may.
    static let everything = {
        var pictures = WaitingPictures()
        pictures.isEverything = true
        return pictures
    }()

    /// Reads every spool beside the first process's; blocks on the disk, some seconds for a million statements.
    ///
    /// Files are read as they lie there, whether or not a process has them open.
    ///
    /// - Throws: `SpoolError` when one cannot be read: then it is not known what waits.
    init(besides first: String) throws {
        let files = FileManager.default
        let parent = URL(fileURLWithPath: first).deletingLastPathComponent().path
        let name = URL(fileURLWithPath: first).lastPathComponent
        for spool in (try? files.contentsOfDirectory(atPath: parent)) ?? [] where spool.hasPrefix(name) {
            let folder = "\(parent)/\(spool)"
            let inside = try files.contentsOfDirectory(atPath: folder)
            for part in inside where part == "current" || part.hasPrefix("spool.bad-") {
                let path = "\(folder)/\(part)"
                guard files.fileExists(atPath: path + "/alerts.sqlite") else { continue }
                try SpoolSalvage(path: path).read { record in
                    if let evidence = record.evidence { hashes.insert(StableHash.of(evidence.path)) }
                }
            }
        }
    }

    /// Whether a statement with the picture may wait.
    func contains(_ path: String) -> Bool { isEverything || hashes.contains(StableHash.of(path)) }
}
