import Dispatch

/// Work that blocks for the disk, away from the threads that everybody shares.
enum Blocking {
    /// Runs `body` on a queue of its own and waits for it without holding a thread of Swift's pool.
    static func run<Value: Sendable>(
        qos: DispatchQoS.QoSClass = .userInitiated,
        _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: qos).async { continuation.resume(returning: body()) }
        }
    }
}
