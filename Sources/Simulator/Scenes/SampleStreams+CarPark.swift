extension SampleStreams {
    /// Clips in yards and car parks.
    static let carParkClips: [SceneSpec] = [carParkDay, nightIntrusion, quietRain, quietInfrared, quietShake]

    private static let carParkDay = SceneSpec(
        name: "car-park-day",
        description: """
            A car park in daylight. A cyclist rides across a no-entry area, then a car turns through it; a man \
            walks past behind it without entering.
            """,
        conditions: "day;clouds;cyclist;vehicle",
        framesPerSecond: 15,
        seconds: 32,
        quality: 28,
        seed: 402
    ) { size in
        var scene = Places.carPark(size, seed: 402)
        scene.lighting.clouds = CloudShadow(depth: Curve((0, 0.1), (14, 0.3), (30, 0.15)), size: 40, speed: 3)
        scene.actors += [
            Actor(figure: .cyclist(.passerby(5)), path: ActorPath(.init(7, -13, 16.5), .init(13, 13, 18))),
            .vehicle(
                .car(.rgb(64, 66, 70)),
                ActorPath(.init(17.5, 15, 20), .init(19.5, 5, 19), .init(21.5, -3, 17), .init(24.5, -14, 17))
            ),
            .person(.passerby(7), ActorPath(.init(13, -14, 24.2), .init(30, 12, 24.2))),
        ]
        scene.caption = CaptionLook(name: "SX-02 PARKING", clock: 15 * 3600 + 8 * 60 + 27)
        let area = SceneRule.intrusion("no-entry", (-5, 13.5), (4.5, 13.5), (5, 20.5), (-5.5, 20.5)).onGround(
            scene.camera
        )
        return Stage(scene: scene, rules: [area])
    }

    private static let nightIntrusion = SceneSpec(
        name: "night-intrusion",
        description: """
            A yard at night in infrared with insects before the lens. A man crosses it, stops for a while and \
            leaves; later another runs through.
            """,
        conditions: "night;infrared;insects;noise",
        seconds: 36,
        quality: 27,
        seed: 403
    ) { size in
        var scene = nightYard(size, seed: 403)
        scene.lighting.infrared = .constant(1)
        scene.weather.insects = 4
        scene.actors += [
            .person(
                .passerby(3),
                ActorPath(.init(8, -13, 21), .init(14, -1, 16.5), .init(18, -1, 16.5), .init(25, 11, 20))
            ),
            .person(.passerby(4), ActorPath(.init(28, 10, 14.5), .init(31.5, -1.5, 15.5), .init(35, -12, 18))),
        ]
        scene.caption = CaptionLook(name: "SX-13 YARD", date: "2026-06-19", clock: 2 * 3600 + 14 * 60 + 9)
        let yard = SceneRule.intrusion("yard", (-4, 12), (4, 12), (5, 22), (-5, 22)).onGround(scene.camera)
        return Stage(scene: scene, rules: [yard])
    }

    private static let quietRain = SceneSpec(
        name: "quiet-rain",
        description: "A yard in the rain: it gets heavier, then thins out. Nobody comes.",
        conditions: "rain;wet ground;low contrast",
        seconds: 30,
        quality: 28,
        seed: 401
    ) { size in
        var scene = Places.yard(size, seed: 401, isWet: true)
        scene.sun = Sun(x: 0.1, z: 0.05, depth: 0.3, softness: 8)
        scene.backdrop.hazeDistance = 110
        scene.lighting.ambient = Curve((0, 0.8), (12, 0.72), (22, 0.82))
        scene.weather.rain = Curve((0, 0.35), (8, 0.6), (15, 1), (22, 0.8), (30, 0.3))
        scene.sensor.noise = 1.9
        scene.caption = CaptionLook(name: "SX-12 YARD", clock: 16 * 3600 + 20 * 60 + 44)
        let gate = SceneRule.quiet("gate", (-5, 12), (4, 12), (6, 24), (-4, 24)).onGround(scene.camera)
        return Stage(scene: scene, rules: [gate, .quietView])
    }

    private static let quietInfrared = SceneSpec(
        name: "quiet-infrared-lamp",
        description: """
            A yard at nightfall: the camera switches from colour to infrared, a lamp by the house goes on and off \
            again, insects fly before the lens. Nobody comes.
            """,
        conditions: "dusk;infrared switch;lamp on and off;insects;noise",
        seconds: 34,
        quality: 28,
        seed: 404
    ) { size in
        var scene = nightYard(size, seed: 404)
        scene.lighting.ambient = Curve((0, 0.4), (9, 0.2), (14, 0.1))
        scene.lighting.infrared = Curve((9.3, 0), (9.5, 1))
        // The exposure first drops for the new light, then settles.
        scene.lighting.exposure = Curve((9.2, 1), (9.35, 0.35), (9.6, 1.5), (10.4, 0.92), (11.2, 1))
        scene.lighting.lamps = [
            StreetLamp(
                place: WorldPoint(-3, 3, 28),
                reach: 8,
                colour: Colour(0.6, 0.56, 0.46, 0),
                level: Curve((17, 0), (17.1, 1), (25, 1), (25.2, 0))
            )
        ]
        scene.lighting.infraredLevel = 0.9
        scene.weather.insects = 5
        scene.weather.insectsFly = Curve((11.4, 0), (11.6, 1))
        scene.caption = CaptionLook(name: "SX-14 YARD", clock: 19 * 3600 + 52 * 60 + 30)
        let gate = SceneRule.quiet("yard", (-4, 12), (4, 12), (5, 22), (-5, 22)).onGround(scene.camera)
        return Stage(scene: scene, rules: [gate, .quietView])
    }

    private static let quietShake = SceneSpec(
        name: "quiet-shake-clouds",
        description: "A car park on a windy day: the pole shakes and the shadows of clouds drift over. Nobody comes.",
        conditions: "day;camera shake;cloud shadows;waving foliage",
        seconds: 30,
        quality: 30,
        seed: 405
    ) { size in
        var scene = Places.carPark(size, seed: 405)
        scene.lighting.clouds = CloudShadow(
            depth: Curve((0, 0.15), (8, 0.4), (20, 0.45), (30, 0.2)),
            size: 24,
            speed: 5
        )
        scene.weather.shake = Curve((0, 0.6), (6, 1), (10, 2.6), (14, 1.2), (20, 2.8), (25, 1), (30, 2))
        scene.foliage = [
            FoliageLook(centre: .init(0.95, 0.12), radii: .init(0.16, 0.24), swing: 0.004, seed: 45)
        ]
        scene.caption = CaptionLook(name: "SX-03 PARKING", clock: 11 * 3600 + 21 * 60 + 18)
        let area = SceneRule.quiet("no-entry", (-5, 13.5), (4.5, 13.5), (5, 20.5), (-5.5, 20.5)).onGround(scene.camera)
        return Stage(scene: scene, rules: [area, .quietView])
    }

    /// The yard without daylight.
    static func nightYard(_ size: FrameSize, seed: UInt64) -> Scene {
        var scene = Places.yard(size, seed: seed)
        scene.sun = nil
        scene.backdrop.sky = { _ in .rgb(44, 48, 60) }
        scene.backdrop.haze = .rgb(70, 74, 80)
        scene.lighting.tint = Colour(0.92, 0.96, 1.08, 0)
        scene.lighting.ambient = .constant(0.08)
        scene.lighting.infraredReach = 17
        scene.sensor = SensorLook(noise: 2.2, gain: .constant(1.35))
        return scene
    }
}
