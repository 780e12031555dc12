import Testing

@testable import Ingest

@Suite struct StandstillDetectorTests {
    /// Looks every ten seconds for so long; what the last look said.
    private func look(
        _ watch: inout StandstillDetector,
        from start: Double,
        seconds: Double,
        _ counts: (Double) -> StandstillDetector.Counts
    ) -> (pictures: String?, alerts: String?) {
        var last: (pictures: String?, alerts: String?)
        for step in 0...Int(seconds / 10) {
            let now = start + Double(step) * 10
            last = watch.look(counts(now), now: now)
        }
        return last
    }

    @Test("units without a picture are told after two minutes, or three intervals; a picture ends it")
    func pictures() {
        var watch = StandstillDetector()
        func counts(_ now: Double, pictures: Int, interval: Double = 10) -> StandstillDetector.Counts {
            .init(units: Int(now) * 25, pictures: pictures, waiting: 0, delivered: 7, interval: interval)
        }
        #expect(look(&watch, from: 0, seconds: 600) { counts($0, pictures: Int($0) / 10) }.pictures == nil)
        #expect(look(&watch, from: 610, seconds: 110) { counts($0, pictures: 60) }.pictures == nil)
        let told = look(&watch, from: 730, seconds: 10) { counts($0, pictures: 60) }
        #expect(told.pictures?.contains("none was looked at") == true && told.alerts == nil)
        #expect(look(&watch, from: 750, seconds: 0) { counts($0, pictures: 61) }.pictures == nil)
        #expect(look(&watch, from: 760, seconds: 850) { counts($0, pictures: 61, interval: 300) }.pictures == nil)
        #expect(look(&watch, from: 1620, seconds: 60) { counts($0, pictures: 61, interval: 300) }.pictures != nil)
    }

    @Test("where no stream gives anything, nothing stands still")
    func quiet() {
        var watch = StandstillDetector()
        let last = look(&watch, from: 0, seconds: 3600) { _ in
            .init(units: 1000, pictures: 5, waiting: 0, delivered: 0, interval: .infinity)
        }
        #expect(last.pictures == nil && last.alerts == nil)
    }

    @Test("alerts that wait while none is delivered are told; one that arrives ends it")
    func alerts() {
        var watch = StandstillDetector()
        func counts(_ delivered: Int) -> StandstillDetector.Counts {
            .init(units: 0, pictures: 0, waiting: 12, delivered: delivered, interval: .infinity)
        }
        #expect(look(&watch, from: 0, seconds: 120) { _ in counts(3) }.alerts == nil)
        #expect(look(&watch, from: 130, seconds: 0) { _ in counts(3) }.alerts?.contains("12 alerts wait") == true)
        #expect(look(&watch, from: 140, seconds: 0) { _ in counts(4) }.alerts == nil)
    }
}
