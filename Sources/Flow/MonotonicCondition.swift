import Foundation

/// A lock and a condition whose timed waits go by the monotonic clock.
///
/// Foundation's go by the wall clock: when that is set back by an hour, they last an hour longer. Blocks threads, so it
/// belongs on threads of our own, never on an event loop or in a Swift task.
public final class MonotonicCondition: @unchecked Sendable {
    // Safety: both are made in `init`, stay where they are, and are only given to the system's calls for them.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    /// Makes a lock that nobody holds.
    public init() {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(condition, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Takes the lock; waits for it.
    public func lock() { pthread_mutex_lock(mutex) }

    /// Gives the lock back.
    public func unlock() { pthread_mutex_unlock(mutex) }

    /// Wakes one thread that waits.
    public func signal() { pthread_cond_signal(condition) }

    /// Wakes all threads that wait.
    public func broadcast() { pthread_cond_broadcast(condition) }

    /// Waits, with the lock, until it is woken or so many seconds have passed.
    ///
    /// - Parameter seconds: At most; a year counts as for ever.
    /// - Returns: False when the time was over.
    public func wait(atMost seconds: Double) -> Bool {
        var end = timespec()
        clock_gettime(CLOCK_MONOTONIC, &end)
        let nanoseconds = end.tv_nsec + Int(min(max(0, seconds), 31_536_000) * 1e9)
        end.tv_sec += nanoseconds / 1_000_000_000
        end.tv_nsec = nanoseconds % 1_000_000_000
        return pthread_cond_timedwait(condition, mutex, &end) == 0
    }
}
