internal import Foundation

/// Disk space set aside while there is plenty, given back when the disk is full.
///
/// Removing delivered rows needs a little room in the write-ahead log; without the reserve a full disk could never be
/// drained by the spool itself.
struct SpoolReserve {
    /// The file that holds the space.
    let path: String
    /// Its size in bytes.
    let bytes: Int

    /// True while the space is set aside.
    var isHeld: Bool { access(path, F_OK) == 0 }

    /// Sets the space aside, unless it is or the disk has less than four times as much left.
    func hold() {
        guard !isHeld, free >= bytes * 4 else { return }
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        let status = posix_fallocate(descriptor, 0, off_t(bytes))
        close(descriptor)
        if status != 0 { unlink(path) }
    }

    /// Gives the space back.
    ///
    /// - Returns: False when there was none.
    func release() -> Bool { unlink(path) == 0 }

    private var free: Int {
        var status = statvfs()
        let folder = (path as NSString).deletingLastPathComponent
        guard statvfs(folder, &status) == 0 else { return 0 }
        return Int(clamping: UInt64(status.f_bavail) &* UInt64(status.f_frsize))
    }
}
