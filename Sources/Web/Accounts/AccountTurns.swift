import Synchronization

/// How many requests of one account are answered at once; the others wait for their turn.
///
/// The sessions of the database are few and shared: a browser, or a program with somebody's cookie, that asks sixty
/// times at once would have all of them, and everybody else would wait behind it.
final class AccountTurns: Sendable {
    private struct Line {
        var running = 0
        var waiting: [(ticket: Int, continuation: CheckedContinuation<Void, any Error>)] = []
    }

    private struct State {
        var lines: [Int: Line] = [:]
        var tickets = 0
    }

    private let atOnce: Int
    private let mostWaiting: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - atOnce: Requests of an account that are answered at once.
    ///   - mostWaiting: Those that wait; more are told to come again.
    init(atOnce: Int = 8, mostWaiting: Int = 128) {
        self.atOnce = atOnce
        self.mostWaiting = mostWaiting
    }

    /// Runs `body` when it is the account's turn.
    ///
    /// - Throws: `WebError` with `tooMany` when too many wait; `CancellationError`; what `body` throws.
    func entering<Value>(account: Int, _ body: () async throws -> Value) async throws -> Value {
        try await takeTurn(account)
        defer { leave(account) }
        return try await body()
    }

    private func takeTurn(_ account: Int) async throws {
        try Task.checkCancellation()
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if Task.isCancelled { return .failure(CancellationError()) }
                    var line = state.lines[account] ?? Line()
                    defer { state.lines[account] = line }
                    if line.running < atOnce {
                        line.running += 1
                        return .success(())
                    }
                    guard line.waiting.count < mostWaiting else {
                        return .failure(WebError(.tooMany, .busy, retryAfter: 5))
                    }
                    line.waiting.append((ticket, continuation))
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { state in
                let place = state.lines[account]?.waiting.firstIndex { $0.ticket == ticket }
                return place.flatMap { state.lines[account]?.waiting.remove(at: $0).continuation }
            }
            waiter?.resume(throwing: CancellationError())
        }
    }

    private func leave(_ account: Int) {
        let next = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard var line = state.lines[account] else { return nil }
            defer { state.lines[account] = line.running > 0 ? line : nil }
            if !line.waiting.isEmpty { return line.waiting.removeFirst().continuation }
            line.running -= 1
            return nil
        }
        next?.resume()
    }
}
