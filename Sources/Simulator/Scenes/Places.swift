/// The places that clips are set in: a camera, a background, and what stands there.
enum Places {
    /// A river to the right, a muddy shore, grass and a path to the left, a wood on the far bank.
    static func riverBank(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.85, horizon: 0.1, elevation: 5.2)
        // The real edge: the mean shore line with small bays.
        let bay: (Float) -> Float = { depth in
            riverShore(depth) + (materials.noise.fractal(depth * 0.5, 3, octaves: 3) - 0.5) * 0.9
        }
        let ground = Surface(plane: .ground) { place in
            let inland = bay(place.z) - place.x
            if inland < 0 { return materials.water(place.x, place.z, farShore: 90) }
            if inland < 2.6 {
                let mud = materials.earth(place.x, place.z, wet: SceneMath.smoothStep(1.6, 0.1, inland))
                return mud.mixed(materials.grass(place.x, place.z), SceneMath.smoothStep(1.7, 2.6, inland))
            }
            let onPath = abs(inland - 6.2) < 0.9
            return onPath ? materials.paving(place.x, place.z, slab: 0.9) : materials.grass(place.x, place.z)
        }
        let farBank = Surface(plane: .facing(depth: 95), extent: -300...300, heights: 0...9) { place in
            materials.wood(place.x, place.y * 1.2)
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, farBank]))
        scene.water = WaterLook(covers: { $0.x > bay($0.z) + 0.02 })
        scene.actors = [8, 11.5, 16, 22, 30].map { depth in
            .post(
                PostLook(height: 1.1, radius: 0.05, colour: .rgb(168, 160, 140)),
                x: riverShore(depth) - 4.4,
                z: depth
            )
        }
        scene.actors.append(
            .post(PostLook(height: 2.4, radius: 0.05, colour: .rgb(120, 126, 132)), x: riverShore(19) - 3.4, z: 19)
        )
        return scene
    }

    /// The x of the river's edge at a depth, without its small bays.
    static func riverShore(_ depth: Float) -> Float {
        0.9 + 0.13 * (depth - 10)
    }

    /// A lane between two rows of houses with a hatched fire lane in the middle.
    static func fireLane(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.82, horizon: 0.12, elevation: 4.6)
        let ground = Surface(plane: .ground) { place in
            if abs(place.x) > 3.3 { return materials.paving(place.x, place.z, slab: 0.5) }
            let floor = materials.asphalt(place.x, place.z, base: 104)
            let isInside = abs(place.x) < 2.3 && place.z > 11.5 && place.z < 22
            let isFrame = isInside && !(abs(place.x) < 2.15 && place.z > 11.65 && place.z < 21.85)
            let isHatch = isInside && SceneMath.wrap(place.x + place.z, 1.5) < 0.17
            guard isFrame || isHatch else { return floor }
            let worn = 0.35 + 0.5 * materials.noise.fractal(place.x * 2, place.z * 2, octaves: 3)
            return floor.mixed(.rgb(206, 172, 62), worn)
        }
        let left = Surface(plane: .side(x: -4.6), extent: 3...60, heights: 0...14) { place in
            materials.facade(place.z, place.y, wall: .rgb(168, 158, 142))
        }
        let right = Surface(plane: .side(x: 4.9), extent: 3...60, heights: 0...14) { place in
            materials.facade(place.z + 1.1, place.y, wall: .rgb(148, 136, 128)) * 0.82
        }
        let far = Surface(plane: .facing(depth: 60), extent: -40...40, heights: 0...12) { place in
            materials.facade(place.x, place.y, wall: .rgb(158, 156, 150))
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, left, right, far]))
        scene.sun = Sun(x: 0.16, z: 0.1, depth: 0.4, softness: 7)
        scene.actors = [
            .post(PostLook(height: 5, radius: 0.07), x: 3.8, z: 25),
            .post(PostLook(height: 5, radius: 0.07), x: 3.8, z: 40),
        ]
        return scene
    }

    /// A yard behind a low building: concrete, puddles, a hedge and a gate.
    static func yard(_ size: FrameSize, seed: UInt64, isWet: Bool = false) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.78, horizon: 0.06, elevation: 4.8)
        let ground = Surface(plane: .ground) { place in
            if place.z > 27 { return materials.grass(place.x, place.z) }
            let floor = materials.concrete(place.x * 0.5, place.z * 0.5, colour: .rgb(138, 136, 130))
            guard isWet else { return floor }
            let puddle = SceneMath.smoothStep(
                0.55,
                0.62,
                materials.noise.fractal(place.x * 0.3, place.z * 0.3, octaves: 3)
            )
            return (floor * 0.72).mixed(.rgb(128, 138, 146), puddle * 0.55)
        }
        let house = Surface(plane: .facing(depth: 30), extent: -40...6, heights: 0...7.5) { place in
            materials.facade(place.x, place.y, wall: .rgb(172, 164, 148), storey: 3.4, bay: 3)
        }
        let wall = Surface(plane: .facing(depth: 34), extent: 6...60, heights: 0...2.6) { place in
            materials.brick(place.x, place.y)
        }
        let side = Surface(plane: .side(x: -11), extent: 8...30, heights: 0...3) { place in
            materials.brick(place.z, place.y)
        }
        let trees = Surface(plane: .facing(depth: 55), extent: -200...200, heights: 0...7) { place in
            materials.wood(place.x, place.y)
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, house, wall, side, trees]))
        scene.sun = Sun(x: 0.5, z: 0.25, depth: 0.35, softness: 4)
        scene.actors = [
            .parked(.car(.rgb(74, 82, 96)), x: -7, z: 24, headingX: 0.96, headingZ: 0.28),
            .parked(.van(.rgb(186, 188, 186)), x: 8, z: 26, headingX: -0.98, headingZ: 0.2),
            .post(PostLook(height: 6, radius: 0.09), x: 5, z: 21),
        ]
        return scene
    }
}
