import Flow
import Testing

@testable import Detection

@Suite struct ThresholdProposalTests {
    @Test("strength and score tell the same", arguments: [1.0, 1.3, 2, 3.5, 4, 7.9])
    func inverse(_ strength: Double) {
        #expect(abs(AlertLifecycle.strength(ofScore: AlertLifecycle.score(of: strength)) - strength) < 1e-9)
    }

    @Test("the threshold goes above the false alarms and stays below the weakest hazard")
    func between() throws {
        let scores = { (strengths: [Double]) in strengths.map(AlertLifecycle.score) }
        let free = try #require(ThresholdProposal(falseScores: scores([1.1, 1.5, 3]), hazardScores: []))
        #expect(free.avoided == 3 && abs(free.factor - 3.15) < 1e-9)
        let bounded = try #require(
            ThresholdProposal(falseScores: scores([1.1, 1.5, 3]), hazardScores: scores([2, 8]))
        )
        #expect(bounded.avoided == 2 && bounded.factor < 1.6)
        #expect(ThresholdProposal(falseScores: scores([1.5]), hazardScores: scores([1.2])) == nil)
        #expect(
            ThresholdProposal(falseScores: scores([8, 20]), hazardScores: []) == nil,
            "nobody knows how strong they were"
        )
        #expect(ThresholdProposal(falseScores: [], hazardScores: []) == nil)
    }

    @Test("a raised rule needs so many times the pixels, also where the least thing decided before")
    func raising() throws {
        let settings = DetectionSettings()
        let small = Rule(
            id: "a",
            kind: .intrusion,
            polygon: [.init(x: 0, y: 0), .init(x: 0.1, y: 0), .init(x: 0.1, y: 0.1)]
        )
        let before = small.neededShare(settings)
        #expect(before > settings.minShare, "one thing is more than the share of a small region")
        let after = small.raised(by: 1.5, settings)
        #expect(abs(after.neededShare(settings) - 1.5 * before) < 2e-5)
        try after.validate()
        var large = small
        large.thresholds.minShare = 0.9
        #expect(large.raised(by: 4, settings).thresholds.minShare == 1)
    }
}
