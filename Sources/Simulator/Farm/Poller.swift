import CEpoll
import Foundation

/// Waits for thousands of sockets at once: Linux's epoll, level-triggered.
///
/// It does not own the sockets; the kernel forgets one when it is closed.
final class Poller: Sendable {
    /// What a socket is ready for.
    struct Ready {
        /// The number that the socket was added with.
        var token: UInt64
        /// There are bytes, a connection or the peer's end to take.
        var canRead: Bool
        /// There is room for bytes.
        var canWrite: Bool
    }

    /// What is waited for on a socket; its end is always reported.
    struct Interest: OptionSet {
        let rawValue: UInt32
        static let read = Interest(rawValue: EPOLLIN.rawValue)
        static let write = Interest(rawValue: EPOLLOUT.rawValue)
    }

    /// What one wait has found; kept and used again by the one who waits.
    struct Events {
        fileprivate var found = Array(repeating: epoll_event(), count: 512)
        fileprivate(set) var count = 0

        /// Whether more sockets may be ready than there was room for.
        var areMore: Bool { count == found.count }

        /// The socket at a position below `count`.
        subscript(position: Int) -> Ready {
            let event = found[position]
            let ended = EPOLLERR.rawValue | EPOLLHUP.rawValue
            return Ready(
                token: event.data.u64,
                canRead: event.events & (EPOLLIN.rawValue | ended) != 0,
                canWrite: event.events & EPOLLOUT.rawValue != 0
            )
        }
    }

    private let descriptor: Int32

    /// Makes a poller that waits for nothing yet.
    ///
    /// - Throws: `cannotListen` when the system has no descriptor left.
    init() throws(SimulatorError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else {
            throw SimulatorError(.cannotListen, "no epoll descriptor to wait with: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Waits for a socket from now on; false when the system refuses.
    @discardableResult
    func add(_ socket: Int32, token: UInt64, _ interest: Interest = .read) -> Bool {
        control(EPOLL_CTL_ADD, socket, token, interest)
    }

    /// Waits for something else on a socket.
    func change(_ socket: Int32, token: UInt64, _ interest: Interest) {
        _ = control(EPOLL_CTL_MOD, socket, token, interest)
    }

    /// Waits no more for a socket.
    func remove(_ socket: Int32) {
        epoll_ctl(descriptor, EPOLL_CTL_DEL, socket, nil)
    }

    private func control(_ operation: Int32, _ socket: Int32, _ token: UInt64, _ interest: Interest) -> Bool {
        var event = epoll_event()
        event.events = interest.rawValue
        event.data.u64 = token
        return epoll_ctl(descriptor, operation, socket, &event) == 0
    }

    /// Waits up to `milliseconds` for the first socket to be ready; those that do not fit come with the next wait.
    ///
    /// - Returns: False when waiting itself fails, which it does not unless the descriptor is gone.
    func wait(milliseconds: Int32, into events: inout Events) -> Bool {
        let count = epoll_wait(descriptor, &events.found, Int32(events.found.count), milliseconds)
        events.count = max(0, Int(count))
        return count >= 0 || errno == EINTR
    }
}

/// Wakes a thread that waits with a `Poller`, from any other thread.
final class WakeUp: Sendable {
    /// The descriptor to wait for.
    let descriptor: Int32

    /// Makes a wake-up call.
    ///
    /// - Throws: `cannotListen` when the system has no descriptor left.
    init() throws(SimulatorError) {
        descriptor = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard descriptor >= 0 else {
            throw SimulatorError(.cannotListen, "no event descriptor to wake with: \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(descriptor) }

    /// Wakes the thread, now or at its next wait.
    func call() { eventfd_write(descriptor, 1) }
}
