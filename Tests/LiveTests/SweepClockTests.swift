import Testing

@testable import Live

/// What is deleted too early is gone: a clock that jumps deletes nothing for half a day.
@Suite struct SweepClockTests {
    private static let now = 1_790_000_000.0
    private static let hour = 3600.0
    private static let year = 365 * 86_400.0

    private func asked(_ clock: inout SweepClock, _ wall: Double, _ monotonic: Double) -> String? {
        clock.problem(wall: wall, monotonic: monotonic)
    }

    @Test("a sweep an hour after the last one is by a clock that is believed")
    func even() {
        var clock = SweepClock(mark: Self.now - Self.hour)
        for round in 0..<1000 {
            let time = Double(round) * Self.hour
            #expect(asked(&clock, Self.now + time, 50 + time) == nil)
        }
    }

    @Test(
        "a clock that is set forward or back deletes nothing, and is believed after half a day of going on evenly",
        arguments: [year, -year, 2 * hour, -2 * hour]
    )
    func step(by step: Double) throws {
        var clock = SweepClock(mark: Self.now - Self.hour)
        #expect(asked(&clock, Self.now, 0) == nil)
        let told = clock.problem(wall: Self.now + step + 5, monotonic: 5)
        let why = try #require(told)
        #expect(why.contains("the clock was moved by \(abs(step) == Self.year ? "365 days" : "2 h")"))
        #expect(asked(&clock, Self.now + step + 11 * Self.hour, 11 * Self.hour) != nil)
        // Set right again: that is a step, too.
        let back = Self.now + 11.5 * Self.hour
        #expect(asked(&clock, back, 11.5 * Self.hour) != nil)
        #expect(asked(&clock, back + 11 * Self.hour, 22.5 * Self.hour) != nil)
        #expect(asked(&clock, back + 13 * Self.hour, 24.5 * Self.hour) == nil)
    }

    @Test("a step that happened while no process ran is found by when pictures were last swept")
    func restarted() throws {
        for (mark, words) in [
            (Self.now - Self.year, "365 days ago"), (Self.now + Self.year, "365 days from now"),
            (nil, "not known"), (Self.now - 60 * Self.hour, "60 h ago"),
        ] as [(Double?, String)] {
            var clock = SweepClock(mark: mark)
            let told = clock.problem(wall: Self.now, monotonic: 9)
            #expect(try #require(told).contains(words))
            let later = SweepClock.hold + 10
            #expect(asked(&clock, Self.now + later, 9 + later) == nil, "a long pause, after all")
        }
    }
}
