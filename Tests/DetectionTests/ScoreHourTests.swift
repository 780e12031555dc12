import Flow
import TestSupport
import Testing

@testable import Detection

@Suite(.ownThread) struct ScoreHourTests {
    @Test("each step is half a doubling, and the eighth begins at the threshold")
    func steps() {
        #expect(ScoreHour.strength(ofStep: 0) == 1.0 / 16)
        #expect(ScoreHour.strength(ofStep: ScoreHour.threshold) == 1)
        for step in 0..<ScoreHour.steps - 2 {
            #expect(ScoreHour.strength(ofStep: step + 2) == 2 * ScoreHour.strength(ofStep: step))
        }
    }

    @Test("scores come back from their bytes, whatever order they came in")
    func roundTrip() {
        var hour = ScoreHour()
        for (strength, minute) in [(0.01, 1), (0.07, 2), (1.0, 3), (1.0, 3), (0.999, 3), (500, 59), (.infinity, 59)] {
            hour.add(strength, minute: minute, seconds: 0.2)
        }
        #expect(hour.bytes == [2, 0, 2, 3, 8, 4, 3, 7, 2, 59, 15, 4])
        #expect(ScoreHour(bytes: hour.bytes) == hour)
    }

    @Test(
        "what no hour ever wrote is left out",
        arguments: [[], [1], [1, 2], [60, 0, 1], [0, 16, 1], [255, 255, 255]]
    )
    func garbage(_ bytes: [UInt8]) {
        #expect(ScoreHour(bytes: bytes).isEmpty)
    }

    @Test("times add up and stop at the most that a byte holds; a picture stands for a second at most")
    func saturation() {
        var hour = ScoreHour()
        hour.add(1, minute: 0, seconds: 10)
        #expect(hour.bytes == [0, 8, 10])
        for _ in 0..<100 { hour.add(1, minute: 0, seconds: 1) }
        #expect(hour.bytes == [0, 8, 255])
        #expect(ScoreHour(bytes: hour.bytes + hour.bytes).bytes == [0, 8, 255])
    }

    @Test("never more than sixteen cells a minute, whatever comes")
    func bound() {
        var hour = ScoreHour()
        var value = 0.05
        while value < 30 {
            for minute in -1...70 { hour.add(value, minute: minute, seconds: 1) }
            value *= 1.1
        }
        #expect(hour.bytes.count == 60 * 16 * 3)
    }

    @Test("a higher threshold never makes more minutes alert, and the count at the threshold is that of the stretches")
    func estimate() {
        var hour = ScoreHour()
        // Three stretches: strong for two minutes, at the threshold for one, below it for one.
        for minute in [5, 6] { hour.add(5, minute: minute, seconds: 1) }
        hour.add(1, minute: 20, seconds: 1)
        hour.add(0.5, minute: 40, seconds: 1)
        var estimate = ScoreEstimate(dwell: 0.5)
        estimate.add(hour, start: 60)
        #expect(estimate.alerts[ScoreHour.threshold] == 2)
        #expect(estimate.alerts[ScoreHour.threshold - 2] == 3)
        #expect(estimate.alerts[ScoreHour.threshold + 2] == 1)
        #expect(estimate.alerts[ScoreHour.steps - 1] == 0)
    }

    @Test("a place that alerts again and again without a quiet minute has as many alerts as began, at each threshold")
    func busyPlace() {
        var hour = ScoreHour()
        var runs = ScoreRuns()
        // Every fifteen seconds, for forty minutes: two seconds of three times the threshold; every second one of five.
        for second in stride(from: 0, to: 2400, by: 1) {
            let strength = second % 15 < 2 ? (second / 15 % 2 == 0 ? 3.0 : 5.0) : 0
            hour.add(strength, minute: second / 60, seconds: 1)
            runs.see(strength, at: MediaTime(seconds: Double(second)), hold: 1.5, minute: second / 60, in: &hour)
        }
        var estimate = ScoreEstimate(dwell: 0.5)
        estimate.add(ScoreHour(bytes: hour.bytes), start: 0)
        #expect(estimate.alerts[ScoreHour.threshold] == 160)
        #expect(estimate.alerts[ScoreHour.threshold + 3] == 160)
        #expect(estimate.alerts[ScoreHour.threshold + 4] == 80)
        #expect(estimate.alerts[ScoreHour.threshold + 5] == 0)
        // With twice the threshold the same scores are half as strong.
        var stricter = ScoreEstimate(dwell: 0.5)
        stricter.add(hour, start: 0, factor: 0.5)
        #expect(stricter.alerts[ScoreHour.threshold] == 160)
        #expect(stricter.alerts[ScoreHour.threshold + 2] == 80)
        #expect(stricter.alerts[ScoreHour.threshold + 3] == 0)
    }

    @Test("one alert that lasts over minutes and hours is one, and one that begins with the last second counts too")
    func longRun() {
        var (first, second) = (ScoreHour(), ScoreHour())
        var runs = ScoreRuns()
        for instant in 3599..<3900 {
            var hour = instant < 3600 ? first : second
            hour.add(2, minute: instant / 60 % 60, seconds: 1)
            runs.see(2, at: MediaTime(seconds: Double(instant)), hold: 1.5, minute: instant / 60 % 60, in: &hour)
            if instant < 3600 { first = hour } else { second = hour }
        }
        for instant in 3900..<3910 {
            runs.see(0, at: MediaTime(seconds: Double(instant)), hold: 1.5, minute: 5, in: &second)
        }
        #expect(runs.isIdle)
        var estimate = ScoreEstimate(dwell: 3)
        estimate.add(first, start: 0)
        estimate.add(second, start: 60)
        #expect(estimate.alerts[ScoreHour.threshold] == 1)
    }

    @Test("scores under another threshold count as what they are under this one")
    func otherThreshold() {
        var hour = ScoreHour()
        hour.add(4, minute: 5, seconds: 1)
        var estimate = ScoreEstimate(dwell: 0.4)
        estimate.add(hour, start: 0, factor: 0.5)
        #expect(estimate.alerts[ScoreHour.threshold + 2] == 1)
        #expect(estimate.alerts[ScoreHour.threshold + 3] == 0)
        estimate.add(hour, start: 60, factor: 2)
        #expect(estimate.alerts[ScoreHour.threshold + 6] == 1)
    }

    @Test("a rule with a dwell of its own needs that, however strong; a long one is told by what a minute can tell")
    func ownDwell() {
        var hour = ScoreHour()
        for _ in 0..<3 { hour.add(4, minute: 5, seconds: 1) }
        for _ in 0..<40 { hour.add(1, minute: 20, seconds: 1) }
        var weighted = ScoreEstimate(dwell: 10)
        weighted.add(hour, start: 0)
        #expect(weighted.alerts[ScoreHour.threshold] == 2)
        var own = ScoreEstimate(dwell: 10, isWeighted: false)
        own.add(hour, start: 0)
        #expect(own.alerts[ScoreHour.threshold] == 1)
        var long = ScoreEstimate(dwell: 60, isWeighted: false)
        long.add(hour, start: 0)
        #expect(long.alerts[ScoreHour.threshold] == 1)
    }

    @Test("scores can be compared whatever the threshold, but not when the region or the settings are others")
    func basis() {
        let rule = Rule.area(0, 0.3, 0.5, 1)
        let known = ScoreBasis(rule, DetectionSettings())
        var stricter = rule
        stricter.thresholds.minShare = 0.04
        stricter.thresholds.dwell = 3
        stricter.name = "Gate"
        let strict = ScoreBasis(stricter, DetectionSettings())
        #expect(strict.version == known.version)
        #expect(strict.threshold == 0.04)
        #expect(known.threshold < 0.04)
        var settings = DetectionSettings()
        settings.noiseFactor = 4
        var masked = rule
        masked.masks = [
            [NormalizedPoint(x: 0, y: 0.3), NormalizedPoint(x: 0.1, y: 0.3), NormalizedPoint(x: 0, y: 0.5)]
        ]
        let others = [
            ScoreBasis(rule, settings), ScoreBasis(masked, DetectionSettings()),
            ScoreBasis(.area(0, 0.3, 0.51, 1), DetectionSettings()),
        ]
        #expect(Set(others.map(\.version) + [known.version]).count == 4)
    }

    @Test("a basis does not depend on the order of a set, which is another one in each process")
    func basisIsStable() throws {
        let days = Set(1...7)
        // The same set with room for more has its elements in another order.
        var roomy = Set<Int>(minimumCapacity: 4096)
        roomy.formUnion(days)
        let versions = try [days, roomy].map { days in
            var rule = Rule.area(0, 0.3, 0.5, 1)
            rule.schedule = Schedule(windows: [try Schedule.Window(days: days, from: 0, to: 600)])
            return ScoreBasis(rule, DetectionSettings()).version
        }
        #expect(versions[0] == versions[1])
        #expect(versions[0] != ScoreBasis(.area(0, 0.3, 0.5, 1), DetectionSettings()).version)
    }

    @Test("one alert may run over the end of an hour")
    func overTheHour() {
        var first = ScoreHour()
        var second = ScoreHour()
        first.add(2, minute: 59, seconds: 1)
        second.add(2, minute: 0, seconds: 1)
        var estimate = ScoreEstimate(dwell: 0.4)
        estimate.add(first, start: 0)
        estimate.add(second, start: 60)
        #expect(estimate.alerts[ScoreHour.threshold] == 1)
    }

    @Test("a map counts the pictures that showed a thing in a field, not the pixels")
    func map() {
        var map = MotionMap()
        var foreground = [UInt8](repeating: 0, count: 160 * 90)
        map.add(foreground, width: 160, height: 90)
        #expect(map.fields.isEmpty)
        for index in 0..<10 { foreground[index] = 1 }
        foreground[160 * 90 - 1] = 1
        foreground[5000] = 2
        map.add(foreground, width: 160, height: 90)
        map.add(foreground, width: 160, height: 90)
        map.add([1], width: 160, height: 90)
        #expect(map.fields.count == 256)
        #expect(map.fields[0] == 2)
        #expect(map.fields[255] == 2)
        #expect(map.fields.reduce(0) { $0 + Int($1) } == 4)
    }
}
