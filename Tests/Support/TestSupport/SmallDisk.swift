import Foundation

/// A disk of some megabytes that can be filled up: a file system in memory, which only root can make.
public final class SmallDisk {
    /// Where it is mounted.
    public let path: String
    private var filler: String { path + "/filler" }

    /// Whether this process can make one.
    public static let isPossible: Bool = (try? SmallDisk(megabytes: 1)) != nil

    /// Makes an empty one.
    public init(megabytes: Int) throws {
        path = NSTemporaryDirectory() + "gridwatch-disk-" + UUID().uuidString.prefix(8)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        guard getuid() == 0, Self.run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", path]) else {
            try FileManager.default.removeItem(atPath: path)
            throw POSIXError(.EPERM)
        }
    }

    deinit {
        _ = Self.run("/bin/umount", ["-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Uses up what is free, but for `bytes`.
    public func fill(leaving bytes: Int = 0) {
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var size = 1 << 20
        let zeros = [UInt8](repeating: 0, count: size)
        while size > 0 {
            let count = write(descriptor, zeros, size)
            if count < size { size /= 2 }
        }
        if bytes > 0 {
            var status = stat()
            fstat(descriptor, &status)
            ftruncate(descriptor, max(0, status.st_size - off_t(bytes)))
        }
    }

    /// Frees what `fill` used up.
    public func free() {
        unlink(filler)
    }

    private static func run(_ program: String, _ arguments: [String]) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return false }
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
