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

@Suite struct LeaseClockTests {
    @Test("a clock that runs on, late answers and a clock that is set back leave no doubt")
    func steady() {
        var clock = LeaseClock(timeToLive: 15)
        for (database, asked, answered) in [
            (1000.0, 0.0, 0.1), (1005, 5, 5.1), (1040, 10, 40), (950, 45, 45.1), (955, 50, 50),
        ] {
            clock.renewed(database: database, asked: asked, answered: answered)
            #expect(!clock.isInDoubt(at: answered))
        }
    }

    @Test("a clock that was set forward leaves leases in doubt for as long as a lease is good")
    func forward() {
        var clock = LeaseClock(timeToLive: 15)
        clock.renewed(database: 1000, asked: 0, answered: 0.1)
        clock.renewed(database: 4605, asked: 5, answered: 5.1)
        #expect(clock.isInDoubt(at: 5.1) && clock.isInDoubt(at: 20))
        clock.renewed(database: 4620, asked: 20, answered: 20.2)
        #expect(!clock.isInDoubt(at: 20.2))
    }
}
