import Flow
import Postgres
import Synchronization
import Testing

@testable import Live

/// A loop that stands still, or fails each time, is told.
@Suite struct LoopMonitorTests {
    private struct Trouble: Error, CustomStringConvertible {
        let description = "statement timeout"
    }

    private final class Hands: Sendable {
        let seconds = Mutex(0.0)
        var clocks: Clocks { Clocks(wall: { .zero }, monotonic: { [self] in seconds.withLock { $0 } }) }
        func move(_ by: Double) { seconds.withLock { $0 += by } }
    }

    @Test("a loop that does not go round is told after minutes, and a vital one is dead at last")
    func silent() {
        let (hands, health, meter) = (Hands(), HealthBoard(), Meter())
        let loops = LoopMonitor(meter: meter, health: health, clocks: hands.clocks)
        loops.turned(.lease)
        loops.turned(.scores)
        hands.move(100)
        loops.look()
        loops.look()
        #expect(health.current.isEmpty)
        hands.move(100)
        loops.turned(.scores)
        loops.look()
        #expect(health.current.isEmpty, "after a pause of the process one look says nothing")
        loops.look()
        #expect(health.current.keys.sorted() == ["loop lease"])
        #expect(health.current["loop lease"]?.contains("has not gone round for 200 s") == true)
        #expect(loops.dead.isEmpty, "slow is not dead")
        hands.move(800)
        loops.look()
        #expect(loops.dead == ["lease"], "scores is silent too, but the process is of use without it")
        loops.turned(.lease)
        loops.turned(.scores)
        loops.look()
        #expect(health.current.isEmpty && loops.dead.isEmpty)
        loops.stop()
        hands.move(5000)
        loops.look()
        loops.look()
        #expect(health.current.isEmpty && loops.dead.isEmpty, "a process that stops in order")
    }

    @Test("a loop whose work fails at each try is told after a minute, with why, unless the database is away")
    func failing() {
        let (hands, health, meter) = (Hands(), HealthBoard(), Meter())
        let standing = LeaseStanding()
        let loops = LoopMonitor(meter: meter, health: health, standing: standing, clocks: hands.clocks)
        for _ in 0..<12 {
            loops.turned(.adoption, failed: Trouble())
            loops.look()
            #expect(health.current.isEmpty)
            hands.move(5)
        }
        loops.turned(.adoption, failed: Trouble())
        loops.look()
        #expect(health.current["loop adoption"] == "the loop adoption has failed for 60 s: statement timeout")
        #expect(meter.exposition().contains("gridwatch_loops_failing 1"))
        standing.trouble = .unrenewed("the database is away")
        loops.look()
        #expect(health.current.isEmpty, "that is told by the lease itself")
        standing.trouble = nil
        loops.turned(.adoption)
        loops.look()
        #expect(health.current.isEmpty)
        #expect(meter.exposition().contains("gridwatch_loops_failing 0"))
    }

    @Test("what is refused or takes too long is halved, what the server refuses for itself is not")
    func pace() {
        var pace = BatchPace(most: 100)
        let slow = PostgresError(.timedOut, "x", sqlState: "57014")
        #expect(pace.failed(slow, count: 100) == true)
        #expect(pace.limit == 50)
        #expect(pace.failed(PostgresError(.queryFailed, "x", sqlState: "22003"), count: 3) == true)
        #expect(pace.limit == 1)
        #expect(pace.failed(slow, count: 1) == false)
        pace.passed()
        #expect(pace.limit == 2)
        for state in ["08006", "53100", "57P01", "25006"] {
            #expect(pace.failed(PostgresError(.queryFailed, "x", sqlState: state), count: 100) == false)
        }
        #expect(pace.failed(PostgresError(.connectionFailed, "x"), count: 100) == false)
        #expect(pace.limit == 2)
        for _ in 0..<10 { pace.passed() }
        #expect(pace.limit == 100)
    }
}
