import Foundation

/// What the kernel says of the work of a process or of one of its threads.
public struct KernelUsage: Sendable, Hashable {
    /// Seconds of the CPU that it has used so far, in steps of a hundredth.
    public var seconds: Double
    /// True while it waits for something that it is told of: neither running, nor kept from it, nor in the kernel's hands.
    public var isAsleep: Bool

    /// Makes a value.
    public init(seconds: Double, isAsleep: Bool) {
        self.seconds = seconds
        self.isAsleep = isAsleep
    }

    /// That of another process; nil when it is gone.
    public init?(process: Int32) {
        self.init(path: "/proc/\(process)/stat")
    }

    /// That of a thread of this process; nil when it is gone.
    public init?(thread: Int32) {
        self.init(path: "/proc/self/task/\(thread)/stat")
    }

    private init?(path: String) {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8), let end = text.lastIndex(of: ")") else {
            return nil
        }
        // Behind the name, which may hold anything: state, ten numbers, then user and system time in ticks.
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return nil }
        self.init(
            seconds: (user + system) / Double(max(1, sysconf(Int32(_SC_CLK_TCK)))),
            isAsleep: fields[0] == "S"
        )
    }
}
