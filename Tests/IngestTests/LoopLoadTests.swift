import RTSP
import Testing

@testable import Ingest

@Suite struct LoopLoadTests {
    @Test("a loop in time lets everybody connect, a late one few, and never nobody")
    func share() {
        var load = LoopLoad()
        for _ in 0..<100 { load.turned(late: 0.01) }
        #expect(load.connectShare == 1)
        for _ in 0..<100 { load.turned(late: 1) }
        #expect(load.connectShare > 0.09 && load.connectShare < 0.11)
        for _ in 0..<100 { load.turned(late: 60) }
        #expect(load.connectShare == LoopLoad.least)
        for _ in 0..<100 { load.turned(late: 0) }
        #expect(load.connectShare == 1, "two seconds in time are enough")
    }

    @Test("with a smaller share connects come slower and fewer at once")
    func pacer() {
        func begun(share: Double) -> (connects: Int, atOnce: Int) {
            var pacer = ConnectPacer<Int>(settings: ConnectPacerSettings(connectsPerSecond: 100, handshakes: 50))
            for camera in 0..<1000 { pacer.add(camera, host: "h\(camera)", pointClass: 1, dueAt: 0) }
            pacer.share = share
            var (connects, atOnce) = (0, 0)
            for step in 0..<500 {
                let now = Double(step) * 0.02
                while case .connect(let camera) = pacer.next(now: now) {
                    connects += 1
                    atOnce = max(atOnce, pacer.handshakes)
                    if step % 2 == 0 { pacer.handshakeEnded(camera, reached: true, now: now) }
                }
            }
            return (connects, atOnce)
        }
        #expect(begun(share: 1).atOnce == 50)
        let slow = begun(share: 0.1)
        #expect(slow.atOnce <= 5 && slow.connects <= 101)
    }

    @Test("a silence in which nobody looked is no silence: the stream is not stalled, and is when somebody looks on")
    func excusedLife() {
        let settings = CameraLifeSettings(stalledAfter: 20)
        var life = CameraLife(settings: settings)
        _ = life.handle(.due, now: 0, random: 0, settings: settings)
        _ = life.handle(.opened, now: 1, random: 0, settings: settings)
        _ = life.handle(.units(5), now: 2, random: 0, settings: settings)
        // Stopped for a minute.
        life.excuse(60)
        #expect(life.handle(.timePassed, now: 62.1, random: 0, settings: settings) == .none)
        #expect(life.handle(.timePassed, now: 81.9, random: 0, settings: settings) == .none)
        #expect(life.handle(.timePassed, now: 82.1, random: 0, settings: settings).report?.state == .stalled)
    }

    @Test("a handshake that nobody looked at is not too late; a camera that waits is not moved")
    func excusedHandshake() {
        let settings = CameraLifeSettings(connectWithin: 20)
        var life = CameraLife(settings: settings)
        life.excuse(1000)
        _ = life.handle(.due, now: 0, random: 0, settings: settings)
        life.excuse(30)
        #expect(life.checkAt(settings) == 50)
        #expect(life.handle(.timePassed, now: 49, random: 0, settings: settings) == .none)
        #expect(life.handle(.timePassed, now: 51, random: 0, settings: settings).closes)
    }

    @Test("a visit of a patrol gets the time back in which nobody looked")
    func excusedVisit() {
        var plan = PatrolPlan<Int>(
            settings: PatrolSettings(sessions: 1, intervals: SIMD3(60, 60, 60), timeout: 15)
        )
        plan.add(1, pointClass: 1, now: 0)
        #expect(plan.next(now: 0).map(\.key) == [1])
        plan.excuse(40)
        #expect(plan.overdue(now: 54) == nil)
        #expect(plan.overdue(now: 56) == 1)
    }
}
