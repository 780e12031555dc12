import Flow
public import Foundation
import Synchronization

/// Sees to it that what a test starts ends with the tests, also when they are killed.
///
/// A small shell keeps a list of processes and reads from a pipe that only the process of the tests holds open. When that
/// is gone, however it ended, the shell kills what is still there of the list. (A parent-death signal would not do: it
/// comes when the thread that started the process ends, and threads of a pool come and go.)
public final class ProcessGuard: Sendable {
    /// The guard of this process.
    public static let shared = ProcessGuard()

    private static let script = """
        trap '' HUP INT TERM
        while read -r pid start; do list="$list $pid:$start"; done
        for entry in $list; do
            pid=${entry%%:*}
            stat=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
            set -- ${stat##*) }
            shift 19
            if [ "$1" = "${entry##*:}" ]; then kill -KILL "$pid"; fi
        done
        """

    private let descriptor: Int32
    /// The shell.
    public let identifier: pid_t

    /// Starts the shell; a test of its own may have one more.
    public init() {
        var ends: [Int32] = [0, 0]
        precondition(pipe(&ends) == 0, "no pipe for the guard of the tests' processes")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], 0)
        for output in [Int32(1), 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        _ = SpawnedDescriptors.close(from: 3, &actions)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A Ctrl-C at the terminal is not for it.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var words: [UnsafeMutablePointer<CChar>?] = []
        for word in ["/bin/sh", "-c", Self.script] { words.append(strdup(word)) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var made: pid_t = 0
        let status = posix_spawn(&made, "/bin/sh", &actions, &attributes, words, environ)
        precondition(status == 0, "no shell for the guard of the tests' processes")
        close(ends[0])
        identifier = made
        descriptor = ends[1]
    }

    /// Has a process ended with the tests.
    public func watch(_ process: pid_t) {
        // With its start, so that another process that gets the number later is left alone.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19 else { return }
        let line = Array("\(process) \(fields[19])\n".utf8)
        _ = write(descriptor, line, line.count)
    }

    /// Ends what is still there, as the end of the tests would.
    public func end() {
        close(descriptor)
    }
}

extension Process {
    /// Starts the program; it ends with the tests at the latest, also when they are killed.
    ///
    /// It begins with no signal blocked: threads of a pool block them, and a program that inherits that cannot be asked to
    /// end.
    ///
    /// - Throws: What `run` throws.
    public func runGuarded() throws {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try run()
        ProcessGuard.shared.watch(processIdentifier)
    }
}
