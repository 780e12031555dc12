import Flow
import Gate

/// A made-up camera stream: what its sizes are, unit by unit, without any bytes.
struct GateStream {
    /// Seconds from keyframe to keyframe.
    var group = 2.0
    /// Units a second.
    var rate = 12.5
    /// Bytes of a keyframe and of a picture between.
    var keyframe = 20_000.0
    var picture = 900.0
    /// Share by which sizes vary by chance.
    var jitter = 0.04
    /// Spans in which sizes are multiplied: start, end, factor of pictures between, factor of keyframes.
    var active: [(start: Double, end: Double, pictures: Double, keyframes: Double)] = []
    /// True to give keyframes only.
    var keyframesOnly = false

    /// The units from the start to `seconds`.
    func units(seconds: Double) -> [UnitHeader] {
        var chance: UInt64 = 42
        let perGroup = Int((group * rate).rounded())
        return (0..<Int(seconds * rate)).compactMap { index in
            chance = chance &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let noise = 1 + jitter * (Double(chance >> 40) / Double(1 << 24) * 2 - 1)
            let isKeyframe = index % perGroup == 0
            if keyframesOnly, !isKeyframe { return nil }
            let time = Double(index) / rate
            let span = active.first { $0.start <= time && time < $0.end }
            let size =
                isKeyframe ? keyframe * noise * (span?.keyframes ?? 1) : picture * noise * (span?.pictures ?? 1)
            return UnitHeader(time: MediaTime(seconds: time), size: Int(size), isKeyframe: isKeyframe)
        }
    }

    /// What a gate let through.
    struct Passed: Equatable {
        var time: Double
        var reason: GateReason?
    }

    /// Runs a gate over the stream; `shows` says what a picture at a time shows.
    func run(
        _ gate: inout Gate,
        seconds: Double,
        shows: (Double) -> Bool = { _ in false }
    ) -> [Passed] {
        var passed: [Passed] = []
        for unit in units(seconds: seconds) {
            let verdict = gate.admit(unit)
            switch verdict {
            case .decode(let reason): passed.append(Passed(time: unit.time.seconds, reason: reason))
            case .burst: passed.append(Passed(time: unit.time.seconds, reason: nil))
            case .skip: continue
            }
            gate.learned(GateOutcome(showedMotion: shows(unit.time.seconds)))
        }
        return passed
    }
}
