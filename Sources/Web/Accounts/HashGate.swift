import Dispatch

/// Lets two passwords be hashed at once, a few more wait, and turns the rest away.
///
/// A hash takes 32 MiB and a third of a second: without a bound, a hundred logins a second would take the machine from
/// the cameras.
actor HashGate {
    private let width: Int
    private let queueLimit: Int
    private var running = 0
    private var waiting: [CheckedContinuation<Void, Never>] = []
    private let queue = DispatchQueue(label: "gridwatch.hash", attributes: .concurrent)

    init(width: Int = 2, queueLimit: Int = 16) {
        self.width = width
        self.queueLimit = queueLimit
    }

    /// Runs `work` on a thread of its own.
    ///
    /// - Throws: `WebError` with `tooMany` when too many wait already; what `work` throws.
    func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        if running < width {
            running += 1
        } else {
            guard waiting.count < queueLimit else { throw WebError(.tooMany, .loginBusy, retryAfter: 5) }
            // Whoever leaves hands over the place: `running` stays.
            await withCheckedContinuation { waiting.append($0) }
        }
        defer { leave() }
        return try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private func leave() {
        if waiting.isEmpty { running -= 1 } else { waiting.removeFirst().resume() }
    }
}
