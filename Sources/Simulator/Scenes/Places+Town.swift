extension Places {
    /// A road across the picture with pavements, seen from a pole on the near side.
    static func road(_ size: FrameSize, seed: UInt64, focal: Float = 0.8) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: focal, horizon: 0.04, elevation: 8)
        let ground = Surface(plane: .ground) { place in
            let (x, z) = (place.x, place.z)
            if z < 12.4 { return materials.grass(x, z) }
            if z < 16 || (z > 24.4 && z < 28) {
                let isKerb = z > 15.8 || z < 24.6 && z > 24
                return isKerb ? .rgb(150, 148, 142) : materials.paving(x, z, slab: 0.6)
            }
            if z >= 28 { return materials.paving(x, z, slab: 1, colour: .rgb(132, 128, 122)) }
            let floor = materials.asphalt(x, z)
            let isMiddle = abs(z - 20.2) < 0.09 && SceneMath.wrap(x, 6) < 3
            let isEdge = abs(z - 16.4) < 0.08 || abs(z - 24) < 0.08
            return isMiddle || isEdge ? floor.mixed(.grey(202), 0.75) : floor
        }
        let houses = Surface(plane: .facing(depth: 32), extent: -80...80, heights: 0...16) { place in
            let block = (place.x / 13).rounded(.down)
            let tone = materials.noise.value(block * 4.7, 2.5) * 46
            return materials.facade(place.x, place.y, wall: .rgb(140 + tone, 136 + tone * 0.9, 124 + tone * 0.8))
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, houses]))
        scene.sun = Sun(x: 0.55, z: 0.45, depth: 0.4)
        scene.actors = [-15, -4, 7, 18].map { x in
            .post(PostLook(height: 6.5, radius: 0.08), x: x, z: 25.2)
        }
        return scene
    }

    /// A back alley between brick walls with a gate at its end.
    static func alley(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.8, horizon: 0.08, elevation: 4)
        let ground = Surface(plane: .ground) { place in
            let gutter = abs(place.x + 2.6) < 0.12
            let floor = materials.concrete(place.x * 0.6, place.z * 0.6, colour: .rgb(128, 124, 116))
            return gutter ? floor * 0.6 : floor + .grey((materials.noise.value(place.x * 9, place.z * 9) - 0.5) * 16)
        }
        let left = Surface(plane: .side(x: -4.2), extent: 3...40, heights: 0...9) { place in
            place.y < 0.5 ? materials.concrete(place.z, place.y) * 0.8 : materials.brick(place.z, place.y)
        }
        let right = Surface(plane: .side(x: 4.8), extent: 3...22, heights: 0...3.2) { place in
            materials.concrete(place.z, place.y, colour: .rgb(166, 160, 146))
        }
        let behind = Surface(plane: .side(x: 7), extent: 20...60, heights: 0...9) { place in
            materials.facade(place.z, place.y, wall: .rgb(150, 140, 128))
        }
        let end = Surface(plane: .facing(depth: 40), extent: -30...30, heights: 0...8) { place in
            materials.facade(place.x, place.y, wall: .rgb(160, 152, 140))
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, left, right, behind, end]))
        scene.sun = Sun(x: 0.3, z: 0.12, depth: 0.36, softness: 5)
        scene.actors = [.post(PostLook(height: 5, radius: 0.08), x: -3.7, z: 20)]
        return scene
    }

    /// A paved square with a flower bed, seen from high up.
    static func plaza(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.95, horizon: -0.12, elevation: 10)
        let ground = Surface(plane: .ground) { place in
            let (x, z) = (place.x, place.z)
            if z > 44 { return materials.asphalt(x, z) }
            let fromBed = ((x + 9) * (x + 9) + (z - 33) * (z - 33)).squareRoot()
            if fromBed < 4.2 {
                return fromBed > 3.9 ? .rgb(158, 152, 144) : materials.grass(x * 1.6, z * 1.6) + .rgb(14, 0, -6)
            }
            let isBand = abs(SceneMath.wrap(x + 40, 6) - 3) < 0.4 || abs(SceneMath.wrap(z, 6) - 3) < 0.4
            let slab: Colour = isBand ? .rgb(122, 108, 100) : .rgb(156, 150, 142)
            return materials.paving(x, z, slab: 0.75, colour: slab)
        }
        let hall = Surface(plane: .facing(depth: 52), extent: -80...80, heights: 0...14) { place in
            materials.facade(place.x, place.y, wall: .rgb(168, 160, 150), storey: 4, bay: 4)
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, hall]))
        scene.sun = Sun(x: -0.5, z: 0.3, depth: 0.4)
        scene.actors = [
            .post(PostLook(height: 5.5, radius: 0.08), x: 11, z: 31),
            .post(PostLook(height: 5.5, radius: 0.08), x: -12, z: 41),
        ]
        return scene
    }

    /// The open gate of a school: a wall with a passage, a lane across the picture in front.
    static func gate(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.82, horizon: 0.05, elevation: 5)
        let ground = Surface(plane: .ground) { place in
            if place.z > 20 { return materials.paving(place.x, place.z, slab: 0.8) }
            if place.z < 10.4 { return materials.paving(place.x, place.z, slab: 0.5, colour: .rgb(138, 128, 118)) }
            let floor = materials.asphalt(place.x, place.z, base: 98)
            let isEdge = abs(place.z - 10.6) < 0.07 || abs(place.z - 19.7) < 0.08
            return isEdge ? floor.mixed(.rgb(206, 204, 196), 0.7) : floor
        }
        let wall: (WorldPoint) -> Colour = { place in
            place.y > 2.3 ? .rgb(148, 96, 70) : materials.brick(place.x, place.y)
        }
        let leftWall = Surface(plane: .facing(depth: 22), extent: -60 ... -3.4, heights: 0...2.5, material: wall)
        let rightWall = Surface(plane: .facing(depth: 22), extent: 3.4...60, heights: 0...2.5, material: wall)
        let school = Surface(plane: .facing(depth: 44), extent: -60...60, heights: 0...15) { place in
            materials.facade(place.x, place.y, wall: .rgb(186, 176, 154), storey: 3.6, bay: 3.4)
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, leftWall, rightWall, school]))
        scene.sun = Sun(x: 0.35, z: 0.3, depth: 0.4)
        scene.actors = [
            .post(PostLook(height: 3, radius: 0.3, colour: .rgb(160, 108, 82)), x: -3.4, z: 22),
            .post(PostLook(height: 3, radius: 0.3, colour: .rgb(160, 108, 82)), x: 3.4, z: 22),
        ]
        return scene
    }

    /// A car park with marked bays and some parked cars.
    static func carPark(_ size: FrameSize, seed: UInt64) -> Scene {
        let materials = Materials(seed: seed)
        let camera = SceneCamera(size, focal: 0.82, horizon: 0.02, elevation: 6.4)
        let ground = Surface(plane: .ground) { place in
            if place.z > 33 { return materials.grass(place.x, place.z) }
            let floor = materials.asphalt(place.x, place.z, base: 88)
            let inBays = place.z > 25 && place.z < 30.4
            let isLine = inBays && abs(SceneMath.wrap(place.x + 50, 2.7) - 1.35) < 0.06 || abs(place.z - 30.4) < 0.06
            return isLine ? floor.mixed(.grey(206), 0.7) : floor
        }
        let fence = Surface(plane: .facing(depth: 36), extent: -90...90, heights: 0...1.8) { place in
            SceneMath.wrap(place.x, 0.3) < 0.08 || place.y > 1.65 ? .rgb(92, 98, 100) : materials.wood(place.x, place.y)
        }
        let trees = Surface(plane: .facing(depth: 60), extent: -150...150, heights: 0...10) { place in
            materials.wood(place.x, place.y)
        }
        var scene = Scene(camera: camera, backdrop: Backdrop(surfaces: [ground, fence, trees]))
        scene.sun = Sun(x: 0.6, z: 0.2, depth: 0.42)
        let paints: [Colour] = [
            .rgb(150, 34, 32), .rgb(190, 192, 194), .rgb(40, 44, 52), .rgb(66, 88, 126), .rgb(224, 222, 214),
        ]
        scene.actors = [-10.8, -8.1, -2.7, 8.1, 10.8].enumerated().map { index, x in
            .parked(.car(paints[index]), x: x, z: 27.8, headingX: 0.04, headingZ: index % 2 == 0 ? -0.99 : 0.99)
        }
        scene.actors.append(.post(PostLook(height: 7, radius: 0.09), x: 4, z: 31.4))
        return scene
    }
}
