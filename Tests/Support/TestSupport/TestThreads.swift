import Flow
import Foundation

/// As many threads as there are cores; they give way to everything else in the process.
final class TestThreads: TaskExecutor {
    static let shared = TestThreads()

    /// Holds one entry for each test that waits for a thread, so its bound is never met.
    private let jobs = BoundedQueue<UnownedJob>(capacity: 65_536)

    private init() {
        for number in 0..<ProcessInfo.processInfo.activeProcessorCount {
            NamedThread.start("test-\(number)", stack: 8 << 20) { [self] in
                // On Linux this is the niceness of the calling thread alone.
                _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
                while let job = jobs.take() { job.runSynchronously(on: asUnownedTaskExecutor()) }
            }
        }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let isTaken = jobs.offer(UnownedJob(job))
        precondition(isTaken, "more tests at once than the queue holds")
    }
}
