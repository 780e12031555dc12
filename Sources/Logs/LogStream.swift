public import Flow
import Foundation
import Synchronization

/// Where lines of a log go: a file that may be on a full disk, or a pipe whose reader has gone.
///
/// A line that cannot be written is lost, since nobody must wait for a log; how many there were is counted, and told in
/// the log itself as soon as it takes lines again. Any thread.
public final class LogStream: TextOutputStream, Sendable {
    private struct State {
        var lost = 0
        var reason: Int32 = 0
        /// Whether a line broke off.
        var isOpen = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let lost: Metric

    /// Makes a stream over an open file, which is not closed by it; standard error by default.
    public init(descriptor: Int32 = 2, meter: Meter) {
        self.descriptor = descriptor
        self.lost = meter.counter(
            "gridwatch_log_lines_lost_total",
            "Lines of the log that could not be written, because its disk is full or nobody reads it."
        )
    }

    /// Writes a line, or counts it.
    public func write(_ text: String) {
        state.withLock { state in
            if state.lost > 0 {
                let reason = String(cString: strerror(state.reason))
                let words = "gridwatch: \(state.lost) lines of the log before this one were lost: \(reason)\n"
                guard put((state.isOpen ? "\n" : "") + words, &state) else { return lose(&state) }
                state.lost = 0
            }
            if !put(text, &state) { lose(&state) }
        }
    }

    private func lose(_ state: inout State) {
        state.lost += 1
        lost.add()
    }

    /// Writes all of it, or says why not.
    private func put(_ text: String, _ state: inout State) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
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
}
