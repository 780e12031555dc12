import Flow
import Testing

@testable import Simulator

@Suite struct TimerWheelTests {
    private func take(_ wheel: inout TimerWheel, _ now: Int64) -> [UInt64] {
        var tokens: [UInt64] = []
        wheel.take(upTo: now, into: &tokens)
        return tokens
    }

    @Test("each comes once, never early and at most a slot late, however far away it was")
    func onTime() {
        var wheel = TimerWheel(granularity: 10, slots: 16)
        var random = SplitMix64(seed: 7)
        let dues = (0..<500).map { _ in Int64(random.integer(below: 2000)) }
        for (token, due) in dues.enumerated() { wheel.add(UInt64(token), due: due) }
        var seen: Set<UInt64> = []
        for now in stride(from: Int64(0), through: 2100, by: 3) {
            for token in take(&wheel, now) {
                #expect(seen.insert(token).inserted)
                #expect(dues[Int(token)] <= now)
                #expect(now < dues[Int(token)] + 10 + 3)
            }
        }
        #expect(seen.count == dues.count)
        #expect(wheel.count == 0)
    }

    @Test("after a long sleep all that came due meanwhile is handed out, the rest later")
    func longSleep() {
        var wheel = TimerWheel(granularity: 10, slots: 8)
        for token in 0..<100 { wheel.add(UInt64(token), due: Int64(token) * 50) }
        #expect(Set(take(&wheel, 2500)) == Set(0...50))
        #expect(wheel.count == 49)
        #expect(take(&wheel, 2549).isEmpty)
        #expect(take(&wheel, 2550) == [51])
    }

    @Test("what is overdue when it is added comes with the next slot")
    func overdue() {
        var wheel = TimerWheel(granularity: 10, slots: 8)
        _ = take(&wheel, 1000)
        wheel.add(1, due: 5)
        #expect(take(&wheel, 1009).isEmpty)
        #expect(take(&wheel, 1010) == [1])
    }

    @Test("the time to wake is that of the first slot with an entry, or the horizon")
    func wake() {
        var wheel = TimerWheel(granularity: 10, slots: 100)
        #expect(wheel.wake(after: 0, horizon: 500) == 500)
        wheel.add(1, due: 234)
        #expect(wheel.wake(after: 0, horizon: 500) == 240)
        #expect(wheel.wake(after: 0, horizon: 100) == 100)
        _ = take(&wheel, 240)
        #expect(wheel.wake(after: 240, horizon: 500) == 740)
    }
}
