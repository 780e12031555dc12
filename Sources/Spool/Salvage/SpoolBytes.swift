internal import Foundation

/// A file, read where it is asked for, without locks and without SQLite.
final class SpoolBytes: Sendable {
    /// Its length when it was opened.
    let size: Int
    private let descriptor: Int32

    /// Opens a file; nil when it cannot be read.
    init?(path: String) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        var status = stat()
        size = fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Bytes at an offset; fewer at the end, nil where the disk gives none.
    func read(_ offset: Int, _ count: Int) -> [UInt8]? {
        var isReadable = true
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count, let base = buffer.baseAddress {
                let got = pread(descriptor, base + filled, count - filled, off_t(offset + filled))
                if got < 0, errno == EINTR { continue }
                if got < 0 { isReadable = false }
                if got <= 0 { return }
                filled += got
            }
        }
        return isReadable ? bytes : nil
    }

    /// Length of a file; nil when there is none.
    static func size(_ path: String) -> Int? {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : nil
    }

    /// The database at `path` with the write-ahead log beside it; what cannot be read is empty.
    static func image(_ path: String) -> SpoolImage {
        let database = SpoolBytes(path: path)
        let log = SpoolBytes(path: path + "-wal")
        return SpoolImage(
            database: { database?.read($0, $1) },
            size: database?.size ?? 0,
            log: log.map { log in { log.read($0, $1) } },
            logSize: log?.size ?? 0
        )
    }
}
