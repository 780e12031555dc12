import Flow
import Ingest
import Testing

@Suite struct GateTests {
    private static let format = StreamFormat(codec: .h264, avCodecID: 27, width: 640, height: 360, extradata: [])

    private func unit(_ seconds: Double, key: Bool) -> AccessUnit {
        let time = MediaTime(seconds: seconds)
        return AccessUnit(format: Self.format, time: time, decodeTime: time, isKeyframe: key, bytes: [])
    }

    /// Ten seconds at 25 units a second, a keyframe every 2 s.
    private var stream: [AccessUnit] {
        (0..<250).map { unit(Double($0) / 25, key: $0 % 50 == 0) }
    }

    @Test("nothing is decoded before the first keyframe, nor after a loss until the next one")
    func waitsForKeyframe() {
        var gate = Gate(sampling: .everyFrame)
        #expect(gate.admit(unit(0, key: false)) == .skip)
        #expect(gate.admit(unit(1, key: true)) == .decode)
        #expect(gate.admit(unit(2, key: false)) == .decode)
        gate.interrupted()
        #expect(gate.admit(unit(3, key: false)) == .skip)
        #expect(gate.admit(unit(4, key: true)) == .decode)
    }

    @Test(
        "each sampling looks at its share of a stream",
        arguments: [
            ("every", 250, 0), ("keyframes", 5, 0), ("keyframes:4", 3, 0), ("5fps", 50, 200), ("1fps", 10, 240),
        ]
    )
    func shares(text: String, seen: Int, unseen: Int) throws {
        var gate = Gate(sampling: try #require(Sampling(text)))
        let verdicts = stream.map { gate.admit($0) }
        #expect(verdicts.count { $0 == .decode } == seen)
        #expect(verdicts.count { $0 == .decodeUnseen } == unseen)
    }

    @Test("a stream whose time goes back is sampled again at once")
    func timeGoesBack() {
        var gate = Gate(sampling: .keyframes(every: 10))
        #expect(gate.admit(unit(100, key: true)) == .decode)
        #expect(gate.admit(unit(104, key: true)) == .skip)
        #expect(gate.admit(unit(3, key: true)) == .decode)
    }

    @Test("the written form of a sampling reads back", arguments: ["every", "keyframes", "keyframes:10.0", "5.0fps"])
    func text(form: String) {
        #expect(Sampling(form)?.description == form)
    }

    @Test("a form that means nothing is refused", arguments: ["", "fps", "0fps", "-1fps", "keyframes:x", "sometimes"])
    func refused(form: String) {
        #expect(Sampling(form) == nil)
    }
}
