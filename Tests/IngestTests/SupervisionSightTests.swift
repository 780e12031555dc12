import Flow
import Testing

@testable import Ingest

/// Cameras that send, and whether anybody looks at them.
@Suite struct SupervisionSightTests {
    private static let h264 = StreamFormat(codec: .h264, avCodecID: 0, width: 0, height: 0, extradata: [])
    private static let jpeg = StreamFormat(codec: .mjpeg, avCodecID: 0, width: 0, height: 0, extradata: [])

    private func unit(
        at seconds: Double,
        key: Bool = true,
        damaged: Bool = false,
        size: Int = 1000,
        bytes: Int? = nil,
        format: StreamFormat = Self.h264
    ) -> AccessUnit {
        let time = MediaTime(seconds: seconds)
        return AccessUnit(
            format: format,
            time: time,
            decodeTime: time,
            isKeyframe: key,
            isDamaged: damaged,
            size: size,
            bytes: [UInt8](repeating: 1, count: bytes ?? size)
        )
    }

    /// A sight behind a reference, because an expectation takes no value that changes.
    private final class Eye {
        var sight = Sight()

        func judge(_ tally: SightTally?, isLosing: Bool = false, now: Double) -> Bool {
            sight.judge(tally, isLosing: isLosing, now: now)
        }
        func wantsAnswer(now: Double) -> Bool { sight.wantsAnswer(now: now) }
        func looked(gap: Double?, now: Double) { sight.looked(gap: gap, now: now) }
        func stream(isOpen: Bool, comesWhole: Bool = true, now: Double) {
            sight.stream(isOpen: isOpen, comesWhole: comesWhole, now: now)
        }
        func expect(_ expectation: Sight.Expectation?) { sight.expect(expectation) }
        var verdict: Sight.Verdict { sight.verdict }
        var seconds: Double { sight.seconds }
    }

    /// A camera that is looked at every `interval` seconds, with an open stream since 0.
    private func sight(interval: Double = 10, isPatrol: Bool = false) -> Eye {
        let sight = Eye()
        sight.expect(Sight.Expectation(interval: interval, isPatrol: isPatrol))
        sight.stream(isOpen: true, now: 0)
        return sight
    }

    private var damaged: SightTally { tally { $0.took(unit(at: 1, damaged: true)) } }
    private var between: SightTally {
        tally { tally in
            for second in 1...16 { tally.took(unit(at: Double(second), key: false)) }
        }
    }

    private func tally(_ body: (inout SightTally) -> Void) -> SightTally {
        var tally = SightTally()
        body(&tally)
        return tally
    }

    @Test("the tally tells what was in the way of the last keyframe")
    func reasons() {
        func reason(_ unit: AccessUnit?) -> SightReason {
            var tally = SightTally()
            if let unit { tally.took(unit) }
            return tally.reason(isLosing: false)
        }
        #expect(reason(nil) == .behind, "nothing has been read: that is no word about the camera")
        #expect(reason(unit(at: 1, key: false)) == .behind)
        #expect(between.reason(isLosing: false) == .noKeyframe)
        #expect(SightTally().reason(isLosing: false, comesWhole: false) == .noKeyframe)
        #expect(reason(unit(at: 1, damaged: true)) == .damaged)
        #expect(reason(unit(at: 1, damaged: true, bytes: 0)) == .damaged)
        #expect(reason(unit(at: 1, size: 9 << 20, bytes: 0)) == .tooLarge)
        #expect(reason(unit(at: 1, bytes: 0)) == .noParameterSets)
        #expect(reason(unit(at: 1, bytes: 0, format: Self.jpeg)) == .incompleteJPEG)
        let refused = tally { tally in
            tally.took(unit(at: 1))
            tally.chose(isQueued: true)
            tally.failed("this keyframe is damaged")
        }
        #expect(refused.reason(isLosing: false) == .decoder && refused.message == "this keyframe is damaged")
        #expect(refused.reason(isLosing: true) == .behind)
        let waiting = tally { tally in
            tally.took(unit(at: 1))
            tally.chose(isQueued: true)
        }
        #expect(waiting.reason(isLosing: false) == .behind)
        let silent = tally { tally in
            tally.took(unit(at: 1))
            tally.chose(isQueued: false)
        }
        #expect(silent.reason(isLosing: false) == .decoder, "decoded at once, and no picture came of it")
        let seen = tally { tally in
            tally.took(unit(at: 1, damaged: true))
            tally.looked()
            tally.took(unit(at: 2, key: false))
        }
        #expect(seen.reason(isLosing: false) == .behind && seen.units == 1)
    }

    @Test("one keyframe that was lost does not make the time between them longer")
    func gaps() {
        var tally = SightTally()
        tally.took(unit(at: 0))
        #expect(tally.keyframeGap == nil)
        for second in [4.0, 8, 16] { tally.took(unit(at: second)) }
        #expect(tally.keyframeGap == 4)
        tally.took(unit(at: 24))
        #expect(tally.keyframeGap == 8)
    }

    @Test("a camera none of whose pictures can be looked at is blind after twenty seconds, until one is")
    func blind() {
        let sight = sight()
        #expect(!sight.wantsAnswer(now: 20) && sight.wantsAnswer(now: 21))
        #expect(sight.judge(between, now: 21))
        #expect(sight.verdict == .blind(.noKeyframe) && sight.seconds == 21)
        // A new connection changes nothing, and nor does a new answer of the same kind.
        sight.stream(isOpen: false, now: 30)
        sight.stream(isOpen: true, now: 40)
        #expect(!sight.judge(between, now: 41))
        #expect(sight.judge(damaged, now: 60))
        #expect(sight.verdict == .blind(.damaged))
        sight.looked(gap: nil, now: 70)
        #expect(sight.verdict == .fine && !sight.wantsAnswer(now: 110) && sight.wantsAnswer(now: 111))
    }

    @Test("connections that break before a picture comes add up")
    func reconnects() {
        let sight = sight()
        for round in 0..<4 {
            sight.stream(isOpen: false, now: Double(round) * 30 + 6)
            sight.stream(isOpen: true, now: Double(round) * 30 + 30)
        }
        #expect(sight.wantsAnswer(now: 121), "four times six seconds of an open stream")
    }

    @Test("what waits for us is late, and no fault of the camera; who was blind before stays it")
    func behind() {
        let sight = sight()
        let waiting = tally { tally in
            tally.took(unit(at: 1))
            tally.chose(isQueued: true)
        }
        #expect(!sight.judge(waiting, now: 30), "a fleet that starts has much to look at")
        #expect(sight.judge(waiting, now: 41))
        #expect(sight.verdict == .late(.behind) && SightReason.behind.isInService)
        sight.looked(gap: nil, now: 50)
        #expect(sight.verdict == .fine)
        #expect(sight.judge(damaged, now: 100))
        #expect(!sight.judge(waiting, now: 110) && sight.verdict == .blind(.damaged))
        #expect(!sight.judge(SightTally(), isLosing: true, now: 120) && sight.verdict == .blind(.damaged))
    }

    @Test("keyframes that are far from each other are said, and the camera is not blind between them")
    func keyframesApart() {
        let sight = sight()
        #expect(sight.judge(between, now: 25))
        sight.looked(gap: nil, now: 80)
        #expect(
            sight.verdict == .late(.keyframesApart) && !sight.wantsAnswer(now: 80 + 139),
            "the next may take as long"
        )
        sight.looked(gap: 90, now: 90)
        #expect(sight.verdict == .late(.keyframesApart) && sight.seconds == 90)
        #expect(!sight.wantsAnswer(now: 180 + 60))
        #expect(sight.wantsAnswer(now: 90 + 156))
        sight.looked(gap: 12, now: 300)
        #expect(sight.verdict == .fine)
        let words = SightReason.keyframesApart.explanation(seconds: 90, interval: 10, message: nil)
        #expect(words.contains("every 90 s") && words.contains("10 s or less"))
    }

    @Test(
        "a camera with a keyframe every 90 s is never blind again once it was seen, whenever we came",
        arguments: [1, 5, 19, 30, 45, 60, 89]
    )
    func farApart(first: Int) {
        let sight = sight(interval: 2)
        var after: [Sight.Verdict] = []
        for second in 0...600 {
            if second >= first, (second - first) % 90 == 0 {
                sight.looked(gap: second >= first + 90 ? 90 : nil, now: Double(second))
            } else if sight.wantsAnswer(now: Double(second)) {
                sight.sight.asked(now: Double(second))
                _ = sight.judge(between, now: Double(second))
            }
            if second >= first, after.last != sight.verdict { after.append(sight.verdict) }
        }
        #expect(after.last == .late(.keyframesApart))
        #expect(after.count <= 2 && !after.contains { $0.isBlind }, "\(after)")
        // One that stops sending keyframes is blind all the same.
        #expect(sight.judge(between, now: 700 + 155))
        #expect(sight.verdict == .blind(.noKeyframe))
    }

    @Test("a camera that sent one keyframe and never another is blind after two minutes and some")
    func oneOnly() {
        let sight = sight(interval: 2)
        sight.looked(gap: nil, now: 3)
        #expect(!sight.judge(between, now: 142) && sight.verdict == .fine)
        #expect(sight.judge(damaged, now: 60) && sight.verdict == .blind(.damaged), "other reasons need no patience")
        #expect(sight.judge(between, now: 144) && sight.verdict == .blind(.noKeyframe))
    }

    @Test("a patrolled camera is judged by its visits, not by the time between them")
    func patrol() {
        let sight = sight(interval: 120, isPatrol: true)
        #expect(!sight.wantsAnswer(now: 250) && sight.wantsAnswer(now: 261))
        #expect(sight.judge(damaged, now: 300) && sight.verdict == .late(.waitsForTurn), "one visit may fail")
        sight.looked(gap: 25, now: 310)
        #expect(sight.verdict == .fine)
        #expect(sight.judge(SightTally(), now: 3000), "its platform has no session for it")
        #expect(sight.verdict == .late(.waitsForTurn))
        let twice = tally { tally in
            for second in [1.0, 121] { tally.took(unit(at: second, damaged: true)) }
        }
        #expect(sight.judge(twice, now: 3000) && sight.verdict == .blind(.damaged))
    }

    @Test("nobody waits for pictures of a camera without rules; one whose rules are of no use is blind")
    func rules() {
        let without = sight()
        without.expect(nil)
        #expect(!without.wantsAnswer(now: 10_000))
        let refused = sight()
        #expect(refused.judge(nil, now: 30) && refused.verdict == .blind(.noRules))
        refused.expect(nil)
        #expect(refused.verdict == .fine)
    }

    @Test("a process that read nothing for a minute blames no camera")
    func unread() {
        let sight = sight()
        sight.looked(gap: 4, now: 5)
        let late = tally { $0.took(unit(at: 6, key: false)) }
        #expect(sight.judge(late, now: 60) && sight.verdict == .late(.behind))
    }

    @Test("an interval that changes at night counts from then on")
    func night() {
        let sight = sight(interval: 10)
        sight.looked(gap: nil, now: 1)
        sight.expect(Sight.Expectation(interval: 300))
        #expect(!sight.wantsAnswer(now: 600) && sight.wantsAnswer(now: 622))
    }

    @Test("each reason is a sentence that says what to do", arguments: SightReason.allCases)
    func sentences(reason: SightReason) {
        let words = reason.explanation(seconds: 41.4, interval: 10, message: "no such profile")
        #expect(words.count > 60)
        #expect(words.contains("41 s") || reason == .noRules)
        #expect(words.contains("no such profile") == (reason == .decoder))
    }

    @Test("a blind camera becomes a fault like one that is away, and an incident when many are")
    func fault() {
        var watch = FaultDetector<Int>()
        watch.changed(1, to: .online, now: 0)
        watch.changed(1, to: .blind, now: 30)
        var said = watch.advance(now: 629)
        #expect(said.isEmpty)
        said = watch.advance(now: 631)
        #expect(said == [.faultBegan(1, since: 30, kind: .blind)])
        watch.changed(1, to: .online, now: 700)
        said = watch.advance(now: 821)
        #expect(said == [.faultEnded(1, at: 700)])
    }

    @Test(
        "whether all units come is asked of who reads the stream now: one that moves over UDP and has no keyframe is blind"
    )
    func movesOverUDP() {
        let eye = sight()
        #expect(!eye.judge(SightTally(), now: 21))
        eye.stream(isOpen: false, now: 22)
        eye.stream(isOpen: true, comesWhole: false, now: 23)
        #expect(eye.judge(SightTally(), now: 44))
        #expect(eye.verdict == .blind(.noKeyframe))
        eye.stream(isOpen: true, comesWhole: true, now: 45)
        #expect(!eye.judge(SightTally(), now: 46) && eye.verdict == .blind(.noKeyframe), "not seen yet")
    }
}
