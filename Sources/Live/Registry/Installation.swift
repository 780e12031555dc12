import Foundation

/// Tells two machines of one node name apart: what a restarted process has in common with the one before it, and a
/// process on another machine has not.
///
/// Made of a number in the storage directory, which a second daemon on the same machine does not share, and of the
/// number of the machine's start, which a copy of the whole machine does not share.
enum Installation {
    /// The identity; makes the number in `directory` when there is none.
    ///
    /// - Throws: A file error when it can be neither read nor made.
    static func identity(
        directory: String,
        bootFile: String = "/proc/sys/kernel/random/boot_id"
    ) throws -> String {
        // Processes of one daemon may start at the same time: the first one's number is everybody's.
        let turn = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard turn >= 0, flock(turn, LOCK_EX) == 0 else {
            throw CocoaError(.fileReadNoPermission, userInfo: [NSFilePathErrorKey: directory])
        }
        defer { close(turn) }
        let path = directory + "/installation"
        let number: UUID
        if let known = text(path).flatMap({ UUID(uuidString: $0) }) {
            number = known
        } else {
            number = UUID()
            let line = number.uuidString.lowercased() + "\n"
            try line.write(toFile: path, atomically: true, encoding: .utf8)
        }
        return "\(number.uuidString.lowercased())/\(text(bootFile) ?? "unknown")"
    }

    private static func text(_ path: String) -> String? {
        (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
