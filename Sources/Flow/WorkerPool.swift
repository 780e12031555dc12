import Foundation

/// A fixed number of threads, each with its own bounded queue; work with the same key always runs on the same thread.
///
/// This is where blocking C and pixel work run: never on an event loop, never on Swift's cooperative pool.
public final class WorkerPool: Sendable {
    /// A piece of work; runs on the worker's thread, once.
    public typealias Job = @Sendable () -> Void

    private let queues: [BoundedQueue<Job>]
    private let finished: DispatchGroup

    /// Starts the threads.
    ///
    /// - Parameters:
    ///   - name: Thread name prefix, as shown by `top -H`.
    ///   - threads: How many, at least 1.
    ///   - queueCapacity: Jobs that may wait per thread.
    public init(name: String, threads: Int, queueCapacity: Int) {
        let queues = (0..<max(1, threads)).map { _ in BoundedQueue<Job>(capacity: queueCapacity) }
        let finished = DispatchGroup()
        self.queues = queues
        self.finished = finished
        for (index, queue) in queues.enumerated() {
            finished.enter()
            NamedThread.start("\(name)-\(index)", stack: 4 << 20) {
                while let job = queue.take() { job() }
                finished.leave()
            }
        }
    }

    /// Threads of the pool.
    public var threads: Int { queues.count }

    /// Jobs waiting on all threads.
    public var waiting: Int { queues.reduce(0) { $0 + $1.count } }

    /// Which thread work with this key runs on.
    public func index(for key: String) -> Int {
        Int(StableHash.of(key) % UInt64(queues.count))
    }

    /// Hands over a job without waiting.
    ///
    /// - Returns: False when that thread's queue is full or the pool is closed; the job will not run.
    public func submit(to index: Int, _ job: @escaping Job) -> Bool {
        queues[index].offer(job)
    }

    /// Hands over a job, waiting for room: only for sources that may wait, such as replay.
    ///
    /// - Returns: False when the pool is closed.
    public func submitWaiting(to index: Int, _ job: @escaping Job) -> Bool {
        queues[index].put(job)
    }

    /// Takes no more jobs, runs those that wait, and returns when every thread has ended.
    public func drain() {
        for queue in queues { queue.close() }
        finished.wait()
    }
}
