import Flow
import NIOCore
import RTSP
import Testing

@Suite struct SenderClockTests {
    private let start = MediaTime(microseconds: 1_790_000_000_000_000)

    private func report(_ seconds: Double, timestamp: UInt32) -> SenderReport {
        SenderReport(ssrc: 1, time: start.advanced(bySeconds: seconds), timestamp: timestamp, packets: 0, bytes: 0)
    }

    /// Stamps a picture 25 times a second, each after a delay of its own.
    private func run(
        _ clock: inout SenderClock,
        from first: Int,
        pictures: Int,
        rate: Double = 1,
        delay: (Int) -> Double
    ) -> [(stamp: SenderClock.Stamp, taken: MediaTime)] {
        (first..<first + pictures).map { index in
            let taken = start.advanced(bySeconds: Double(index) / 25 * rate)
            return (clock.stamp(ticks: Int64(index) * 3600, arrival: taken.advanced(bySeconds: delay(index))), taken)
        }
    }

    @Test("without reports the arrival rules, and jitter is taken out")
    func arrival() {
        var clock = SenderClock(clockRate: 90_000)
        let stamps = run(&clock, from: 0, pictures: 500) { $0 % 7 == 3 ? 0.02 : 0.02 + Double($0 % 5) / 10 }
        let steps = zip(stamps.dropFirst(50), stamps.dropFirst(51)).map { $1.stamp.time.seconds(since: $0.stamp.time) }
        #expect(steps.allSatisfy { abs($0 - 0.04) < 0.0021 })
        #expect(stamps.dropFirst(300).allSatisfy { abs($0.stamp.time.seconds(since: $0.taken) - 0.02) < 0.01 })
        #expect(!clock.followsCamera)
        #expect(clock.cameraAhead == nil)
        #expect(clock.jumps == 0)
    }

    @Test("a plausible report moves time to the camera's clock, without a jump")
    func plausibleReport() {
        var clock = SenderClock(clockRate: 90_000)
        var stamps = run(&clock, from: 0, pictures: 50) { _ in 0.3 }
        clock.take(report(2, timestamp: 180_000), arrival: start.advanced(bySeconds: 2.3))
        stamps += run(&clock, from: 50, pictures: 500) { _ in 0.3 }
        let steps = zip(stamps, stamps.dropFirst()).map { $1.stamp.time.seconds(since: $0.stamp.time) }
        #expect(steps.allSatisfy { $0 > 0.0379 && $0 < 0.0421 })
        #expect(abs(stamps[549].stamp.time.seconds(since: stamps[549].taken)) < 0.0001)
        #expect(clock.followsCamera)
        #expect(abs((clock.cameraAhead ?? 0) + 0.3) < 0.0001)
    }

    @Test("a clock that is wrong by hours is reported and not believed")
    func wrongClock() {
        var clock = SenderClock(clockRate: 90_000)
        clock.take(report(-28_800, timestamp: 0), arrival: start)
        let stamps = run(&clock, from: 0, pictures: 50) { _ in 0.1 }
        #expect(stamps.allSatisfy { abs($0.stamp.time.seconds(since: $0.taken) - 0.1) < 0.01 })
        #expect(!clock.followsCamera)
        #expect(clock.cameraAhead == -28_800)
    }

    @Test("a camera whose RTP clock runs wrong stays near the arrival", arguments: [0.999, 1.001, 1.01])
    func drift(rate: Double) {
        var clock = SenderClock(clockRate: 90_000)
        let stamps = run(&clock, from: 0, pictures: 50_000, rate: rate) { _ in 0.1 }
        #expect(stamps.allSatisfy { abs($0.stamp.time.seconds(since: $0.taken)) < 2.2 })
        #expect(zip(stamps, stamps.dropFirst()).allSatisfy { $0.stamp.decodeTime < $1.stamp.decodeTime })
    }

    @Test(
        "RTP time that jumps is tied to the arrival anew, and decode time still grows",
        arguments: [-1, 1] as [Int64]
    )
    func jump(direction: Int64) {
        var clock = SenderClock(clockRate: 90_000)
        clock.take(report(0, timestamp: 0), arrival: start)
        let before = run(&clock, from: 0, pictures: 10) { _ in 0.1 }
        let arrival = start.advanced(bySeconds: 1)
        let after = clock.stamp(ticks: direction * 1_000_000_000, arrival: arrival)
        #expect(after.time == arrival)
        #expect(after.decodeTime > before[9].stamp.decodeTime)
        #expect(clock.jumps == 1)
        #expect(!clock.followsCamera)
    }

    @Test("B frames have smaller times and growing decode times")
    func reordered() {
        var clock = SenderClock(clockRate: 90_000)
        let order: [Int64] = [0, 3, 1, 2, 6, 4, 5]
        let stamps = order.enumerated().map { index, frame in
            clock.stamp(ticks: frame * 3600, arrival: start.advanced(bySeconds: 0.2 + Double(index) / 25))
        }
        #expect(zip(stamps, stamps.dropFirst()).allSatisfy { $0.decodeTime < $1.decodeTime })
        #expect(stamps[2].time < stamps[1].time)
        #expect(clock.jumps == 0)
    }

    @Test("a believed report that no longer fits the arrival does not lead time away from it")
    func staleReport() {
        var clock = SenderClock(clockRate: 90_000)
        clock.take(report(9, timestamp: 0), arrival: start)
        // The camera's RTP clock runs at twice its rate from now on.
        for second in 0..<100 {
            let arrival = start.advanced(bySeconds: Double(second))
            let stamp = clock.stamp(ticks: Int64(second) * 180_000, arrival: arrival)
            #expect(abs(stamp.time.seconds(since: arrival)) <= 10)
        }
    }

    @Test("after a restart the arrival rules until the next report")
    func restart() {
        var clock = SenderClock(clockRate: 90_000)
        clock.take(report(0, timestamp: 0), arrival: start)
        _ = clock.stamp(ticks: 0, arrival: start)
        clock.restart()
        let stamp = clock.stamp(ticks: 5_000_000, arrival: start.advanced(bySeconds: 0.04))
        #expect(stamp.time == start.advanced(bySeconds: 0.04))
    }

    @Test("numbers at the edge of their range do no harm")
    func edges() {
        var clock = SenderClock(clockRate: 0)
        for ticks in [Int64.max, .min, 0, -1, .max] {
            clock.take(SenderReport(ssrc: 0, time: start, timestamp: .max, packets: 0, bytes: 0), arrival: start)
            _ = clock.stamp(ticks: ticks, arrival: MediaTime(microseconds: ticks))
        }
        #expect(clock.jumps > 0)
    }
}
