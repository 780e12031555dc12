import Synchronization
import Testing

@testable import Web

@Suite struct AccountTurnsTests {
    /// A request that is being answered until it is told to end.
    private final class Answers: Sendable {
        let running = Mutex<[Int: Int]>([:])
        let most = Mutex<[Int: Int]>([:])

        func begin(_ account: Int) {
            let now = running.withLock { running in
                running[account, default: 0] += 1
                return running[account] ?? 0
            }
            most.withLock { $0[account] = max($0[account] ?? 0, now) }
        }

        func end(_ account: Int) { running.withLock { $0[account, default: 0] -= 1 } }
    }

    @Test("an account is answered so many requests at once, the others come in turn, and other accounts do not wait")
    func turns() async throws {
        let turns = AccountTurns(atOnce: 2, mostWaiting: 100)
        let answers = Answers()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<40 {
                let account = number % 4 == 0 ? 2 : 1
                group.addTask {
                    try await turns.entering(account: account) {
                        answers.begin(account)
                        for _ in 0..<20 { await Task.yield() }
                        answers.end(account)
                    }
                }
            }
            try await group.waitForAll()
        }
        let most = answers.most.withLock { $0 }
        #expect((1...2).contains(most[1] ?? 0) && (1...2).contains(most[2] ?? 0))
        #expect(answers.running.withLock { $0.values.allSatisfy { $0 == 0 } })
    }

    @Test("when too many wait the next is told to come again, and who gives up waits no longer")
    func bounds() async throws {
        let turns = AccountTurns(atOnce: 1, mostWaiting: 1)
        try await turns.entering(account: 1) {
            let waiter = Task {
                while true {
                    do {
                        return try await turns.entering(account: 1) {}
                    } catch is WebError {
                        // The other one below was faster.
                        await Task.yield()
                    }
                }
            }
            // The waiter has its place as soon as another one finds none.
            var refusal: WebError?
            while refusal == nil {
                let other = Task { try await turns.entering(account: 1) {} }
                await Task.yield()
                other.cancel()
                if case .failure(let error as WebError) = await other.result { refusal = error }
            }
            #expect(refusal == WebError(.tooMany, .busy, retryAfter: 5))
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
        }
        try await turns.entering(account: 1) {}
    }
}
