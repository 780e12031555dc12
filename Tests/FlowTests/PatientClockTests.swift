import Flow
import Synchronization
import Testing

@Suite struct PatientClockTests {
    @Test("a pause of the owner counts as its own lateness, not as time that has passed for others")
    func pause() {
        var clock = PatientClock(longestStep: 0.5)
        #expect(clock.look(1000) == 0)
        #expect(abs(clock.look(1000.25) - 0.25) < 1e-9)
        #expect(abs(clock.look(1100.25) - 0.75) < 1e-9)
        #expect(abs(clock.lateness - 99.5) < 1e-9)
        #expect(abs(clock.look(1100.5) - 1) < 1e-9)
        #expect(abs(clock.lateness - 99.5) < 1e-9)
    }

    @Test("who looks in time is never late")
    func inTime() {
        var clock = PatientClock(longestStep: 0.5)
        for step in 0...1000 { clock.look(Double(step) * 0.25) }
        #expect(clock.lateness == 0 && clock.now == 250)
    }

    @Test("the steady clock goes on when the wall clock is set, and knows by how much")
    func steady() {
        let wall = Mutex(MediaTime(seconds: 1_000_000))
        let monotonic = Mutex(50.0)
        let clocks = Clocks(wall: { wall.withLock { $0 } }, monotonic: { monotonic.withLock { $0 } })
        #expect(clocks.steady() == MediaTime(seconds: 1_000_000) && clocks.shift() == 0)
        monotonic.withLock { $0 += 10 }
        wall.withLock { $0 = MediaTime(seconds: 1_000_010.4) }
        #expect(
            clocks.steady() == MediaTime(seconds: 1_000_010) && clocks.shift() == 0,
            "less than a second is no step"
        )
        wall.withLock { $0 = MediaTime(seconds: 999_920) }
        #expect(clocks.steady() == MediaTime(seconds: 1_000_010) && clocks.shift() == -90_000_000)
        #expect(clocks.steady().shifted(by: clocks.shift()) == clocks.wall())
    }

    @Test("a timed wait ends by the monotonic clock, and earlier when somebody signals")
    func waits() async {
        let condition = MonotonicCondition()
        condition.lock()
        #expect(!condition.wait(atMost: 0.01))
        condition.unlock()
        let isReady = Mutex(false)
        let waiter = Task.detached {
            condition.lock()
            defer { condition.unlock() }
            while !isReady.withLock({ $0 }) {
                guard condition.wait(atMost: 60) else { return false }
            }
            return true
        }
        condition.lock()
        isReady.withLock { $0 = true }
        condition.broadcast()
        condition.unlock()
        #expect(await waiter.value)
    }
}
