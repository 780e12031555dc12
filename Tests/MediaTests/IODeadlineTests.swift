import Synchronization
import Testing

@testable import Media

@Suite struct IODeadlineTests {
    @Test("a wait is over after its time, but not because nobody asked meanwhile")
    func lateness() {
        let now = Mutex<Int64>(5_000_000_000)
        func pass(_ seconds: Double) { now.withLock { $0 += Int64(seconds * 1e9) } }
        let watch = IODeadline(interrupter: Interrupter(), clock: { now.withLock { $0 } })
        #expect(!watch.mustStop, "nothing was allowed yet")
        watch.allow(seconds: 10)
        for _ in 0..<50 {
            pass(0.1)
            #expect(!watch.mustStop)
        }
        // The process is stopped for a minute; five of its ten seconds are left.
        pass(60)
        #expect(!watch.mustStop)
        for _ in 0..<44 {
            pass(0.1)
            #expect(!watch.mustStop)
        }
        pass(0.2)
        #expect(watch.mustStop)
    }

    @Test("a thrown switch ends the wait at once")
    func interrupted() {
        let interrupter = Interrupter()
        let watch = IODeadline(interrupter: interrupter)
        watch.allow(seconds: 1000)
        interrupter.interrupt()
        #expect(watch.mustStop)
    }
}
