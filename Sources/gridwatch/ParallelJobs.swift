import Foundation
import Synchronization

/// Many jobs on all cores.
enum ParallelJobs {
    /// The results of `body`, in the order of the jobs; blocks.
    ///
    /// `workers`: jobs at once, 0 for one per core. `progress`: called with the share that is done, never twice at once.
    static func map<Job: Sendable, Value: Sendable>(
        _ jobs: [Job],
        workers: Int,
        _ body: @Sendable (Job) throws -> Value,
        progress: @Sendable (Double) -> Void
    ) -> [Result<Value, any Error>] {
        let threads = workers > 0 ? workers : ProcessInfo.processInfo.activeProcessorCount
        let state = Mutex((next: 0, results: [Int: Result<Value, any Error>]()))
        DispatchQueue.concurrentPerform(iterations: max(1, min(threads, jobs.count))) { _ in
            while let index = state.withLock({ state -> Int? in
                guard state.next < jobs.count else { return nil }
                defer { state.next += 1 }
                return state.next
            }) {
                let result = Result { try body(jobs[index]) }
                state.withLock { state in
                    state.results[index] = result
                    progress(Double(state.results.count) / Double(jobs.count))
                }
            }
        }
        return state.withLock { state in jobs.indices.compactMap { state.results[$0] } }
    }
}
