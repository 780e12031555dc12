import Flow
import Gate
import Testing

@Suite struct GateTests {
    private func gate(floor: Double = 10, settings: GateSettings = GateSettings()) -> Gate {
        Gate(sampling: .gated(floor: floor), settings: settings)
    }

    @Test("nothing is decoded before the first keyframe, nor after a loss until the next one")
    func waitsForKeyframe() {
        var gate = Gate(sampling: .everyFrame)
        func unit(_ seconds: Double, key: Bool, damaged: Bool = false) -> UnitHeader {
            UnitHeader(time: MediaTime(seconds: seconds), size: 100, isKeyframe: key, isDamaged: damaged)
        }
        let first = [gate.admit(unit(0, key: false)), gate.admit(unit(1, key: true)), gate.admit(unit(2, key: false))]
        #expect(first == [.skip, .decode(.sampling), .decode(.sampling)])
        gate.interrupted()
        let later = [
            gate.admit(unit(3, key: false)), gate.admit(unit(4, key: true)),
            gate.admit(unit(5, key: false, damaged: true)), gate.admit(unit(6, key: false)),
            gate.admit(unit(7, key: true, damaged: true)), gate.admit(unit(8, key: true)),
        ]
        #expect(later == [.skip, .decode(.sampling), .skip, .skip, .skip, .decode(.sampling)])
    }

    @Test(
        "each fixed sampling decodes its share of a stream",
        arguments: [("every", 250), ("keyframes", 5), ("keyframes:4", 3), ("5fps", 250), ("1fps", 250)]
    )
    func shares(text: String, decoded: Int) throws {
        var gate = Gate(sampling: try #require(Sampling(text)))
        let verdicts = GateStream(rate: 25).units(seconds: 10).map { gate.admit($0) }
        #expect(verdicts.count { $0 == .decode(.sampling) } == decoded)
    }

    @Test("another interval counts at once, and what the gate has learnt stays")
    func retuned() {
        var gate = gate(floor: 60)
        let stream = GateStream()
        var decoded: [Double] = []
        for unit in stream.units(seconds: 300) {
            if unit.time.seconds == 120 { gate.sampling = .gated(floor: 4) }
            guard case .decode = gate.admit(unit) else { continue }
            gate.learned(GateOutcome(showedMotion: false))
            decoded.append(unit.time.seconds)
        }
        // Keyframes that a gate decodes when it begins would all come at its first times.
        #expect(decoded.count { (20..<120).contains($0) } <= 4)
        #expect(decoded.count { (120..<132).contains($0) } == 3)
        #expect(zip(decoded, decoded.dropFirst()).filter { $0.0 >= 120 }.allSatisfy { $1 - $0 >= 3.9 })
    }

    @Test("a stream whose time goes back is sampled again at once", arguments: ["keyframes:10", "gated:10"])
    func timeGoesBack(text: String) throws {
        var gate = Gate(sampling: try #require(Sampling(text)), settings: settings(calibration: 0))
        let passed = [100.0, 104, 3, 5].map { time in
            gate.admit(UnitHeader(time: MediaTime(seconds: time), size: 5000, isKeyframe: true)) != .skip
        }
        #expect(passed == [true, false, true, false])
    }

    @Test("a quiet camera gets the calibration, then the floor and hardly anything else")
    func quiet() {
        var gate = gate()
        let passed = GateStream().run(&gate, seconds: 1200)
        #expect(passed.prefix(3).map(\.time) == [0, 2, 4])
        #expect(passed.prefix(3).map(\.reason) == [.floor, .calibration, .calibration])
        #expect(zip(passed, passed.dropFirst()).allSatisfy { $1.time - $0.time <= 10 })
        let beyond = passed.count { $0.reason == .activity }
        #expect(Double(beyond) <= 0.05 * 600)
        #expect(passed.count <= 3 + 120 + beyond)
    }

    @Test(
        "what happens is looked at with the keyframe that follows, whatever the sizes do",
        arguments: [(2.0, 1.0), (1.3, 0.9), (1, 0.8), (1, 1.25), (0.4, 1)]
    )
    func activity(pictures: Double, keyframes: Double) {
        var gate = gate(floor: 60)
        let stream = GateStream(active: [(100.5, 104.5, pictures, keyframes)])
        let passed = stream.run(&gate, seconds: 140) { (100.5..<104.5).contains($0) }
        let first = passed.first { $0.reason == .activity }
        #expect(first.map { (102...104).contains($0.time) } == true)
    }

    @Test("after a picture that shows something the next keyframe follows, then one every few seconds")
    func followUps() {
        var gate = gate(floor: 60)
        let stream = GateStream(active: [(100.5, 130, 2, 1)])
        let passed = stream.run(&gate, seconds: 160) { (100.5..<130).contains($0) }
        #expect(passed.filter { $0.time > 100 }.map(\.time).prefix(2) == [102, 104])
        let during = passed.filter { (112..<130).contains($0.time) }
        #expect(during.allSatisfy { $0.reason == .followUp })
        #expect(zip(during, during.dropFirst()).allSatisfy { $1.time - $0.time <= 4 })
        #expect(passed.last.map { $0.time < 140 } == true)
    }

    @Test(
        "what shows something without an alert is followed closely for a while, a running alert less",
        arguments: [
            (false, [0.0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 24, 28]), (true, [0.0, 2, 4, 6, 12, 18, 24, 30, 36]),
        ]
    )
    func followUpsThinOut(isAlerting: Bool, expected: [Double]) {
        var gate = gate(floor: 60)
        var times: [Double] = []
        for unit in GateStream(jitter: 0).units(seconds: 40) {
            guard case .decode = gate.admit(unit) else { continue }
            times.append(unit.time.seconds)
            let outcome = GateOutcome(showedMotion: unit.time.seconds > 1, isAlerting: isAlerting)
            gate.learned(outcome)
        }
        #expect(Array(times.prefix(expected.count)) == expected)
    }

    @Test("a rule that waits for its dwell gets every keyframe")
    func pendingRule() {
        var gate = gate(floor: 60)
        var times: [Double] = []
        for unit in GateStream().units(seconds: 20) {
            guard case .decode = gate.admit(unit) else { continue }
            times.append(unit.time.seconds)
            gate.learned(GateOutcome(showedMotion: true, isPending: true))
        }
        #expect(times == stride(from: 0, to: 20, by: 2).map { $0 })
    }

    @Test("keyframes alone are enough to notice")
    func keyframesOnly() {
        var gate = gate(floor: 60)
        let stream = GateStream(active: [(100, 106, 1, 0.8)], keyframesOnly: true)
        let passed = stream.run(&gate, seconds: 140) { (100..<106).contains($0) }
        #expect(passed.contains { $0.reason == .activity && (100...102).contains($0.time) })
    }

    @Test("the same units and outcomes give the same verdicts")
    func deterministic() {
        let stream = GateStream(jitter: 0.4, active: [(50, 60, 3, 1.2), (90, 91, 2, 0.9)])
        var first = gate()
        var second = gate()
        let shows: (Double) -> Bool = { (50..<60).contains($0) }
        let passed = stream.run(&first, seconds: 300, shows: shows)
        #expect(passed == stream.run(&second, seconds: 300, shows: shows))
        #expect(passed.count > 30)
    }

    @Test("a setting is set by its key and within its range, and what is wrong is said")
    func settingByKey() {
        var settings = GateSettings()
        let problems = GateSettings.keys.map { settings.set($0, "1") }
        #expect(problems.allSatisfy { $0 == nil })
        #expect(settings.values.values.allSatisfy { $0 == 1 })
        let outOfRange = settings.set("gate_threshold", "0")
        #expect(outOfRange?.contains("1.0 to 20.0") == true)
        let unknown = settings.set("gate_treshold", "2")
        #expect(unknown?.contains("gate_threshold") == true)
        #expect(settings.threshold == 1)
    }

    @Test("a gate is small enough for tens of thousands of cameras")
    func size() {
        #expect(MemoryLayout<Gate>.stride <= 600)
    }

    @Test(
        "the written form of a sampling reads back",
        arguments: ["every", "keyframes", "keyframes:10.0", "gated:10.0", "5.0fps"]
    )
    func text(form: String) {
        #expect(Sampling(form)?.description == form)
    }

    @Test(
        "a form that means nothing is refused",
        arguments: ["", "fps", "0fps", "-1fps", "keyframes:x", "gated:", "gated:-1", "gated:9999", "sometimes"]
    )
    func refused(form: String) {
        #expect(Sampling(form) == nil)
    }

    private func settings(calibration: Float) -> GateSettings {
        var settings = GateSettings()
        settings.calibrationKeyframes = calibration
        return settings
    }
}
