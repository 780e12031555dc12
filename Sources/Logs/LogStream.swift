public import Flow
import Foundation
import Synchronization

/// Where lines of a log go: a file that may be on a full disk, or a pipe whose reader stands still or has gone.
///
/// A line that cannot be written now is lost, since nobody must wait for a log: a pipe that is full would stop every thread
/// that has something to say, the cameras' too. How many there were is counted, and told in the log itself as soon as it
/// takes lines again. A line break inside a line becomes a blank: what a camera or a visitor sends must not look like
/// lines of ours. Any thread.
public final class LogStream: TextOutputStream, Sendable {
    private struct State {
        var lost = 0
        var reason: Int32 = 0
        /// Whether a line broke off.
        var isOpen = false
    }

    private let descriptor: Int32
    private let isSocket: Bool
    private let state = Mutex(State())
    private let lost: Metric

    /// Makes a stream over an open file, which is not closed by it; standard error by default.
    public init(descriptor: Int32 = 2, meter: Meter) {
        var facts = stat()
        let kind = fstat(descriptor, &facts) == 0 ? facts.st_mode & S_IFMT : S_IFREG
        self.isSocket = kind == S_IFSOCK
        self.descriptor = kind == S_IFIFO || isatty(descriptor) == 1 ? Self.reopened(descriptor) : descriptor
        self.lost = meter.counter(
            "gridwatch_log_lines_lost_total",
            "Lines of the log that could not be written, because its disk is full or nobody reads it."
        )
    }

    /// A pipe or terminal opened a second time: whether writing waits is said for an opening, and the other one is shared
    /// with whoever started us.
    private static func reopened(_ descriptor: Int32) -> Int32 {
        let own = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_APPEND | O_CLOEXEC)
        return own >= 0 ? own : descriptor
    }

    /// Writes a line, or counts it.
    public func write(_ text: String) {
        let line = Self.line(text)
        state.withLock { state in
            if state.lost > 0 {
                let reason = String(cString: strerror(state.reason))
                let words = "gridwatch: \(state.lost) lines of the log before this one were lost: \(reason)\n"
                guard put(Array(((state.isOpen ? "\n" : "") + words).utf8), &state) else { return lose(&state) }
                state.lost = 0
            }
            if !put(line, &state) { lose(&state) }
        }
    }

    private func lose(_ state: inout State) {
        state.lost += 1
        lost.add()
    }

    /// Writes all of it, or says why not.
    private func put(_ bytes: [UInt8], _ state: inout State) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { buffer in
                isSocket
                    ? send(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
                    : Foundation.write(descriptor, buffer.baseAddress, buffer.count)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                state.reason = errno
                return false
            }
            rest = rest.dropFirst(count)
            state.isOpen = !rest.isEmpty
        }
        return true
    }

    /// One line with its end, without signs that a terminal or a reader of logs would obey.
    private static func line(_ text: String) -> [UInt8] {
        var bytes = Array(text.utf8)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7f {
            bytes[index] = UInt8(ascii: " ")
        }
        return bytes + [UInt8(ascii: "\n")]
    }
}
