import Crypto
import Flow
import Foundation

/// Files that prove alerts, in one directory tree by day: `yyyy/MM/dd/<alert id>.jpg`.
///
/// A file is complete or not there: it is written beside its place, synced, and renamed.
struct EvidenceStore: Sendable {
    /// Why a picture could not be kept.
    struct Failure: Error, CustomStringConvertible {
        /// What failed, where, and why.
        let description: String
    }

    private let directory: String
    private let minimumFreeBytes: Int

    /// Uses `directory`, which must exist; nothing is written when less than `minimumFreeBytes` are free on its disk.
    init(directory: String, minimumFreeBytes: Int) {
        self.directory = directory
        self.minimumFreeBytes = minimumFreeBytes
    }

    /// Keeps the picture of an alert; a later picture of the same alert is a file of its own.
    ///
    /// - Parameters:
    ///   - jpeg: The picture.
    ///   - alert: Id of the alert.
    ///   - time: Wall time of the picture.
    /// - Returns: What the database keeps: path, hash, size.
    /// - Throws: `Failure` when the disk is full or cannot be written.
    func keep(_ jpeg: [UInt8], alert: String, at time: MediaTime) throws(Failure) -> EvidenceRef {
        try checkRoom()
        let folder = Self.day(of: time)
        let path = "\(folder)/\(alert)-\(time.microseconds).jpg"
        do {
            try FileManager.default.createDirectory(
                atPath: "\(directory)/\(folder)",
                withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o750]
            )
            try write(jpeg, to: "\(directory)/\(path)")
        } catch {
            throw Failure(description: "evidence \(path) could not be written below \(directory): \(error)")
        }
        let hash = SHA256.hash(data: jpeg).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return EvidenceRef(path: path, sha256: hash.joined(), bytes: jpeg.count)
    }

    /// Finds out whether a picture could be written now, by writing a small file and removing it.
    ///
    /// - Throws: `Failure` when the disk is full or cannot be written.
    func tryRoom() throws(Failure) {
        try checkRoom()
        // A name that the sweeper takes away, should the process end in between.
        let path = "\(directory)/.room-\(getpid())"
        do {
            try write([UInt8](repeating: 0, count: 64 << 10), to: path)
        } catch {
            throw Failure(description: "evidence cannot be written below \(directory): \(error)")
        }
        unlink(path)
    }

    private func checkRoom() throws(Failure) {
        var facts = statvfs()
        guard statvfs(directory, &facts) == 0 else {
            throw Failure(description: "evidence directory \(directory): \(String(cString: strerror(errno)))")
        }
        let free = Int(facts.f_bavail) * Int(facts.f_frsize)
        guard free >= minimumFreeBytes else {
            throw Failure(
                description: "evidence directory \(directory) has \(free >> 20) MB free, "
                    + "less than storage.evidence_min_free_mb (\(minimumFreeBytes >> 20)): make room"
            )
        }
    }

    private func write(_ bytes: [UInt8], to path: String) throws {
        let part = path + ".part"
        let file = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard file >= 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        do {
            defer { close(file) }
            try FileHandle(fileDescriptor: file, closeOnDealloc: false).write(contentsOf: bytes)
            guard fsync(file) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        } catch {
            unlink(part)
            throw error
        }
        guard rename(part, path) == 0 else {
            let error = POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO)
            unlink(part)
            throw error
        }
    }

    /// The folder of a day in Asia/Shanghai (UTC+8 all year), `yyyy/MM/dd`.
    static func day(of time: MediaTime) -> String {
        var seconds = time_t(time.microseconds / 1_000_000) + 8 * 3600
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        return "\(parts.tm_year + 1900)/\(two(parts.tm_mon + 1))/\(two(parts.tm_mday))"
    }
}
