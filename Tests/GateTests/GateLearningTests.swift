import Flow
import Gate
import TestSupport
import Testing

@Suite(.ownThread) struct GateLearningTests {
    /// Every fourth group is twice as large, for nothing.
    private var restless: GateStream {
        GateStream(active: stride(from: 20.0, to: 2000, by: 8).map { ($0, $0 + 2, 2, 1) })
    }

    @Test("a gate that fires for nothing fires less and less, and the floor goes on")
    func uselessFires() {
        var gate = Gate(sampling: .gated(floor: 10))
        let passed = restless.run(&gate, seconds: 2000)
        let early = passed.count { (20..<120).contains($0.time) && $0.reason == .activity }
        let late = passed.count { $0.time >= 1900 && $0.reason == .activity }
        #expect(early > late)
        #expect(gate.thresholdFactor > 1)
        #expect(zip(passed, passed.dropFirst()).allSatisfy { $1.time - $0.time <= 10 })
        let beyondFloor = passed.count { $0.time >= 1000 && $0.reason == .activity }
        #expect(Double(beyondFloor) <= 0.05 * 500)
    }

    @Test("a fire for nothing does not make the gate blind to what is clear")
    func staysAwake() {
        var gate = Gate(sampling: .gated(floor: 300))
        var stream = restless
        stream.active.append((1900, 1910, 8, 1))
        stream.active.sort { $0.start < $1.start }
        stream.active.removeAll { $0.start < 1910 && $0.end > 1900 && $0.pictures == 2 }
        let passed = stream.run(&gate, seconds: 1950) { (1900..<1910).contains($0) }
        #expect(passed.contains { (1900...1912).contains($0.time) })
    }

    @Test("quiet makes a gate more sensitive, down to its bound")
    func quietSharpens() {
        var gate = Gate(sampling: .gated(floor: 10))
        _ = GateStream(jitter: 0.01).run(&gate, seconds: 1200)
        #expect(gate.thresholdFactor < 0.7)
        #expect(gate.thresholdFactor >= 0.6 - 1e-6)
    }

    /// Things come and go for 30 of every 60 seconds, and no size tells of it.
    private func invisible(_ time: Double) -> Bool {
        time > 30 && time.truncatingRemainder(dividingBy: 60) < 30
    }

    @Test("a gate that does not see what happens turns itself off, and tries again later")
    func selfOff() {
        var settings = GateSettings()
        settings.fallbackPeriod = 200
        var gate = Gate(sampling: .gated(floor: 10), settings: settings)
        let passed = GateStream().run(&gate, seconds: 1500, shows: invisible)
        let fallbacks = passed.filter { $0.reason == .fallback }.map(\.time)
        #expect((fallbacks.first ?? 0) < 400)
        #expect(zip(fallbacks, fallbacks.dropFirst()).contains { $1 - $0 > 100 }, "it tries again")
        #expect(zip(fallbacks, fallbacks.dropFirst()).contains { $1 - $0 <= 4 })
    }

    @Test("a gate that sees what happens stays on")
    func staysOn() {
        var stream = GateStream()
        stream.active = stride(from: 60.0, to: 1500, by: 60).map { ($0, $0 + 30, 2, 1) }
        var gate = Gate(sampling: .gated(floor: 10))
        let passed = stream.run(&gate, seconds: 1500, shows: invisible)
        #expect(!gate.isOff)
        #expect(!passed.contains { $0.reason == .fallback })
    }

    @Test("new noise is usual after a few groups")
    func adopts() {
        var gate = Gate(sampling: .gated(floor: 60))
        let stream = GateStream(active: [(200, 10_000, 1.6, 1.1)])
        let passed = stream.run(&gate, seconds: 400)
        #expect(passed.contains { (200...210).contains($0.time) && $0.reason == .activity })
        #expect(!passed.contains { $0.time > 240 && $0.reason == .activity })
    }

    @Test("traffic that never ends is followed, not fired at, and its end is noticed by the follow-ups")
    func busy() {
        var gate = Gate(sampling: .gated(floor: 10))
        let stream = GateStream(active: [(30, 330, 2, 1)])
        let passed = stream.run(&gate, seconds: 400) { (30..<330).contains($0) }
        let during = passed.filter { (40..<330).contains($0.time) }
        #expect(during.allSatisfy { $0.reason == .followUp || $0.reason == .floor })
        #expect(zip(during, during.dropFirst()).allSatisfy { $1.time - $0.time <= 4 })
        #expect(passed.filter { $0.time > 345 }.allSatisfy { $0.reason == .floor })
    }
}
