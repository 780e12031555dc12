/// A condition that makes watching hard, rendered at any strength with exact truth.
///
/// Strength 0 is a calm scene, 1 what a city has every week, 4 more than cameras see.
public enum Hardship: String, Sendable, CaseIterable {
    case rain
    case snow
    case insects
    case headlights
    case clouds
    case lamp
    case exposure
    case noise
    case flicker
    case infraredSwitch = "infrared_switch"
    case shake
    case foliage
    case water
    case clock
    case compression

    /// The strengths of the bench.
    public static let strengths = [0, 1, 2, 3, 4]

    /// A clip of the condition.
    ///
    /// - Parameters:
    ///   - strength: 0 to 4.
    ///   - seconds: Length.
    ///   - hasPeople: Whether people cross the watched area, one in each 12 s; else nobody comes.
    ///   - framesPerSecond: Pictures a second.
    /// - Returns: What can be rendered.
    public func clip(strength: Int, seconds: Int, hasPeople: Bool, framesPerSecond: Int) -> SceneSpec {
        SceneSpec(
            name: "\(rawValue)-\(strength)",
            description: "The condition \(rawValue) at strength \(strength).",
            conditions: rawValue,
            framesPerSecond: framesPerSecond,
            seconds: seconds,
            quality: self == .compression ? 26 + 5 * strength : 26,
            // As cameras encode: without a search that takes most of the time of hours of pictures.
            preset: "veryfast",
            seed: 900 + UInt64(strength)
        ) { size in
            stage(size, strength: Float(strength), seconds: Float(seconds), hasPeople: hasPeople)
        }
    }

    /// Writes a clip and its labels as `SampleStreams` does.
    ///
    /// - Throws: `SimulatorError`, `MediaError`.
    public func write(
        to directory: String,
        strength: Int,
        seconds: Int,
        hasPeople: Bool,
        framesPerSecond: Int
    ) throws {
        let spec = clip(strength: strength, seconds: seconds, hasPeople: hasPeople, framesPerSecond: framesPerSecond)
        try SampleStreams.write(spec, to: directory) { _ in }
    }

    private func stage(_ size: FrameSize, strength: Float, seconds: Float, hasPeople: Bool) -> Stage {
        var scene = place(size)
        burden(&scene, strength, seconds)
        let isWater = self == .water
        if hasPeople { scene.actors += Self.walkers(seconds, atShore: isWater) }
        let corners =
            isWater ? [(-1.0, 11.0), (1.3, 11), (3.6, 28), (1.2, 28)] : [(-4.0, 12.0), (4, 12), (5, 22), (-5, 22)]
        let area = SceneRule.intrusion("area", corners[0], corners[1], corners[2], corners[3])
        return Stage(scene: scene, rules: [area.onGround(scene.camera)])
    }

    private func place(_ size: FrameSize) -> Scene {
        switch self {
        case .water:
            return Places.riverBank(size, seed: 911)
        case .insects, .headlights, .lamp, .infraredSwitch:
            var scene = SampleStreams.nightYard(size, seed: 911)
            scene.lighting.infrared = .constant(self == .insects ? 1 : 0)
            if self != .insects { scene.lighting.ambient = .constant(0.4) }
            return scene
        case .shake, .clouds: return Places.carPark(size, seed: 911)
        default: return Places.yard(size, seed: 911)
        }
    }

    /// Puts the condition into the scene.
    private func burden(_ scene: inout Scene, _ strength: Float, _ seconds: Float) {
        switch self {
        case .rain: scene.weather.rain = .constant(0.35 * strength)
        case .snow: scene.weather.snow = 0.4 * strength
        case .insects: scene.weather.insects = Int(3 * strength)
        case .headlights: scene.lighting.beams = Self.beams(strength, seconds)
        case .clouds: scene.lighting.clouds = CloudShadow(depth: .constant(0.16 * strength), size: 22, speed: 4)
        case .lamp: scene.lighting.lamps = [Self.lamp(strength, seconds)]
        case .exposure:
            scene.lighting.exposure = Self.steps(every: 7, seconds, low: 1, high: 1 + 0.12 * strength, ramp: 0.25)
        case .noise: scene.sensor.noise = 1.5 + 3 * strength
        case .flicker: scene.sensor.flicker = 0.04 * strength
        case .infraredSwitch:
            scene.lighting.infrared = Self.steps(every: 17, seconds, low: 0, high: strength > 0 ? 1 : 0, ramp: 0.1)
            scene.lighting.infraredLevel = 0.4 + 0.25 * strength
        case .shake: scene.weather.shake = .constant(3 * strength)
        case .foliage: scene.foliage = Self.crowns(strength)
        case .water:
            scene.water?.ripple = 8 * strength
            scene.water?.glitter = 80 * strength
            scene.water?.speed = 0.6 + 0.4 * strength
        case .clock: scene.caption = strength > 0 ? CaptionLook(name: "TEST 01", dot: 1 + strength) : nil
        case .compression: scene.sensor.noise = 2.5
        }
    }

    /// One person in each 12 s, in turns from the left and from the right; the first 8 s are calm.
    private static func walkers(_ seconds: Float, atShore: Bool) -> [Actor] {
        stride(from: Float(8), to: seconds - 8, by: 12).enumerated().map { number, start in
            let side: Float = number.isMultiple(of: 2) ? 1 : -1
            if atShore {
                return .person(
                    .passerby(number),
                    ActorPath(.init(start, -6, 14), .init(start + 3.5, 1, 15), .init(start + 7, -6, 20))
                )
            }
            let depth = 14 + Float(number % 3) * 2.5
            let path = ActorPath(
                .init(start, -11 * side, depth + 3),
                .init(start + 4, 0, depth),
                .init(start + 8, 11 * side, depth + 2)
            )
            return .person(.passerby(number), path)
        }
    }

    /// A value that goes from low to high and back again, each time after `period` seconds.
    private static func steps(every period: Float, _ seconds: Float, low: Float, high: Float, ramp: Float) -> Curve {
        var points: [Curve.Point] = []
        for (number, time) in stride(from: period, to: seconds, by: period).enumerated() {
            let (from, to) = number.isMultiple(of: 2) ? (low, high) : (high, low)
            points += [(time, from), (time + ramp, to)]
        }
        if points.isEmpty { return .constant(low) }
        return Curve(points)
    }

    private static func lamp(_ strength: Float, _ seconds: Float) -> StreetLamp {
        StreetLamp(
            place: WorldPoint(-2, 4, 19),
            reach: 9,
            colour: Colour(0.32, 0.3, 0.24, 0) * strength,
            level: steps(every: 6, seconds, low: 0, high: 1, ramp: 0.15)
        )
    }

    /// Headlights that sweep over the area, one pair in each 9 s; the vehicle itself stays out of sight.
    private static func beams(_ strength: Float, _ seconds: Float) -> [Beam] {
        guard strength > 0 else { return [] }
        return stride(from: Float(3), to: seconds, by: 9).map { start in
            Beam(path: ActorPath(.init(start, -22, 6), .init(start + 4, 22, 6)), level: 0.35 * strength)
        }
    }

    private static func crowns(_ strength: Float) -> [FoliageLook] {
        guard strength > 0 else { return [] }
        let swing = 0.0025 * strength
        let gusts = Curve((0, 0.6), (5, 1), (9, 0.7), (14, 1.3), (19, 0.7), (24, 1.4), (30, 0.9))
        return [
            FoliageLook(centre: .init(0.2, 0.35), radii: .init(0.2, 0.3), swing: swing, wind: gusts, seed: 31),
            FoliageLook(
                centre: .init(0.72, 0.8),
                radii: .init(0.16, 0.18),
                swing: swing,
                rate: 0.5,
                wind: gusts,
                seed: 32
            ),
        ]
    }
}
