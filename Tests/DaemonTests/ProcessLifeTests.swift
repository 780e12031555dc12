import Flow
import Testing

@testable import Daemon

@Suite struct SupervisionWorkerTests {
    @Test("a worker starts, lives, is asked to end, and ends")
    func quietLife() {
        var life = ProcessLife()
        #expect(life.handle(.wanted, now: 0, random: 0) == [.launch])
        #expect(life.handle(.wanted, now: 0, random: 0).isEmpty)
        _ = life.handle(.alive, now: 2, random: 0)
        #expect(life.state == .running && life.checkAt == 22)
        #expect(life.handle(.unwanted, now: 10, random: 0) == [.terminate])
        #expect(life.handle(.timePassed, now: 29, random: 0).isEmpty)
        #expect(life.handle(.timePassed, now: 30, random: 0) == [.kill])
        #expect(life.handle(.exited(.signal(9)), now: 31, random: 0).isEmpty)
        #expect(life.state == .stopped && life.deaths == 0 && life.checkAt == .infinity)
    }

    @Test("a worker without a sign of life for 20 s is killed, and started again after it is gone")
    func hung() {
        var life = ProcessLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        for second in 1...100 { _ = life.handle(.alive, now: Double(second), random: 1) }
        #expect(life.handle(.timePassed, now: 119, random: 1).isEmpty)
        #expect(life.handle(.timePassed, now: 120, random: 1) == [.kill])
        #expect(life.state == .hung)
        #expect(life.handle(.timePassed, now: 140, random: 1) == [.kill])
        let actions = life.handle(.exited(.signal(9)), now: 141, random: 1)
        #expect(actions == [.died(.signal(9), wasHung: true)])
        #expect(life.handle(.timePassed, now: 141.4, random: 1).isEmpty)
        #expect(life.handle(.timePassed, now: 141.5, random: 1) == [.launch])
    }

    @Test("a worker that dies again and again while it starts waits longer and longer, and never gives up")
    func waits() {
        var life = ProcessLife()
        var now = 0.0
        _ = life.handle(.wanted, now: now, random: 1)
        var waits: [Double] = []
        for _ in 0..<9 {
            _ = life.handle(.alive, now: now + 1, random: 1)
            #expect(life.handle(.exited(.signal(4)), now: now + 3, random: 1) == [.died(.signal(4), wasHung: false)])
            waits.append(life.checkAt - now - 3)
            now = life.checkAt
            #expect(life.handle(.timePassed, now: now, random: 1) == [.launch])
        }
        #expect(zip(waits, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]).allSatisfy { abs($0 - $1) < 1e-6 })
        for second in 1...3 { _ = life.handle(.alive, now: now + Double(second), random: 1) }
        _ = life.handle(.exited(.code(1)), now: now + 4, random: 1)
        #expect(abs(life.checkAt - now - 4.5) < 1e-6)
        #expect(life.deaths == 10)
    }

    @Test("a worker that had come to work is back after half a second, however often it was killed")
    func killedAgainAndAgain() {
        var life = ProcessLife()
        var now = 0.0
        _ = life.handle(.wanted, now: now, random: 1)
        for _ in 0..<100 {
            for second in 1...4 { _ = life.handle(.alive, now: now + Double(second), random: 1) }
            _ = life.handle(.exited(.signal(9)), now: now + 4.5, random: 1)
            #expect(life.checkAt - now - 4.5 <= 0.5)
            now = life.checkAt
            _ = life.handle(.timePassed, now: now, random: 1)
        }
    }

    @Test("a worker that cannot be launched or never speaks is tried again")
    func noStart() {
        var life = ProcessLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        #expect(life.handle(.launchFailed, now: 0, random: 1) == [.died(nil, wasHung: false)])
        #expect(life.handle(.timePassed, now: 1, random: 1) == [.launch])
        #expect(life.handle(.timePassed, now: 61, random: 1) == [.kill])
        #expect(life.handle(.alive, now: 62, random: 1).isEmpty && life.state == .hung)
        _ = life.handle(.exited(.signal(9)), now: 62, random: 1)
        #expect(life.handle(.unwanted, now: 62, random: 1).isEmpty && life.state == .stopped)
    }

    @Test("wanted again while it ends: started at once when it is gone, without a strike")
    func wantedAgain() {
        var life = ProcessLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        _ = life.handle(.unwanted, now: 1, random: 1)
        #expect(life.handle(.wanted, now: 2, random: 1).isEmpty)
        #expect(life.handle(.exited(.code(0)), now: 3, random: 1) == [.launch])
        #expect(life.deaths == 0)
    }

    @Test(
        "a worker that hardly gets the CPU is slow, not dead; when it has worked for two seconds without a sign it is"
    )
    func slow() {
        var life = ProcessLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        _ = life.handle(.worked(0.5), now: 1, random: 1)
        _ = life.handle(.alive, now: 1, random: 1)
        // A hundredth of a second of the CPU each second, as among a hundred busy others.
        for second in 2...150 {
            _ = life.handle(.worked(0.5 + Double(second) / 100), now: Double(second), random: 1)
            #expect(life.handle(.timePassed, now: Double(second), random: 1).isEmpty, "after \(second) s")
        }
        _ = life.handle(.alive, now: 151, random: 1)
        // From here on it turns on the spot.
        for second in 152...170 {
            _ = life.handle(.worked(Double(second) - 140), now: Double(second), random: 1)
            #expect(life.handle(.timePassed, now: Double(second), random: 1).isEmpty)
        }
        _ = life.handle(.worked(31), now: 171, random: 1)
        #expect(life.handle(.timePassed, now: 171, random: 1) == [.kill])
    }

    @Test("a worker that stands still altogether is dead after 20 s")
    func standsStill() {
        var life = ProcessLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        _ = life.handle(.worked(0.5), now: 1, random: 1)
        _ = life.handle(.alive, now: 1, random: 1)
        for second in 2...20 {
            _ = life.handle(.worked(0.5), now: Double(second), random: 1)
            #expect(life.handle(.timePassed, now: Double(second), random: 1).isEmpty)
        }
        _ = life.handle(.worked(0.5), now: 21, random: 1)
        #expect(life.handle(.timePassed, now: 21, random: 1) == [.kill])
    }

    @Test("a parent that was paused for 100 s does not take its own pause for a silence of its workers")
    func pausedParent() {
        var clock = PatientClock(longestStep: 1)
        var life = ProcessLife()
        _ = life.handle(.wanted, now: clock.look(5000), random: 1)
        var now = 5000.0
        for _ in 0..<40 {
            now += 0.25
            _ = life.handle(.alive, now: clock.look(now), random: 1)
        }
        now += 100
        #expect(life.handle(.timePassed, now: clock.look(now), random: 1).isEmpty)
        // What was in the pipe comes now.
        _ = life.handle(.alive, now: clock.now, random: 1)
        for _ in 0..<79 {
            now += 0.25
            #expect(life.handle(.timePassed, now: clock.look(now), random: 1).isEmpty)
        }
        now += 0.5
        #expect(life.handle(.timePassed, now: clock.look(now), random: 1) == [.kill], "and a real silence is one")
    }
}
