import Testing

@testable import Ingest

@Suite struct SupervisionWorkerTests {
    @Test("a worker starts, lives, is asked to end, and ends")
    func quietLife() {
        var life = WorkerLife()
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
        var life = WorkerLife()
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

    @Test("a worker that dies again and again waits longer and longer, and never gives up")
    func waits() {
        var life = WorkerLife()
        var now = 0.0
        _ = life.handle(.wanted, now: now, random: 1)
        var waits: [Double] = []
        for _ in 0..<9 {
            _ = life.handle(.alive, now: now + 1, random: 1)
            #expect(life.handle(.exited(.signal(4)), now: now + 5, random: 1) == [.died(.signal(4), wasHung: false)])
            waits.append(life.checkAt - now - 5)
            now = life.checkAt
            #expect(life.handle(.timePassed, now: now, random: 1) == [.launch])
        }
        #expect(zip(waits, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]).allSatisfy { abs($0 - $1) < 1e-6 })
        for second in 1...61 { _ = life.handle(.alive, now: now + Double(second), random: 1) }
        _ = life.handle(.exited(.code(1)), now: now + 62, random: 1)
        #expect(abs(life.checkAt - now - 62.5) < 1e-6)
        #expect(life.deaths == 10)
    }

    @Test("a worker that cannot be launched or never speaks is tried again")
    func noStart() {
        var life = WorkerLife()
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
        var life = WorkerLife()
        _ = life.handle(.wanted, now: 0, random: 1)
        _ = life.handle(.unwanted, now: 1, random: 1)
        #expect(life.handle(.wanted, now: 2, random: 1).isEmpty)
        #expect(life.handle(.exited(.code(0)), now: 3, random: 1) == [.launch])
        #expect(life.deaths == 0)
    }
}
