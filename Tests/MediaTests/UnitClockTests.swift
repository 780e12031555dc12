import Flow
import Testing

@testable import Media

@Suite struct UnitClockTests {
    private struct Stamp {
        var presentation: Int64?
        var decode: Int64?
        var isShown = true
    }

    private func run(_ stamps: [Stamp], frame: Int64 = 40_000) -> (times: [Int64], decodeTimes: [Int64]) {
        var clock = UnitClock(frame: frame)
        let raw = stamps.map { clock.stamp(presentation: $0.presentation, decode: $0.decode, isShown: $0.isShown) }
        return (
            raw.map { clock.relative($0.time).microseconds }, raw.map { clock.relative($0.decodeTime).microseconds }
        )
    }

    @Test("the first shown unit has time zero, whatever the stream's clock says", arguments: [0, 90_000_000, -5_000])
    func origin(start: Int64) {
        let (times, _) = run([
            Stamp(presentation: start, decode: start), Stamp(presentation: start + 40, decode: start + 40),
        ])
        #expect(times == [0, 40])
    }

    @Test("B frames keep their presentation times while the decode times grow")
    func reordering() {
        let stamps = [(80, 0), (200, 40), (120, 80), (160, 120)].map { Stamp(presentation: $0.0, decode: $0.1) }
        let (times, decodeTimes) = run(stamps)
        #expect(times == [0, 120, 40, 80])
        #expect(decodeTimes == [-80, -40, 0, 40])
    }

    @Test("units without any time follow by one frame")
    func noTimes() {
        let (times, decodeTimes) = run([Stamp(), Stamp(), Stamp()])
        #expect(times == [0, 40_000, 80_000])
        #expect(decodeTimes == times)
    }

    @Test("units without decode time are decoded at their presentation time, never backwards")
    func noDecodeTime() {
        let (times, decodeTimes) = run([Stamp(presentation: 0), Stamp(presentation: 120), Stamp(presentation: 40)])
        #expect(times == [0, 120, 40])
        #expect(decodeTimes == [0, 120, 121])
    }

    @Test("a clock that starts anew goes on one frame after the last unit")
    func restart() {
        let (times, decodeTimes) = run([10_000_000, 10_040_000, 0, 40_000].map { Stamp(presentation: $0, decode: $0) })
        #expect(times == [0, 40_000, 80_000, 120_000])
        #expect(decodeTimes == times)
    }

    @Test("a small step back moves the decode time by one microsecond only")
    func jitter() {
        let (_, decodeTimes) = run([0, 40_000, 39_000, 80_000].map { Stamp(presentation: $0, decode: $0) })
        #expect(decodeTimes == [0, 40_000, 40_001, 80_000])
    }

    @Test("a gap stays a gap")
    func gap() {
        let (times, _) = run([0, 40_000, 60_000_000].map { Stamp(presentation: $0, decode: $0) })
        #expect(times == [0, 40_000, 60_000_000])
    }

    @Test("units that only prepare the first shown one have negative times")
    func preroll() {
        let stamps = [(-80, false), (-40, false), (0, true), (40, true)].map {
            Stamp(presentation: $0.0, decode: $0.0, isShown: $0.1)
        }
        #expect(run(stamps).times == [-80, -40, 0, 40])
    }
}
