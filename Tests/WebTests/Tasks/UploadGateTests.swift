import Testing

@testable import Web

@Suite struct UploadGateTests {
    @Test("one account has its files, all have their bytes, and who leaves makes room")
    func bounds() throws {
        let gate = UploadGate(total: 3_000, perAccount: 2)
        try gate.enter(1, bytes: 1_000)
        try gate.enter(1, bytes: 1_000)
        #expect(throws: WebError(.tooMany, .busy, retryAfter: 5)) { try gate.enter(1, bytes: 1) }
        try gate.enter(2, bytes: 1_000)
        #expect(throws: WebError(.unavailable, .busy, retryAfter: 5)) { try gate.enter(3, bytes: 1) }
        gate.leave(1, bytes: 1_000)
        try gate.enter(3, bytes: 1_000)
        #expect(throws: WebError(.unavailable, .busy, retryAfter: 5)) { try gate.enter(1, bytes: 1) }
        for account in [1, 2, 3] { gate.leave(account, bytes: 1_000) }
        for _ in 0..<2 { try gate.enter(1, bytes: 1_000) }
        try gate.enter(2, bytes: 1_000)
    }

    @Test("every worker of the city may be sending photos of a phone at once, however slowly")
    func slowPhones() throws {
        let gate = UploadGate()
        for account in 1...272 { try gate.enter(account, bytes: 600_000) }
    }
}
