import Testing

@testable import Web

@Suite struct UploadGateTests {
    @Test("one account has its places, all have theirs, and who leaves makes room")
    func bounds() throws {
        let gate = UploadGate(total: 3, perAccount: 2)
        try gate.enter(1)
        try gate.enter(1)
        #expect(throws: WebError(.tooMany, .busy, retryAfter: 5)) { try gate.enter(1) }
        try gate.enter(2)
        #expect(throws: WebError(.unavailable, .busy, retryAfter: 5)) { try gate.enter(3) }
        gate.leave(1)
        try gate.enter(3)
        #expect(throws: WebError(.unavailable, .busy, retryAfter: 5)) { try gate.enter(1) }
        for account in [1, 2, 3] { gate.leave(account) }
        for _ in 0..<2 { try gate.enter(1) }
        try gate.enter(2)
    }
}
