import Flow
import Testing

@testable import Ingest

/// A camera's life on a clock of its own, with the jitter at its longest.
private struct Stage {
    var life: CameraLife
    var now = 100.0
    let settings: CameraLifeSettings

    init(isPatrol: Bool = false, settings: CameraLifeSettings = .init()) {
        self.settings = settings
        life = CameraLife(isPatrol: isPatrol, settings: settings)
    }

    @discardableResult
    mutating func tell(_ event: CameraLife.Event, after seconds: Double = 0) -> CameraLife.Actions {
        now += seconds
        return life.handle(event, now: now, random: 1, settings: settings)
    }

    /// Connects and lets units flow, one a second.
    mutating func play(seconds: Int) {
        tell(.due)
        tell(.opened)
        for _ in 0...seconds { tell(.units(25), after: 1) }
    }
}

@Suite struct SupervisionCameraLifeTests {
    @Test("connecting is shown once, online with the first unit, not with the open connection")
    func wayUp() {
        var stage = Stage()
        #expect(stage.tell(.due).report?.state == .connecting)
        #expect(stage.tell(.opened) == .none)
        #expect(stage.tell(.units(1)).report == .init(state: .online, reason: nil))
        #expect(stage.tell(.units(10)) == .none)
        #expect(stage.life.connection == 1 && stage.life.reconnects == 0)
    }

    @Test("waits double up to the cap and go on for ever; the state is shown once")
    func waits() {
        var stage = Stage()
        var waits: [Double] = []
        for attempt in 0..<12 {
            stage.tell(.due)
            let actions = stage.tell(.failed(.unreachable))
            waits.append((actions.connectAt ?? .nan) - stage.now)
            #expect((actions.report?.state == .offline) == (attempt == 0))
            stage.now = actions.connectAt ?? .nan
        }
        #expect(zip(waits, [1, 2, 4, 8, 16, 32, 64, 120, 120, 120, 120, 120]).allSatisfy { abs($0 - $1) < 1e-6 })
        #expect(stage.life.reconnects == 11)
    }

    @Test("a stream must flow for ten seconds before its failures are forgotten")
    func steadiness() {
        for (seconds, expected) in [(5, 16.0), (12, 1.0)] {
            var stage = Stage()
            for _ in 0..<4 {
                stage.tell(.due)
                stage.tell(.failed(.unreachable))
            }
            stage.play(seconds: seconds)
            let actions = stage.tell(.failed(.closed))
            #expect(abs((actions.connectAt ?? .nan) - stage.now - expected) < 1e-6)
        }
    }

    @Test("an open stream without access units stalls after 20 s, whatever else it sends")
    func stall() {
        var stage = Stage()
        stage.play(seconds: 12)
        #expect(stage.life.checkAt(stage.settings) == stage.now + 20)
        // Junk and reports from the camera are no units.
        for _ in 0..<19 { #expect(stage.tell(.units(0), after: 1) == .none) }
        #expect(stage.tell(.timePassed) == .none)
        let actions = stage.tell(.timePassed, after: 1)
        #expect(actions.closes)
        #expect(actions.report == .init(state: .stalled, reason: .silent))
        #expect(actions.connectAt == stage.now + 1)
        #expect(stage.tell(.units(3)) == .none, "late units of the closed connection")
        #expect(stage.tell(.failed(.closed)) == .none, "the late end of the closed connection")
    }

    @Test("a stream that opens and never sends a unit stalls too, and so does a handshake without an end")
    func neverStarts() {
        var stage = Stage()
        stage.tell(.due)
        stage.tell(.opened)
        #expect(stage.tell(.timePassed, after: 20).report?.state == .stalled)
        stage.tell(.due)
        let actions = stage.tell(.timePassed, after: 20)
        #expect(actions.report == .init(state: .offline, reason: .timedOut) && actions.closes)
    }

    @Test("three equal pictures over a minute are frozen: reconnected once, shown as frozen until it ends")
    func frozen() {
        var stage = Stage()
        stage.play(seconds: 12)
        stage.tell(.sample(isSame: false))
        #expect(stage.tell(.sample(isSame: true), after: 30) == .none)
        #expect(stage.tell(.sample(isSame: true), after: 29) == .none)
        let actions = stage.tell(.sample(isSame: true), after: 1)
        #expect(actions.closes && actions.connectAt != nil)
        #expect(actions.report == .init(state: .frozen, reason: .samePicture))
        stage.play(seconds: 12)
        #expect(stage.life.shown == .frozen)
        // The first picture after the reconnect may differ by chance.
        stage.tell(.sample(isSame: false))
        for _ in 0..<20 { #expect(stage.tell(.sample(isSame: true), after: 10) == .none) }
        #expect(stage.life.shown == .frozen && stage.life.isConnected)
        #expect(stage.tell(.sample(isSame: false)) == .none)
        #expect(stage.tell(.sample(isSame: false)).report == .init(state: .online, reason: nil))
    }

    @Test("few or quick equal pictures are not frozen, and one that differs starts the count anew")
    func notFrozen() {
        var stage = Stage()
        stage.play(seconds: 1)
        for _ in 0..<50 { #expect(stage.tell(.sample(isSame: true), after: 1) == .none) }
        stage.tell(.sample(isSame: false), after: 1)
        #expect(stage.tell(.sample(isSame: true), after: 120) == .none, "two pictures are not three")
        #expect(stage.life.shown == .online)
    }

    @Test("a frozen camera that goes offline is frozen again when it comes back as it was")
    func frozenOffline() {
        var stage = Stage()
        stage.play(seconds: 1)
        for _ in 0..<3 { stage.tell(.sample(isSame: true), after: 40) }
        stage.tell(.due)
        #expect(stage.tell(.failed(.unreachable)).report?.state == .offline)
        stage.tell(.due)
        stage.tell(.opened)
        #expect(stage.tell(.units(1)).report?.state == .frozen)
    }

    @Test(
        "what needs a person is refused and tried at the longest wait only",
        arguments: CameraFailure.allCases.filter { !$0.isRetriable && $0 != .crashes }
    )
    func refused(failure: CameraFailure) {
        var stage = Stage()
        for _ in 0..<3 {
            stage.tell(.due)
            let actions = stage.tell(.failed(failure))
            let wait = (actions.connectAt ?? .nan) - stage.now
            #expect((108...120.001).contains(wait))
            #expect(stage.life.shown == .refused)
        }
        stage.play(seconds: 1)
        #expect(stage.life.shown == .online)
    }

    @Test("in quarantine nobody connects before its end")
    func quarantine() {
        var stage = Stage()
        stage.play(seconds: 5)
        let actions = stage.tell(.quarantined(until: stage.now + 3600))
        #expect(actions.closes && actions.connectAt == stage.now + 3600)
        #expect(actions.report == .init(state: .quarantined, reason: .crashes))
        #expect(stage.tell(.due, after: 1800) == .none)
        #expect(!stage.life.isConnected)
        #expect(stage.tell(.due, after: 1800).report?.state == .connecting)
        stage.tell(.quarantined(until: stage.now + 3600))
        #expect(stage.tell(.released, after: 5).connectAt == stage.now)
        #expect(stage.tell(.due).report?.state == .connecting)
    }

    @Test("a visited camera shows how its last visit went, and the plan says when the next one is")
    func patrol() {
        var stage = Stage(isPatrol: true)
        stage.tell(.due)
        stage.tell(.opened)
        #expect(stage.tell(.units(1)).report?.state == .patrol)
        #expect(stage.tell(.left) == .none)
        #expect(stage.tell(.timePassed, after: 500) == .none)
        #expect(stage.tell(.due) == .none)
        let actions = stage.tell(.failed(.busy))
        #expect(actions.report == .init(state: .offline, reason: .busy) && actions.connectAt == nil)
    }

    @Test("random events never leave a camera without a next step")
    func randomEvents() {
        var random = SeededRandom(3)
        var stage = Stage()
        var connectAt: Double? = 0
        let failures = CameraFailure.allCases
        for _ in 0..<50_000 {
            let event: CameraLife.Event =
                switch Int.random(in: 0..<8, using: &random) {
                case 0: .due
                case 1: .opened
                case 2: .units(Int.random(in: 0...5, using: &random))
                case 3: .sample(isSame: Bool.random(using: &random))
                case 4: .failed(failures[Int.random(in: 0..<failures.count, using: &random)])
                case 5: .quarantined(until: stage.now + 10)
                case 6: .released
                default: .timePassed
                }
            let actions = stage.tell(event, after: random.unit() * 15)
            if let at = actions.connectAt { connectAt = at }
            if stage.life.isConnected { connectAt = nil }
            #expect(stage.life.isConnected ? stage.life.checkAt(stage.settings).isFinite : connectAt != nil)
        }
    }

    @Test("is small, since there are thousands")
    func size() {
        #expect(MemoryLayout<CameraLife>.stride <= 200)
    }

    @Test("a refusal for another reason is told: what was corrected may show what else is wrong")
    func refusedOtherwise() {
        var stage = Stage()
        stage.tell(.due)
        #expect(stage.tell(.failed(.unauthorized)).report == .init(state: .refused, reason: .unauthorized))
        for _ in 0..<3 {
            stage.tell(.due, after: 120)
            #expect(stage.tell(.failed(.unauthorized)).report == nil)
        }
        stage.tell(.due, after: 120)
        #expect(stage.tell(.failed(.otherTransport)).report == .init(state: .refused, reason: .otherTransport))
        stage.tell(.due, after: 120)
        #expect(stage.tell(.failed(.closed)).report?.state == .offline)
        stage.tell(.due, after: 120)
        #expect(stage.tell(.failed(.timedOut)).report == nil, "a dead camera does not change with every try")
    }
}
