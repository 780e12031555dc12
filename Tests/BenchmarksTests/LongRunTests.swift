import Foundation
import Testing

@testable import Benchmarks
@testable import Replay

@Suite struct LongRunTests {
    /// Evidence whose excess over the doubt falls off exponentially with a mean, in a share of the minutes.
    private func peaks(minutes: Int, oneIn each: Int, mean: Double) -> [Double] {
        let high = minutes / each
        return (0..<minutes).map { minute in
            guard minute % each == 0 else { return 0.1 }
            // The quantiles of the distribution, instead of chance.
            let place = (Double(minute / each) + 0.5) / Double(high)
            return LongRun.doubt - mean * log(1 - place)
        }
    }

    @Test("from minutes that came near to an alert it says how many will become one")
    func extrapolates() throws {
        let run = LongRun(peaks: peaks(minutes: 2000, oneIn: 10, mean: 0.1))
        let truth = 1440 / 10 * exp(-0.75 / 0.1)
        let estimate = try #require(run.alertsADay)
        #expect(abs(estimate / truth - 1) < 0.1)
        #expect(run.alertsADayAtMost > truth && run.alertsADayAtMost < 5 * truth)
    }

    @Test("what was counted is no more than what it says, and the most is more", arguments: [3, 10, 100])
    func alerts(count: Int) throws {
        let counted = 1440 * Double(count) / 1000
        for near in [0.1, 0.4] {
            let peaks = [Double](repeating: 1, count: count) + [Double](repeating: near, count: 1000 - count)
            let run = LongRun(peaks: peaks)
            #expect(try #require(run.alertsADay) >= counted)
            #expect(run.alertsADayAtMost > counted)
        }
    }

    @Test("nothing near an alert means none to expect, but only as surely as the time allows")
    func nothing() {
        let run = LongRun(peaks: [Double](repeating: 0, count: 900))
        #expect(run.alertsADay == 0)
        // The rule of three: three in 900 minutes.
        #expect(abs(run.alertsADayAtMost - 1440 * 3 / 900) < 0.1)
        #expect(LongRun().alertsADay == 0)
    }

    @Test("one or two minutes near an alert are too few to say how far they go")
    func tooFew() {
        let run = LongRun(peaks: [0.9] + [Double](repeating: 0, count: 999))
        #expect(run.alertsADay == nil)
        #expect(run.alertsADayAtMost > 1440 / 1000)
        #expect(run.highest == 0.9 && run.minutes(above: 0.5) == 1)
    }

    @Test("more time without more evidence lowers what is to be expected")
    func moreTime() throws {
        let near = [0.3, 0.35, 0.4, 0.5]
        let short = LongRun(peaks: near + [Double](repeating: 0, count: 60))
        let long = LongRun(peaks: near + [Double](repeating: 0, count: 600))
        #expect(try #require(long.alertsADay) < #require(short.alertsADay))
        #expect(long.alertsADayAtMost < short.alertsADayAtMost)
    }
}
