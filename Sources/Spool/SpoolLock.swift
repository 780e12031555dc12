internal import Foundation

/// The right of one process to a spool folder: an advisory lock on a file in it.
///
/// The kernel gives the lock back when the process ends, however it ends: nothing to clean up after `kill -9`.
struct SpoolLock: ~Copyable {
    private let descriptor: Int32

    /// Takes the lock of `directory`.
    ///
    /// - Throws: `locked` when another holder has it, `cannotOpen` when the file cannot be made.
    init(directory: String) throws(SpoolError) {
        let path = directory + "/spool.lock"
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else {
            let reason = String(cString: strerror(errno))
            throw SpoolError(.cannotOpen, "spool \(directory): spool.lock cannot be opened: \(reason)")
        }
        guard Self.take(opened) else {
            let holder = Self.holder(opened)
            close(opened)
            throw SpoolError(
                .locked,
                "spool \(directory): process \(holder) has it open; one process at a time may use a spool: "
                    + "stop the other one or give this one its own storage directory"
            )
        }
        let text = "\(getpid())\n"
        if ftruncate(opened, 0) == 0 { _ = pwrite(opened, text, text.utf8.count, 0) }
        descriptor = opened
    }

    deinit { close(descriptor) }

    /// The process that has the spool in `directory` open, as its lock says; nil when none has.
    static func holder(of directory: String) -> String? {
        let descriptor = open(directory + "/spool.lock", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) == 0 ? nil : holder(descriptor)
    }

    /// Tries for half a second: a child of the last holder has its lock too, from its fork until its exec.
    private static func take(_ descriptor: Int32) -> Bool {
        for _ in 0..<10 {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            usleep(50_000)
        }
        return false
    }

    private static func holder(_ descriptor: Int32) -> String {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        let digits = buffer.prefix(max(0, count)).prefix { $0 >= 0x30 && $0 <= 0x39 }
        return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
    }
}
