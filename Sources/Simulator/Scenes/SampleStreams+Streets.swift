extension SampleStreams {
    /// Clips in lanes and streets.
    static let streetClips: [SceneSpec] = [fireLane, stoppedCar, dumpedBags, quietHeadlights]

    private static let fireLane = SceneSpec(
        name: "fire-lane",
        description: """
            A hatched fire lane between houses. A woman walks past beside it; then a van drives in, stops on the \
            hatching and stays.
            """,
        conditions: "day;stopped vehicle stays to the end",
        seconds: 40,
        quality: 25,
        seed: 201
    ) { size in
        var scene = Places.fireLane(size, seed: 201)
        scene.sensor.noise = 2.2
        scene.actors += [
            .person(.passerby(1), ActorPath(.init(3, -3.9, 8.5), .init(20, -3.9, 30))),
            .vehicle(
                .van(.rgb(206, 206, 200)),
                ActorPath(
                    .init(11, 0.4, 58),
                    .init(15.5, 0.4, 27),
                    .init(18.5, 0.3, 16.6, .braking),
                    .init(60, 0.3, 16.6)
                )
            ),
        ]
        scene.caption = CaptionLook(name: "YM-07 FIRE LANE", clock: 9 * 3600 + 3 * 60 + 15)
        let lane: (SceneRule) -> SceneRule = { $0.onGround(scene.camera) }
        return Stage(
            scene: scene,
            rules: [
                lane(.stationary("blocked", 8, (-2.3, 11.5), (2.3, 11.5), (2.3, 22), (-2.3, 22))),
                lane(.intrusion("lane", (-2.3, 11.5), (2.3, 11.5), (2.3, 22), (-2.3, 22))),
            ]
        )
    }

    private static let stoppedCar = SceneSpec(
        name: "stopped-car",
        description: """
            A road with traffic in both lanes. A blue car slows down, stops in the near lane for 17 s and drives \
            on; a man walks along the near pavement meanwhile.
            """,
        conditions: "day;traffic;stopped vehicle leaves again",
        width: 704,
        height: 576,
        seconds: 42,
        quality: 27,
        seed: 202
    ) { size in
        var scene = Places.road(size, seed: 202, focal: 1.02)
        scene.sensor.noise = 1.8
        func drive(_ look: VehicleLook, _ start: Float, lane: Float, speed: Float) -> Actor {
            let way: Float = lane > 20 ? -46 : 46
            return .vehicle(look, ActorPath(.init(start, -way / 2, lane), .init(start + 46 / speed, way / 2, lane)))
        }
        scene.actors += [
            drive(.car(.rgb(196, 196, 192)), 1, lane: 18.2, speed: 10),
            drive(.van(.rgb(198, 190, 172)), 4, lane: 22.4, speed: 9),
            .vehicle(
                .car(.rgb(48, 74, 128)),
                ActorPath(
                    .init(9, -26, 18.2),
                    .init(10.5, -13, 18.2),
                    .init(13.5, -1, 18.2, .braking),
                    .init(30.5, -1, 18.2),
                    .init(33.5, 11, 18.2, .starting),
                    .init(35, 23, 18.2)
                )
            ),
            drive(.car(.rgb(140, 30, 30)), 15, lane: 22.4, speed: 11),
            drive(.car(.rgb(36, 38, 44)), 24, lane: 22.4, speed: 10),
            drive(.car(.rgb(218, 216, 210)), 36, lane: 18.2, speed: 9),
            .person(.passerby(5), ActorPath(.init(17, -13, 14.2), .init(35, 13, 14.2))),
        ]
        scene.caption = CaptionLook(name: "FX-21 ROAD", clock: 8 * 3600 + 17 * 60 + 40)
        return Stage(
            scene: scene,
            rules: [
                .stationary("near-lane", 8, (-9, 16.6), (8, 16.6), (8, 19.9), (-9, 19.9)).onGround(scene.camera),
                .intrusion("pavement", (-4, 12.8), (5, 12.8), (5, 15.4), (-4, 15.4)).onGround(scene.camera),
            ]
        )
    }

    private static let dumpedBags = SceneSpec(
        name: "dumped-bags",
        description: """
            A back alley. A man comes round the corner with a rubbish bag, drops it by the wall and leaves; later \
            a woman drops two more.
            """,
        conditions: "day;small objects left behind",
        seconds: 40,
        quality: 25,
        seed: 203
    ) { size in
        var scene = Places.alley(size, seed: 203)
        scene.sensor.noise = 2
        func dumper(_ number: Int, bag: Colour, arrives: Float, x: Float, z: Float) -> Actor {
            var look = PersonLook.passerby(number)
            look.carries = bag
            look.carriesUntil = arrives + 0.9
            return .person(
                look,
                ActorPath(
                    .init(arrives - 6.5, 6, 27),
                    .init(arrives - 4.5, 3, 23),
                    .init(arrives, x - 0.5, z),
                    .init(arrives + 1.4, x - 0.5, z),
                    .init(arrives + 5.5, 2.6, 23.5),
                    .init(arrives + 7.5, 6, 27)
                )
            )
        }
        scene.actors += [
            dumper(0, bag: .rgb(40, 42, 46), arrives: 14, x: -1.7, z: 14.2),
            .bags(BagLook(count: 1, radius: 0.36), x: -1.7, z: 14, from: 14.9),
            dumper(3, bag: .rgb(188, 190, 196), arrives: 28, x: -1.2, z: 15.8),
            .bags(BagLook(count: 2, colour: .rgb(178, 182, 190), radius: 0.3), x: -1.1, z: 15.4, from: 28.9),
        ]
        scene.caption = CaptionLook(name: "YC-05 ALLEY", clock: 13 * 3600 + 50 * 60 + 2)
        let corners: (SceneRule) -> SceneRule = { $0.onGround(scene.camera) }
        return Stage(
            scene: scene,
            rules: [
                corners(.stationary("bags", 6, (-3.8, 11.5), (0.6, 11.5), (0.6, 18), (-3.8, 18))),
                corners(.intrusion("corner", (-3.8, 11.5), (0.6, 11.5), (0.6, 18), (-3.8, 18))),
            ]
        )
    }

    /// The path of a car that turns for 4 s while it drives on; directions in turns, 0 is to the right, 0.25 away.
    private static func turning(from start: Float, x: Float, z: Float, turns: (Float, Float)) -> ActorPath {
        var (x, z) = (x, z)
        let steps = 20
        return ActorPath(
            (0...steps).map { step in
                let share = Float(step) / Float(steps)
                let turn = turns.0 + (turns.1 - turns.0) * share
                defer {
                    x += 0.6 * SceneMath.cosine(turn)
                    z += 0.6 * SceneMath.sine(turn)
                }
                return ActorPath.Waypoint(start + 4 * share, x, z)
            }
        )
    }

    private static let quietHeadlights = SceneSpec(
        name: "quiet-headlights",
        description: """
            A pavement at night by a road: cars pass with headlights that sweep over the pavement, two of them \
            out of sight. Nobody walks there.
            """,
        conditions: "night;headlights;glare;noise",
        framesPerSecond: 15,
        seconds: 32,
        quality: 28,
        seed: 204
    ) { size in
        var scene = Places.road(size, seed: 204)
        scene.sun = nil
        scene.backdrop.sky = { _ in .rgb(60, 64, 80) }
        scene.lighting.tint = Colour(0.9, 0.95, 1.1, 0)
        scene.lighting.ambient = .constant(0.24)
        scene.lighting.lamps = [-4, 18].map { x in
            StreetLamp(place: WorldPoint(x, 5.5, 25), reach: 9, colour: Colour(0.44, 0.36, 0.22, 0))
        }
        // Two cars that turn out of yards behind the camera: only their light is seen.
        scene.lighting.beams = [
            Beam(path: turning(from: 12.5, x: -9, z: 1, turns: (0.24, -0.02)), level: 0.8),
            Beam(path: turning(from: 25.5, x: 10, z: 0, turns: (0.27, 0.52)), level: 0.6),
        ]
        scene.sensor = SensorLook(noise: 2.4, gain: .constant(1.4))
        func drive(_ colour: Colour, _ start: Float, lane: Float, speed: Float) -> Actor {
            let way: Float = lane > 20 ? -60 : 60
            let path = ActorPath(.init(start, -way / 2, lane), .init(start + 60 / speed, way / 2, lane))
            return .vehicle(.car(colour, lamps: 0.9), path)
        }
        scene.actors += [
            drive(.rgb(120, 120, 124), 4, lane: 18.2, speed: 11), drive(.rgb(90, 40, 40), 8, lane: 22.4, speed: 10),
            drive(.rgb(60, 70, 90), 18, lane: 18.2, speed: 10), drive(.rgb(150, 150, 150), 21, lane: 22.4, speed: 12),
        ]
        scene.caption = CaptionLook(name: "FX-22 ROAD", clock: 22 * 3600 + 5 * 60 + 11)
        let pavement = SceneRule.quiet("pavement", (-7, 12.6), (7, 12.6), (7, 15.2), (-7, 15.2)).onGround(scene.camera)
        return Stage(scene: scene, rules: [pavement])
    }
}
