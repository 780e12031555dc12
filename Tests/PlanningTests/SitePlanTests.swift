import Testing

@testable import Planning

/// What a site needs, followed by hand.
@Suite struct SitePlanTests {
    private let costs = SitePlan.Costs(
        decode: 2,
        keyframeKB: 16,
        detect: 0.5,
        packet: 1,
        readKB: 0.5,
        wake: 5
    )

    private func plan(_ change: (inout SitePlan.Site) -> Void = { _ in }) -> SitePlan {
        var site = SitePlan.Site(cameras: [100, 0, 0], intervals: [10, 60, 300], motionShare: 0)
        change(&site)
        return SitePlan(site: site, costs: costs)
    }

    @Test("a quiet camera is decoded at its interval, and a little beyond it for nothing; a busy one at each keyframe")
    func keyframes() {
        #expect(abs(plan().keyframesPerSecond - 100 * (0.1 + 0.025 * 0.5)) < 1e-9)
        #expect(abs(plan { $0.motionShare = 1 }.keyframesPerSecond - 50) < 1e-9)
        #expect(plan { $0.keyframeInterval = 20 }.keyframesPerSecond <= 5, "never more than there are")
        #expect(plan { $0.cameras = [0, 0, 0] }.keyframesPerSecond == 0)
    }

    @Test("cores follow what was measured: twice the pictures, twice the decoding; reading by bits and by connections")
    func cores() {
        let (one, two) = (plan().cores, plan { $0.cameras = [200, 0, 0] }.cores)
        #expect(abs(two.decode - 2 * one.decode) < 1e-9 && abs(two.read - 2 * one.read) < 1e-9)
        let kilobytes = 100 * 512.0 / 8
        #expect(abs(one.read - (kilobytes / 1.4 * 1 + kilobytes * 0.5 + 200 * 5) / 1_000_000) < 1e-9)
        let rest = (one.decode + one.detect + one.read) * 0.4
        #expect(abs(one.rest - rest) < 1e-9)
        #expect(plan { $0.load = 0.35 }.coresNeeded > 1.99 * plan().coresNeeded)
    }

    @Test("larger keyframes cost more, but not in proportion: an empty one costs something, too")
    func sizes() {
        let (small, large) = (plan { $0.keyframeKB = 16 }.cores.decode, plan { $0.keyframeKB = 32 }.cores.decode)
        #expect(large > small && large < 2 * small)
        #expect(abs(plan().keyframeKB - 512 / 8 * 2 * 0.22) < 1e-9)
    }

    @Test("processes: as many as the cameras need places, and one for every two cores of work")
    func workers() {
        #expect(plan().workers == 1)
        #expect(plan { $0.cameras = [0, 0, 32_000] }.workers >= 2)
        let busy = plan {
            $0.cameras = [16_000, 0, 0]
            $0.motionShare = 1
        }
        #expect(busy.workers == Int((busy.coresNeeded / 2).rounded(.up)) && busy.workers > 1)
    }

    @Test("memory: a group that is larger than its buffer is not kept and costs nothing")
    func memory() {
        #expect(plan().memory.buffers > 0)
        #expect(plan { $0.bufferKB = [64, 0, 0] }.memory.buffers == 0)
        #expect(plan { $0.cameras = [0, 0, 0] }.memory == (150, 0, 0))
    }

    @Test("network and statements grow with the cameras")
    func rest() {
        #expect(plan().network == 51.2)
        #expect(plan { $0.cameras = [1000, 1000, 1000] }.statementsPerDay == 1000)
        #expect(plan { $0.cameras = [0, 0, 0] }.camerasPerCore == 0)
    }
}
