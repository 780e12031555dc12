internal import Flow

extension SampleStreams {
    /// Clips on squares and at gates.
    static let plazaClips: [SceneSpec] = [plazaCrowd, gateLine, coveredLens, quietCaption]

    private static let plazaCrowd = SceneSpec(
        name: "plaza-crowd",
        description: """
            A square where a few people pass. From about 10 s on a group of fourteen gathers in the middle; it \
            breaks up after 26 s.
            """,
        conditions: "day;crowd;shadows",
        seconds: 38,
        quality: 27,
        seed: 301
    ) { size in
        var scene = Places.plaza(size, seed: 301)
        var random = SplitMix64(seed: 0x301)
        for number in 0..<14 {
            let turn = Float(number) / 14
            let spread = random.number(0.6, 3.2)
            let (x, z) = (1.5 + spread * SceneMath.cosine(turn), 25 + 1.3 * spread * SceneMath.sine(turn))
            let comesFrom: Float = number % 2 == 0 ? -15 : 16
            let arrives = random.number(9.5, 14.5)
            let leaves = random.number(25, 28.5)
            scene.actors.append(
                .person(
                    .passerby(number),
                    ActorPath(
                        .init(arrives - 9, comesFrom, z + random.number(-3, 6)),
                        .init(arrives, x, z),
                        .init(leaves, x, z),
                        .init(leaves + 8, -comesFrom, z + random.number(-2, 7))
                    )
                )
            )
        }
        scene.actors += [
            .person(.passerby(2), ActorPath(.init(0, -10, 20), .init(12, 12, 38))),
            .person(.passerby(6), ActorPath(.init(1, 14, 29), .init(14, -13, 25))),
        ]
        scene.caption = CaptionLook(name: "YC-01 PLAZA", clock: 17 * 3600 + 2 * 60 + 20)
        let middle = SceneRule.crowd("middle", 8, (-5, 19), (8, 19), (8.5, 32), (-5.5, 32)).onGround(scene.camera)
        return Stage(scene: scene, rules: [middle])
    }

    private static let gateLine = SceneSpec(
        name: "gate-line",
        description: """
            The lane before a school gate with a line across it. Three people and a cyclist cross it to the \
            right, two people to the left; only those to the right count.
            """,
        conditions: "day;both directions",
        seconds: 34,
        quality: 27,
        seed: 302
    ) { size in
        var scene = Places.gate(size, seed: 302)
        func walk(_ number: Int, _ start: Float, from: Float, to: Float, z: Float, speed: Float = 1.5) -> Actor {
            let path = ActorPath(.init(start, from, z), .init(start + abs(to - from) / speed, to, z))
            return .person(.passerby(number), path)
        }
        scene.actors += [
            walk(0, 3, from: -11, to: 11, z: 14),
            walk(1, 7, from: 12, to: -12, z: 16.5),
            Actor(figure: .cyclist(.passerby(3)), path: ActorPath(.init(15, -13, 13.4), .init(20.5, 13, 13.4))),
            walk(4, 14.5, from: 11, to: -11, z: 12.6),
            walk(5, 18, from: -11, to: 11, z: 15.6),
            walk(7, 21.2, from: -11, to: 11, z: 13.6, speed: 1.7),
        ]
        scene.caption = CaptionLook(name: "FX-03 GATE", clock: 7 * 3600 + 31 * 60 + 5)
        let line = SceneRule.line("in", .right, from: (0, 11), to: (0, 19)).onGround(scene.camera)
        return Stage(scene: scene, rules: [line])
    }

    private static let coveredLens = SceneSpec(
        name: "covered-lens",
        description: "A gate in daylight. Someone pulls a dark cloth over the lens, and takes it off 11 s later.",
        conditions: "day;tamper;cover",
        seconds: 28,
        seed: 303
    ) { size in
        var scene = Places.gate(size, seed: 303)
        scene.weather.cover = Curve((10.5, 0), (11.4, 0.6), (11.8, 0.85), (12.3, 1), (22, 1), (22.8, 0))
        scene.sensor = SensorLook(noise: 1.6, gain: Curve((11.5, 1), (13.5, 2.4), (22.2, 2.4), (23.5, 1)))
        scene.lighting.exposure = Curve((22.4, 1), (22.8, 1.35), (24, 1))
        scene.actors.append(
            .person(.passerby(6), ActorPath(.init(3, -9, 17), .init(9.5, 9, 17)))
        )
        scene.caption = CaptionLook(name: "FX-04 GATE", clock: 11 * 3600 + 46 * 60 + 52)
        return Stage(scene: scene, rules: [.tamper])
    }

    private static let quietCaption = SceneSpec(
        name: "quiet-caption",
        description: """
            An empty square at a very low bit rate: the clock runs, each keyframe changes the picture's texture, \
            the exposure flickers slightly.
            """,
        conditions: "day;running clock;keyframe pumping;flicker",
        width: 480,
        height: 270,
        framesPerSecond: 15,
        seconds: 30,
        codec: .h265,
        quality: 36,
        seed: 304
    ) { size in
        var scene = Places.plaza(size, seed: 304)
        scene.sensor = SensorLook(noise: 2.6, flicker: 0.025)
        scene.caption = CaptionLook(name: "YC-02 PLAZA", clock: 12 * 3600 + 59 * 60 + 51)
        let middle = SceneRule.quiet("middle", (-5, 19), (8, 19), (8.5, 32), (-5.5, 32)).onGround(scene.camera)
        return Stage(scene: scene, rules: [middle, .quietView])
    }
}
