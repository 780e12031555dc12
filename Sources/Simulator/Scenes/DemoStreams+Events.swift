internal import Flow

extension DemoStreams {
    static let riverEvening = SceneSpec(
        name: "river-evening",
        description: "The river bank under a grey evening sky. Two children come down to the water, stay and leave.",
        conditions: "evening;low contrast;noise",
        framesPerSecond: 12,
        seconds: 32,
        codec: .h265,
        quality: 29,
        seed: 501
    ) { size in
        var scene = Places.riverBank(size, seed: 501)
        scene.lighting.tint = Colour(0.94, 0.98, 1.1, 0)
        scene.lighting.ambient = .constant(0.62)
        scene.sensor = SensorLook(noise: 1.8)
        let boy = PersonLook(jacket: .rgb(196, 188, 96), trousers: .rgb(52, 60, 88), height: 1.32)
        let girl = PersonLook(jacket: .rgb(206, 190, 196), trousers: .rgb(96, 66, 96), height: 1.4)
        scene.actors += [
            .person(
                boy,
                ActorPath(
                    .init(2, -8.6, 13.5),
                    .init(9, 0.5, 14.6),
                    .init(20, 0.5, 14.6),
                    .init(28.5, -9.4, 15.5)
                )
            ),
            .person(
                girl,
                ActorPath(
                    .init(2.5, -9, 14.8),
                    .init(10, -0.2, 15.8),
                    .init(21, -0.2, 15.8),
                    .init(29.5, -9.8, 16.5)
                )
            ),
        ]
        scene.caption = CaptionLook(name: "ZJ-04 RIVER", clock: 18 * 3600 + 21 * 60 + 12)
        let shore = SceneRule.intrusion("shore", (-1, 11), (1.3, 11), (3.6, 28), (1.2, 28)).onGround(scene.camera)
        return Stage(scene: scene, rules: [shore])
    }

    static let fireLaneLeft = SceneSpec(
        name: "fire-lane-left",
        description:
            "A hatched fire lane between houses. A van drives in, stands on the hatching and drives out again.",
        conditions: "day;stopped vehicle leaves again",
        seconds: 36,
        quality: 28,
        seed: 502
    ) { size in
        var scene = Places.fireLane(size, seed: 502)
        scene.sensor.noise = 1.8
        scene.actors += [
            .vehicle(
                .van(.rgb(206, 206, 200)),
                ActorPath(
                    .init(3, 0.4, 70),
                    .init(7, 0.4, 30),
                    .init(10, 0.3, 16.6, .braking),
                    .init(26, 0.3, 16.6),
                    .init(29, 0.2, 9, .starting),
                    .init(31, 0.2, -4)
                )
            )
        ]
        scene.caption = CaptionLook(name: "YM-08 FIRE LANE", clock: 9 * 3600 + 33 * 60 + 15)
        let corners: [(Double, Double)] = [(-2.3, 11.5), (2.3, 11.5), (2.3, 22), (-2.3, 22)]
        let blocked = SceneRule.stationary("blocked", 8, corners[0], corners[1], corners[2], corners[3])
        return Stage(scene: scene, rules: [blocked.onGround(scene.camera)])
    }

    static let bagsCleared = SceneSpec(
        name: "bags-cleared",
        description: """
            A back alley. A man drops two rubbish bags by the wall and leaves; later a street cleaner \
            takes them away.
            """,
        conditions: "day;small objects left behind and taken away",
        seconds: 42,
        quality: 29,
        seed: 503
    ) { size in
        var scene = Places.alley(size, seed: 503)
        scene.sensor.noise = 1.7
        let (x, z): (Float, Float) = (-1.7, 14)
        var dumper = PersonLook.passerby(0)
        dumper.carries = .rgb(40, 42, 46)
        dumper.carriesUntil = 9.9
        let cleaner = PersonLook(jacket: .rgb(232, 116, 40), trousers: .rgb(60, 66, 80), height: 1.7)
        scene.actors += [
            .person(
                dumper,
                ActorPath(
                    .init(2.5, 6, 27),
                    .init(4.5, 3, 23),
                    .init(9, x - 0.5, z + 0.2),
                    .init(10.4, x - 0.5, z + 0.2),
                    .init(14.5, 2.6, 23.5),
                    .init(16.5, 6, 27)
                )
            ),
            Actor(
                figure: .bags(BagLook(count: 2, radius: 0.36)),
                path: ActorPath(.init(9.9, x, z), .init(31, x, z)),
                role: .object
            ),
            .person(
                cleaner,
                ActorPath(
                    .init(24, 6, 27),
                    .init(26, 3, 23),
                    .init(30, x + 0.7, z + 0.1),
                    .init(32, x + 0.7, z + 0.1),
                    .init(36.5, 2.6, 23.5),
                    .init(39, 6, 27)
                )
            ),
        ]
        scene.caption = CaptionLook(name: "YC-06 ALLEY", clock: 14 * 3600 + 20 * 60 + 2)
        let bags = SceneRule.stationary("bags", 6, (-3.8, 11.5), (0.6, 11.5), (0.6, 18), (-3.8, 18))
        return Stage(scene: scene, rules: [bags.onGround(scene.camera)])
    }
}
