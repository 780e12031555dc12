import Testing

@testable import Web

@Suite struct UploadGateTests {
    @Test("one account has its places, all have theirs, and who leaves makes room")
    func bounds() async throws {
        let gate = UploadGate(total: 3, perAccount: 2)
        try await gate.entering(account: 1) {
            try await gate.entering(account: 1) {
                await #expect(throws: WebError(.tooMany, .busy, retryAfter: 5)) {
                    try await gate.entering(account: 1) {}
                }
                try await gate.entering(account: 2) {
                    await #expect(throws: WebError(.unavailable, .busy, retryAfter: 5)) {
                        try await gate.entering(account: 3) {}
                    }
                }
                try await gate.entering(account: 3) {}
            }
            try await gate.entering(account: 1) {}
        }
        await #expect(throws: CancellationError.self) {
            try await gate.entering(account: 1) { throw CancellationError() }
        }
        try await gate.entering(account: 1) { try await gate.entering(account: 1) {} }
    }
}
