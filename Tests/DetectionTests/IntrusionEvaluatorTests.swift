import Flow
import TestSupport
import Testing

@testable import Detection

@Suite(.ownThread) struct RegionWatchTests {
    private func foreground(_ strength: Double, certainty: Double = 1) -> RegionForeground {
        RegionForeground(strength: strength, certainty: certainty, share: 0.1, box: .full)
    }

    private var whole: Region { Region(polygon: nil, width: 160, height: 90) }

    /// Feeds sightings at an even rate; the first frame comes at 0.
    private func changes(
        _ strengths: [Double],
        rate: Double = 10,
        certainty: Double = 1,
        rule: Rule = .everywhere
    ) -> [AlertChange] {
        var evaluator = IntrusionEvaluator(
            rule: rule,
            settings: DetectionSettings(),
            region: whole
        )
        return strengths.enumerated().compactMap { index, strength in
            evaluator.see(
                strength > 0 ? foreground(strength, certainty: certainty) : nil,
                at: MediaTime(seconds: Double(index) / rate),
                elapsed: index == 0 ? 0 : 1 / rate
            )
        }
    }

    @Test("starts, tells marked growth, and ends after the hold", arguments: [2.0, 5.0, 30.0])
    func lifeOfAnAlert(rate: Double) {
        let frames = { (seconds: Double, strength: Double) in
            [Double](repeating: strength, count: Int(seconds * rate))
        }
        let told = changes(frames(2, 0) + frames(4, 1.2) + frames(4, 5) + frames(4, 0), rate: rate)
        #expect(told.map(\.phase) == [.start, .update, .end])
        #expect(told[0].start.seconds >= 2 && told[0].at.seconds <= 3)
        #expect(abs((told[2].end?.seconds ?? 0) - (10 - 1 / rate)) < 1e-5)
        #expect(told[2].at.seconds >= 10.9 && told[2].at.seconds < 12.1)
        #expect(told[1].score > told[0].score)
    }

    @Test("a long alert is updated every ten seconds")
    func updates() {
        let told = changes([Double](repeating: 2, count: 351))
        #expect(told.map(\.phase) == [.start, .update, .update, .update])
    }

    @Test(
        "what is gone in the next picture alerts only where that comes late",
        arguments: [(25.0, 1, false), (25, 2, true), (5, 1, false), (5, 2, true), (2, 1, true), (1, 1, true)]
    )
    func lonePicture(rate: Double, pictures: Int, alerts: Bool) {
        let empty = [Double](repeating: 0, count: Int(3 * rate))
        let flashes = empty + [Double](repeating: 4, count: pictures) + empty
        #expect(changes(flashes + flashes, rate: rate).isEmpty == !alerts)
    }

    @Test("who is seen in every other picture, behind railings, alerts", arguments: [5.0, 25])
    func railings(rate: Double) {
        let seen = (0..<Int(3 * rate)).map { $0.isMultiple(of: 2) ? 4.0 : 0 }
        #expect(changes(seen, rate: rate).map(\.phase) == [.start])
    }

    @Test("gaps shorter than the hold do not split an alert")
    func gaps() {
        let burst = [Double](repeating: 2, count: 10) + [Double](repeating: 0, count: 12)
        #expect(changes(burst + burst + burst).map(\.phase) == [.start])
    }

    @Test(
        "something doubtful that stays or walks alerts in time, what darts about does not",
        arguments: [(5.0, 0.0, true), (5, 0.02, true), (5, 0.3, false), (25, 0.004, true), (25, 0.07, false)]
    )
    func darting(rate: Double, step: Double, alerts: Bool) {
        var evaluator = IntrusionEvaluator(rule: .everywhere, settings: DetectionSettings(), region: whole)
        let told = (0..<Int(4 * rate)).compactMap { index in
            // From side to side of the picture.
            let way = (Double(index) * step).truncatingRemainder(dividingBy: 1.8)
            let box = NormalizedRect(x: way < 0.9 ? way : 1.8 - way, y: 0.4, width: 0.02, height: 0.06)
            let foreground = RegionForeground(strength: 1.5, certainty: 0.2, share: 0.1, box: box)
            return evaluator.see(
                foreground,
                at: MediaTime(seconds: Double(index) / rate),
                elapsed: index == 0 ? 0 : 1 / rate
            )
        }
        #expect(told.isEmpty == !alerts)
    }

    @Test("a thing that was clearly seen goes on being seen where it is doubtful")
    func clearThenDoubtful() {
        var evaluator = IntrusionEvaluator(rule: .everywhere, settings: DetectionSettings(), region: whole)
        let told = (0..<6).compactMap { index in
            let box = NormalizedRect(x: 0.1 + Double(index) * 0.15, y: 0.4, width: 0.02, height: 0.06)
            let foreground = RegionForeground(strength: 1, certainty: index == 1 ? 1 : 0.2, share: 0.1, box: box)
            return evaluator.see(foreground, at: MediaTime(seconds: Double(index) / 5), elapsed: index == 0 ? 0 : 0.2)
        }
        #expect(told.map(\.phase) == [.start])
    }

    @Test("what is too small, too short or doubtful for a frame does not alert")
    func tooLittle() {
        #expect(changes([Double](repeating: 0.9, count: 100)).isEmpty)
        #expect(changes([0, 0, 1, 0, 0, 0, 1, 0, 0, 0]).isEmpty)
        #expect(changes([0, 8, 0, 8, 0, 0, 8, 0], rate: 1, certainty: 0.2).isEmpty)
        #expect(changes([0, 8, 0, 0], rate: 1).map(\.phase) == [.start, .end])
    }

    @Test("an alert goes on at half of what started it")
    func hysteresis() {
        let told = changes([Double](repeating: 2, count: 10) + [Double](repeating: 0.6, count: 50))
        #expect(told.map(\.phase) == [.start])
    }

    @Test("a score is a half at the threshold and grows to one")
    func score() {
        #expect(AlertLifecycle.score(of: 1) == 0.5)
        #expect(AlertLifecycle.score(of: 8) == 1)
        #expect(AlertLifecycle.score(of: 100) == 1)
        let scores = [1, 1.5, 2, 3, 4, 6, 8].map(AlertLifecycle.score(of:))
        #expect(zip(scores, scores.dropFirst()).allSatisfy { $0 < $1 })
    }
}
