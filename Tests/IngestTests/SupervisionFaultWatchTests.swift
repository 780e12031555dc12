import Testing

@testable import Ingest

@Suite struct SupervisionFaultWatchTests {
    /// Lets a second-by-second clock run and gathers what the watch says.
    private func run(
        _ watch: inout FaultDetector<Int>,
        from start: Int,
        to end: Int,
        explained: (Int, Double) -> Double? = { _, _ in nil },
        each: (inout FaultDetector<Int>, Double) -> Void = { _, _ in }
    ) -> [(at: Double, action: FaultDetector<Int>.Action)] {
        var said: [(at: Double, action: FaultDetector<Int>.Action)] = []
        for second in start..<end {
            let now = Double(second)
            each(&watch, now)
            for action in watch.advance(now: now, explainedUntil: { explained($0, now) }) { said.append((now, action)) }
        }
        return said
    }

    @Test("a fault begins after ten minutes out of service and ends after two minutes back")
    func beginAndEnd() {
        var watch = FaultDetector<Int>()
        watch.changed(1, to: .connecting, now: 0)
        watch.changed(1, to: .online, now: 1)
        watch.changed(1, to: .offline, now: 10)
        watch.changed(2, to: .offline, now: 10)
        watch.changed(2, to: .online, now: 600)
        var said = run(&watch, from: 10, to: 700)
        #expect(said.map(\.action) == [.faultBegan(1, since: 10, kind: .offline)])
        #expect(said.map(\.at) == [610])
        #expect(watch.openFaults == 1)
        watch.changed(1, to: .online, now: 700)
        said = run(&watch, from: 700, to: 1000)
        #expect(said.map(\.action) == [.faultEnded(1, at: 700)])
        #expect(said.map(\.at) == [820])
        #expect(watch.openFaults == 0 && watch.nextLook == nil)
    }

    @Test("a short return does not start the ten minutes anew; the kind is the last one")
    func shortReturn() {
        var watch = FaultDetector<Int>()
        watch.changed(1, to: .stalled, now: 0)
        watch.changed(1, to: .online, now: 300)
        watch.changed(1, to: .refused, now: 400)
        let said = run(&watch, from: 400, to: 700)
        #expect(said.map(\.action) == [.faultBegan(1, since: 0, kind: .refused)])
    }

    @Test(
        "cameras that come and go for six hours make at most one fault in half an hour",
        arguments: [5...30, 5...900]
    )
    func flapping(toggle: ClosedRange<Int>) {
        var random = SeededRandom(UInt64(toggle.upperBound))
        var watch = FaultDetector<Int>()
        var nextToggle = (0..<100).map { _ in Int.random(in: toggle, using: &random) }
        var isUp = [Bool](repeating: true, count: 100)
        let said = run(
            &watch,
            from: 0,
            to: 6 * 3600,
            each: { watch, now in
                for camera in 0..<100 where nextToggle[camera] <= Int(now) {
                    isUp[camera].toggle()
                    watch.changed(camera, to: isUp[camera] ? .online : .offline, now: now)
                    nextToggle[camera] = Int(now) + Int.random(in: toggle, using: &random)
                }
            }
        )
        for camera in 0..<100 {
            let begins = said.compactMap { entry -> Double? in
                if case .faultBegan(camera, _, _) = entry.action { entry.at } else { nil }
            }
            #expect(zip(begins.dropFirst(), begins).allSatisfy { $0 - $1 >= 1800 })
            #expect(!begins.isEmpty)
            if toggle.upperBound == 30 { #expect(begins.count == 1) }
        }
        let kinds: [CameraFaultKind] = said.compactMap {
            if case .faultBegan(_, _, let kind) = $0.action { kind } else { nil }
        }
        #expect(Set(kinds).contains(.unsteady) == (toggle.upperBound == 30))
    }

    @Test("what an incident explains is no fault; what is still out ten minutes after its end is")
    func explained() {
        var watch = FaultDetector<Int>()
        for camera in 0..<100 { watch.changed(camera, to: .offline, now: 0) }
        let incidentEnd = 3600.0
        let said = run(
            &watch,
            from: 0,
            to: 6000,
            explained: { camera, now in
                if camera == 99 { return nil }
                return now < incidentEnd ? .infinity : incidentEnd
            },
            each: { watch, now in
                guard now == 3500 else { return }
                for camera in 0..<90 { watch.changed(camera, to: .online, now: now) }
            }
        )
        let begins = said.compactMap { entry -> (Int, Double)? in
            if case .faultBegan(let camera, 0, .offline) = entry.action { (camera, entry.at) } else { nil }
        }
        #expect(begins.count == said.count)
        #expect(begins.map(\.0).sorted() == Array(90...99))
        for (camera, at) in begins { #expect(at == (camera == 99 ? 600 : incidentEnd + 600)) }
    }

    @Test("a restored fault does not begin again; a removed camera's fault ends")
    func restoreAndRemove() {
        var watch = FaultDetector<Int>()
        watch.restore(1, since: -500, kind: .frozen, now: 0)
        watch.changed(1, to: .offline, now: 5)
        #expect(run(&watch, from: 0, to: 4000).isEmpty)
        #expect(watch.remove(1, now: 4000) == .faultEnded(1, at: 4000))
        #expect(watch.remove(1, now: 4000) == nil)
        #expect(watch.openFaults == 0)
        watch.restore(2, since: 0, kind: .offline, now: 5000)
        watch.changed(2, to: .online, now: 5010)
        #expect(run(&watch, from: 5000, to: 5200).map(\.action) == [.faultEnded(2, at: 5010)])
    }
}
