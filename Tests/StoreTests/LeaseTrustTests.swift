import Store
import Testing

@Suite struct LeaseTrustTests {
    @Test("a lease is trusted from before the request until two seconds before its end")
    func span() {
        var trust = LeaseTrust()
        #expect(!trust.mayAct(at: 0))
        trust.renewed(requestedAt: 100)
        #expect(trust.mayAct(at: 112.9))
        #expect(!trust.mayAct(at: 113))
    }

    @Test("an answer that comes late does not shorten what a later request has won")
    func disorder() {
        var trust = LeaseTrust(timeToLive: 10, margin: 1)
        trust.renewed(requestedAt: 50)
        trust.renewed(requestedAt: 45)
        #expect(trust.trustedUntil == 59)
    }

    @Test("after a refusal nothing is trusted until the next renewal")
    func refusal() {
        var trust = LeaseTrust()
        trust.renewed(requestedAt: 1)
        trust.refused()
        #expect(!trust.mayAct(at: 2))
        trust.renewed(requestedAt: 3)
        #expect(trust.mayAct(at: 4))
    }
}
