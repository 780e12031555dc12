import Flow
import Gate
import TestSupport
import Testing

@Suite(.ownThread) struct GateBurstTests {
    private static let format = StreamFormat(codec: .h264, avCodecID: 27, width: 640, height: 360, extradata: [])

    private func unit(_ seconds: Double, key: Bool, bytes: Int) -> AccessUnit {
        let time = MediaTime(seconds: seconds)
        let body = [UInt8](repeating: 7, count: bytes)
        return AccessUnit(format: Self.format, time: time, decodeTime: time, isKeyframe: key, bytes: body)
    }

    @Test("in a long group a burst does not wait for the keyframe")
    func longGroup() {
        var gate = Gate(sampling: .gated(floor: 60))
        let stream = GateStream(group: 10, active: [(152, 156, 3, 1)])
        let passed = stream.run(&gate, seconds: 200) { (152..<156).contains($0) }
        let burst = passed.first { $0.reason == nil }
        #expect(burst.map { (152...154).contains($0.time) } == true)
    }

    @Test("in a short group the keyframe is waited for")
    func shortGroup() {
        var gate = Gate(sampling: .gated(floor: 60))
        let stream = GateStream(active: [(152, 156, 3, 1)])
        let passed = stream.run(&gate, seconds: 200) { (152..<156).contains($0) }
        #expect(!passed.contains { $0.reason == nil })
    }

    /// A gate whose last verdict was a fire.
    private func fired(at end: inout Double) -> Gate {
        var gate = Gate(sampling: .gated(floor: 60))
        for unit in GateStream(active: [(100, 104, 3, 1)]).units(seconds: 110) {
            guard case .decode(let reason) = gate.admit(unit) else { continue }
            end = unit.time.seconds
            if reason == .activity { break }
            gate.learned(GateOutcome(showedMotion: false))
        }
        return gate
    }

    @Test("a beginning that no alert accounts for deserves a burst, once in a while")
    func beginning() {
        var end = 0.0
        var gate = fired(at: &end)
        let shown = GateOutcome(showedMotion: true)
        let answer1 = gate.deservesBurst(after: GateOutcome(showedMotion: true, isAlerting: true), at: at(end))
        #expect(!answer1)
        let answer2 = gate.deservesBurst(after: shown, at: at(end))
        #expect(answer2)
        let answer3 = gate.deservesBurst(after: shown, at: at(end + 2))
        #expect(!answer3)
        let answer4 = gate.deservesBurst(after: shown, at: at(end + 10))
        #expect(answer4)
        gate.learned(shown)
        let answer5 = gate.deservesBurst(after: shown, at: at(end + 30))
        #expect(!answer5, "what goes on has been accounted for")
        let answer6 = gate.deservesBurst(after: GateOutcome(showedMotion: true, isPending: true), at: at(end + 30))
        #expect(answer6)
    }

    @Test("a fire whose keyframe shows nothing deserves a burst")
    func between() {
        var end = 0.0
        var gate = fired(at: &end)
        let answer1 = gate.deservesBurst(after: GateOutcome(showedMotion: false), at: at(end))
        #expect(answer1)
    }

    @Test("nothing is burst while a stream is being learnt, nor with a fixed sampling")
    func never() {
        let pending = GateOutcome(showedMotion: true, isPending: true)
        var young = Gate(sampling: .gated(floor: 10))
        _ = young.admit(UnitHeader(time: .zero, size: 9000, isKeyframe: true))
        let answer1 = young.deservesBurst(after: pending, at: .zero)
        #expect(!answer1)
        var fixed = Gate(sampling: .keyframes(every: 0))
        _ = fixed.admit(UnitHeader(time: .zero, size: 9000, isKeyframe: true))
        let answer2 = fixed.deservesBurst(after: pending, at: .zero)
        #expect(!answer2)
    }

    @Test("the buffer holds the group since the last keyframe")
    func buffer() {
        var buffer = GOPBuffer(limit: 1000)
        buffer.add(unit(0, key: false, bytes: 10))
        #expect(buffer.units.isEmpty)
        #expect(buffer.loss == .noKeyframe)
        buffer.add(unit(1, key: true, bytes: 400))
        buffer.add(unit(2, key: false, bytes: 100))
        #expect(buffer.units.map(\.time.seconds) == [1, 2])
        #expect(buffer.heldBytes == ChunkPool.chunkBytes)
        buffer.add(unit(3, key: true, bytes: 300))
        #expect(buffer.units.map(\.time.seconds) == [3])
        #expect(buffer.loss == .none)
        #expect(buffer.dropped == 0)
    }

    @Test("units come out of the buffer as they went in, wherever a chunk of memory ends")
    func chunks() {
        let pool = ChunkPool()
        var state: UInt64 = 3
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var buffers = (0..<3).map { _ in GOPBuffer(limit: 200_000, pool: pool) }
        var expected: [[AccessUnit]] = [[], [], []]
        for step in 0..<300 {
            let which = random(3)
            var next = unit(Double(step), key: step < 3 || random(12) == 0, bytes: 1 + random(20_000))
            next.bytes = next.bytes.map { _ in UInt8(truncatingIfNeeded: random(256)) }
            if next.isKeyframe { expected[which] = [] }
            if !expected[which].isEmpty || next.isKeyframe { expected[which].append(next) }
            buffers[which].add(next)
            if buffers[which].loss == .outgrown { expected[which] = [] }
            let units = buffers[which].units
            #expect(units.map(\.bytes) == expected[which].map(\.bytes))
            #expect(units.map(\.time) == expected[which].map(\.time))
            #expect(units.map(\.isKeyframe) == expected[which].map(\.isKeyframe))
        }
    }

    @Test("a group that outgrows the bound is given up whole, and counted")
    func outgrown() {
        var buffer = GOPBuffer(limit: 1000)
        buffer.add(unit(1, key: true, bytes: 900))
        buffer.add(unit(2, key: false, bytes: 100))
        buffer.add(unit(3, key: false, bytes: 1))
        buffer.add(unit(4, key: false, bytes: 1))
        #expect(buffer.units.isEmpty)
        #expect(buffer.heldBytes == 0)
        #expect(buffer.loss == .outgrown)
        #expect(buffer.dropped == 4)
        buffer.add(unit(5, key: true, bytes: 1000))
        #expect(buffer.units.count == 1)
        #expect(buffer.loss == .none)
    }

    @Test("an interruption empties the buffer until the next keyframe; a bound of zero keeps nothing")
    func interrupted() {
        var buffer = GOPBuffer(limit: 1000)
        buffer.add(unit(1, key: true, bytes: 100))
        buffer.interrupted()
        buffer.add(unit(2, key: false, bytes: 100))
        #expect(buffer.units.isEmpty)
        #expect(buffer.loss == .noKeyframe)
        var none = GOPBuffer(limit: 0)
        none.add(unit(1, key: true, bytes: 100))
        #expect(none.units.isEmpty)
    }

    @Test("a budget of bursts fills with time, never beyond its capacity")
    func budget() {
        var budget = BurstBudget(rate: 10, capacity: 100)
        let answer1 = budget.take(80, at: at(1000))
        #expect(answer1)
        let answer2 = budget.take(50, at: at(1001))
        #expect(!answer2)
        #expect(budget.refused == 1)
        let fits = budget.hasRoom(for: 30, at: at(1001))
        let fitsNot = budget.hasRoom(for: 31, at: at(1001))
        #expect(fits)
        #expect(!fitsNot)
        #expect(budget.refused == 2)
        let answer3 = budget.take(50, at: at(1003))
        #expect(answer3)
        let answer4 = budget.take(101, at: at(5000))
        #expect(!answer4)
        let answer5 = budget.take(100, at: at(5000))
        #expect(answer5)
    }

    private func at(_ seconds: Double) -> MediaTime { MediaTime(seconds: seconds) }
}
