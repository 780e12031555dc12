import Flow
import Testing

@Suite struct BackoffTests {
    @Test("waits double up to the cap, with jitter between half and whole, and never give up")
    func schedule() {
        var low = Backoff(base: 1, cap: 120)
        var high = Backoff(base: 1, cap: 120)
        let steps = [1.0, 2, 4, 8, 16, 32, 64, 120, 120, 120]
        for step in steps {
            #expect(low.failed(random: 0) == step / 2)
            #expect(high.failed(random: 1) == step)
        }
        for _ in 0..<1000 { _ = low.failed(random: 0.5) }
        #expect(low.failed(random: 0.5) == 90)
        low.succeeded()
        #expect(low.failed(random: 1) == 1)
    }
}
