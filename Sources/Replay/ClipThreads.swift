internal import Foundation
internal import Synchronization

/// Work on many clips at once.
public enum ClipThreads {
    /// Calls `body` once for each item on `workers` threads, the longest first, so that no thread is left with a long one
    /// at the end; blocks until all are done.
    public static func forEach<Item: Sendable>(
        _ items: [Item],
        longestFirst length: (Item) -> Double,
        workers: Int,
        _ body: @Sendable (Item) -> Void
    ) {
        let lengths = items.map(length)
        let order = items.indices.sorted { (lengths[$1], $0) < (lengths[$0], $1) }
        let next = Mutex(0)
        DispatchQueue.concurrentPerform(iterations: max(1, min(workers, order.count))) { _ in
            while let index = next.withLock({ next -> Int? in
                guard next < order.count else { return nil }
                defer { next += 1 }
                return order[next]
            }) {
                body(items[index])
            }
        }
    }
}
