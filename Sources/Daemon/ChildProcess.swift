import Flow
import Foundation
import Synchronization

/// A process of this program's own executable, started with one extra descriptor through which it reports.
///
/// `posix_spawn`, not Foundation's `Process`: that one waits for grandchildren too and passes descriptors on.
struct ChildProcess: Sendable {
    /// The descriptor that a child writes its reports to.
    static let reportDescriptor: Int32 = 3

    let identifier: pid_t
    private let reports: Int32

    /// Starts `executable`.
    ///
    /// Standard input is empty; standard output and error are the parent's; nothing else is inherited. The child is a process group of its own,
    /// so that a Ctrl-C at the terminal reaches the parent alone, which stops its children in order.
    ///
    /// - Throws: `POSIXError` when it cannot be started.
    static func start(executable: String, arguments: [String], environment: [String: String]) throws -> ChildProcess {
        // One at a time: a child that starts between the making of a pipe and its mark would keep that pipe open.
        try starting.withLock { _ in try spawn(executable, arguments, environment) }
    }

    private static let starting = Mutex(())

    private static func spawn(
        _ executable: String,
        _ arguments: [String],
        _ environment: [String: String]
    ) throws -> ChildProcess {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw error(errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[1]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], reportDescriptor)
        // Whatever forgot its close-on-exec mark: a child that kept the web server's socket would keep its port, too.
        let refused = SpawnedDescriptors.close(from: reportDescriptor + 1, &actions)
        guard refused == 0 else {
            close(ends[0])
            throw error(refused)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of a pool block signals; a child that inherits that cannot be asked to end.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))
        let words = ([executable] + arguments).map { strdup($0) } + [nil]
        let variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var identifier: pid_t = 0
        let status = posix_spawn(&identifier, executable, &actions, &attributes, words, variables)
        guard status == 0 else {
            close(ends[0])
            throw error(status)
        }
        return ChildProcess(identifier: identifier, reports: ends[0])
    }

    /// Reads what the child reports and returns when it has ended; blocks the thread, call it once, then `release`.
    func follow(_ body: (ProcessReport) -> Void) -> ProcessExit {
        var reader = ProcessReportReader()
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(reports, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            for report in reader.take(Data(buffer[0..<count])) { body(report) }
        }
        var status: Int32 = 0
        while waitpid(identifier, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? .code(status >> 8 & 0xff) : .signal(signal)
    }

    /// Gives the descriptor back, after `follow`; nothing else may be asked then.
    func release() {
        close(reports)
    }

    /// Whether a report lies in the pipe that nobody has read yet.
    var hasUnreadReports: Bool {
        var count: Int32 = 0
        return ioctl(reports, UInt(FIONREAD), &count) == 0 && count > 0
    }

    /// Seconds of the CPU that the child has used so far, all its threads together; nil when it is gone.
    var workSeconds: Double? {
        KernelUsage(process: identifier)?.seconds
    }

    /// Sends a signal.
    func signal(_ number: Int32) {
        kill(identifier, number)
    }

    private static func error(_ number: Int32) -> POSIXError {
        POSIXError(POSIXErrorCode(rawValue: number) ?? .EIO)
    }
}
