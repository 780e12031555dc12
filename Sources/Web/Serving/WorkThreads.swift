import Flow
import Glibc

/// A few threads of their own for work that blocks, with a bounded queue in front.
///
/// Never on Swift's pool and never on the queues of Dispatch: those are as many as the machine has cores, and the
/// database's sessions need them. Two passwords that were hashed there held every page.
final class WorkThreads: Sendable {
    /// The queue is full: nothing was done.
    struct Full: Error {}

    private let queue: BoundedQueue<@Sendable () -> Void>

    /// Starts the threads; they end with the object.
    ///
    /// - Parameters:
    ///   - name: As `top -H` shows it, at most 13 bytes.
    ///   - threads: How many.
    ///   - waiting: Pieces of work that may wait.
    ///   - niceness: 0 for as much of the processor as others get, up to 19 for what the others leave.
    init(_ name: String, threads: Int, waiting: Int, niceness: Int32 = 0) {
        let queue = BoundedQueue<@Sendable () -> Void>(capacity: max(1, waiting))
        self.queue = queue
        for index in 0..<max(1, threads) {
            NamedThread.start("\(name)-\(index)", stack: 4 << 20) {
                // On Linux the priority is the calling thread's own.
                if niceness > 0 { setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, niceness) }
                while let work = queue.take() { work() }
            }
        }
    }

    deinit { queue.close() }

    /// Runs `work` on one of the threads.
    ///
    /// - Throws: `Full` when too much waits already; what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            let isTaken = queue.offer { continuation.resume(with: Result { try work() }) }
            if !isTaken { continuation.resume(throwing: Full()) }
        }
    }
}
