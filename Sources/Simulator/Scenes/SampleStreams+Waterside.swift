internal import Flow

extension SampleStreams {
    /// Clips at the river.
    static let watersideClips: [SceneSpec] = [riverDay, riverDusk, quietFoliageWater]

    private static let riverDay = SceneSpec(
        name: "river-day",
        description: """
            A river bank in daylight. A child walks down from the path to the water's edge, stands there and goes \
            back; later a man walks along the shore. A passer-by stays on the path.
            """,
        conditions: "day;rippling water;shadows;waving foliage",
        seconds: 36,
        seed: 101
    ) { size in
        var scene = Places.riverBank(size, seed: 101)
        scene.sun = Sun(x: -0.75, z: 0.3, depth: 0.42)
        scene.foliage = [
            FoliageLook(centre: .init(0.03, 0.2), radii: .init(0.17, 0.3), swing: 0.003, seed: 11)
        ]
        let child = PersonLook(jacket: .rgb(178, 58, 50), trousers: .rgb(46, 58, 96), height: 1.4)
        scene.actors += [
            .person(
                child,
                ActorPath(
                    .init(7, -6.2, 17),
                    .init(11.5, -2.4, 16),
                    .init(14, 0.4, 15.2),
                    .init(18, 0.4, 15.2),
                    .init(21, -2.6, 17.5),
                    .init(26, -8.8, 20)
                )
            ),
            .person(.passerby(3), ActorPath(.init(2, -4.8, 9), .init(17, -2.6, 31))),
            .person(
                .passerby(4),
                ActorPath(.init(23.5, -3.4, 26), .init(26, 1.6, 25), .init(33, 0, 13.5), .init(35.9, -3.6, 11))
            ),
        ]
        scene.caption = CaptionLook(name: "ZJ-01 RIVER", clock: 10 * 3600 + 41 * 60 + 7)
        let shore = SceneRule.intrusion("shore", (-1, 11), (1.3, 11), (3.6, 28), (1.2, 28)).onGround(scene.camera)
        let water = SceneRule.quiet("water", (4, 13), (12, 13), (30, 45), (12, 45)).onGround(scene.camera)
        return Stage(scene: scene, rules: [shore, water])
    }

    private static let riverDusk = SceneSpec(
        name: "river-dusk",
        description: """
            The river bank as night falls: the picture gets dark and noisy, a lamp on the path comes on. A man \
            walks along the shore; later two children come down to the water and stay.
            """,
        conditions: "dusk;noise;low contrast;lamp comes on",
        framesPerSecond: 15,
        seconds: 36,
        codec: .h265,
        quality: 27,
        seed: 103
    ) { size in
        var scene = Places.riverBank(size, seed: 103)
        scene.water?.glitter = 30
        scene.lighting.tint = Colour(0.94, 0.98, 1.1, 0)
        scene.lighting.ambient = Curve((0, 0.56), (12, 0.46), (36, 0.36))
        scene.lighting.lamps = [
            StreetLamp(
                place: WorldPoint(-4.6, 3.5, 22),
                reach: 9,
                colour: Colour(0.34, 0.29, 0.18, 0),
                level: Curve((9, 0), (9.2, 0.5), (10, 1))
            )
        ]
        scene.sensor = SensorLook(noise: 2.2, gain: Curve((0, 1), (36, 1.5)))
        let boy = PersonLook(jacket: .rgb(196, 188, 96), trousers: .rgb(52, 60, 88), height: 1.32)
        let girl = PersonLook(jacket: .rgb(206, 190, 196), trousers: .rgb(96, 66, 96), height: 1.4)
        scene.actors += [
            .person(
                .passerby(2),
                ActorPath(.init(7.5, -5.6, 12), .init(11, -0.4, 13), .init(17.5, 1.2, 22.5), .init(22, -4.6, 28))
            ),
            .person(boy, ActorPath(.init(21, -6.8, 14), .init(26.5, 0.4, 14.6), .init(60, 0.4, 14.6))),
            .person(girl, ActorPath(.init(22, -6.6, 15.2), .init(28, -0.2, 15.8), .init(60, -0.2, 15.8))),
        ]
        scene.caption = CaptionLook(name: "ZJ-03 RIVER", clock: 19 * 3600 + 33 * 60 + 50)
        let shore = SceneRule.intrusion("shore", (-1, 11), (1.3, 11), (3.6, 28), (1.2, 28)).onGround(scene.camera)
        return Stage(scene: scene, rules: [shore])
    }

    private static let quietFoliageWater = SceneSpec(
        name: "quiet-foliage-water",
        description: "A windy river bank: trees and bushes wave, the water ripples and glitters. Nobody comes.",
        conditions: "day;waving foliage;glittering water;gusts",
        seconds: 30,
        quality: 29,
        seed: 102
    ) { size in
        var scene = Places.riverBank(size, seed: 102)
        scene.water?.glitter = 170
        scene.water?.ripple = 17
        scene.water?.speed = 1.4
        let gusts = Curve((0, 0.5), (5, 1), (9, 0.6), (14, 1.5), (19, 0.7), (24, 1.6), (30, 0.8))
        scene.foliage = [
            FoliageLook(centre: .init(0.06, 0.25), radii: .init(0.22, 0.4), swing: 0.005, wind: gusts, seed: 21),
            FoliageLook(
                centre: .init(0.22, 0.8),
                radii: .init(0.12, 0.17),
                swing: 0.004,
                rate: 0.5,
                wind: gusts,
                seed: 22
            ),
            FoliageLook(centre: .init(0.97, 0.9), radii: .init(0.16, 0.3), swing: 0.006, wind: gusts, seed: 23),
        ]
        scene.caption = CaptionLook(name: "ZJ-02 RIVER", clock: 14 * 3600 + 12 * 60 + 31)
        let shore = SceneRule.quiet("shore", (-1, 11), (1.3, 11), (3.6, 28), (1.2, 28)).onGround(scene.camera)
        return Stage(scene: scene, rules: [shore, .quietView])
    }
}
