/// The textures of the scenes: colours from world places in metres.
///
/// All are built from one noise; none is a picture of a real place.
struct Materials {
    let noise: ValueNoise

    init(seed: UInt64) {
        noise = ValueNoise(seed: seed)
    }

    /// Worn asphalt with patches, stains and fine grain.
    func asphalt(_ x: Float, _ z: Float, base: Float = 92) -> Colour {
        let patches = noise.fractal(x * 0.22, z * 0.22, octaves: 4) - 0.5
        let grain = noise.value(x * 19, z * 19) - 0.5
        let crackLine = abs(noise.fractal(x * 0.6 + 40, z * 0.6, octaves: 4) - 0.5)
        let isCracked = crackLine < 0.006 && noise.value(x * 0.3, z * 0.3 + 20) > 0.55
        let crack: Float = isCracked ? -16 : 0
        let level = base + patches * 34 + grain * 12 + crack
        return .rgb(level, level + 1, level + 3)
    }

    /// Square paving slabs of `slab` metres with darker joints.
    func paving(_ x: Float, _ z: Float, slab: Float, colour: Colour = .rgb(146, 140, 132)) -> Colour {
        let column = (x / slab).rounded(.down)
        let row = (z / slab).rounded(.down)
        let joint = min(
            SceneMath.wrap(x, slab),
            min(SceneMath.wrap(z, slab), min(slab - SceneMath.wrap(x, slab), slab - SceneMath.wrap(z, slab)))
        )
        let tone = (noise.value(column * 3.7 + 0.5, row * 5.3 + 0.5) - 0.5) * 26
        let dirt = (noise.fractal(x * 0.4, z * 0.4, octaves: 4) - 0.5) * 42
        let grain = (noise.value(x * 23, z * 23) - 0.5) * 10
        let seam: Float = joint < 0.035 ? -26 : 0
        return colour + .grey(tone + dirt + grain + seam)
    }

    /// Grass with blades, tufts and yellow patches.
    func grass(_ x: Float, _ z: Float) -> Colour {
        let tufts = noise.fractal(x * 0.9, z * 0.9, octaves: 4)
        let blades = noise.value(x * 14, z * 6) - 0.5 + (noise.value(x * 31, z * 27) - 0.5) * 0.7
        let dry = SceneMath.smoothStep(0.5, 0.75, noise.fractal(x * 0.15 + 9, z * 0.15, octaves: 3))
        let green = Colour.rgb(78, 104, 52) * (0.62 + 0.7 * tufts)
        return green.mixed(.rgb(138, 130, 82), dry * 0.6) + .grey(blades * 26)
    }

    /// Trodden earth with pebbles; `wet` makes it darker, 0…1.
    func earth(_ x: Float, _ z: Float, wet: Float = 0) -> Colour {
        let lumps = noise.fractal(x * 0.8, z * 0.8, octaves: 5) - 0.5
        let pebble: Float = noise.value(x * 7, z * 7) > 0.86 ? 24 : 0
        let dry = Colour.rgb(142, 124, 98) + .grey(lumps * 64 + pebble)
        return dry * (1 - 0.45 * wet)
    }

    /// Poured concrete: stains that run down, formwork seams every 1.2 m.
    func concrete(_ along: Float, _ height: Float, colour: Colour = .rgb(150, 148, 142)) -> Colour {
        let stains = noise.fractal(along * 1.4, height * 0.25, octaves: 4) - 0.5
        let grain = noise.value(along * 17, height * 17) - 0.5
        let seam: Float = SceneMath.wrap(along, 1.2) < 0.03 || SceneMath.wrap(height, 1.2) < 0.03 ? -14 : 0
        return colour + .grey(stains * 44 + grain * 8 + seam)
    }

    /// Courses of brick with mortar.
    func brick(_ along: Float, _ height: Float) -> Colour {
        let row = (height / 0.075).rounded(.down)
        let shift: Float = Int(row) % 2 == 0 ? 0 : 0.12
        let column = ((along + shift) / 0.24).rounded(.down)
        let inMortar = SceneMath.wrap(along + shift, 0.24) < 0.014 || SceneMath.wrap(height, 0.075) < 0.012
        let tone = noise.value(column * 7.1 + 0.5, row * 3.3 + 0.5) - 0.5
        let dirt = noise.fractal(along * 0.5, height * 0.5, octaves: 4) - 0.5
        let clay = Colour.rgb(132, 84, 68) + .grey(tone * 40 + dirt * 44)
        return inMortar ? .rgb(150, 142, 132) + .grey(dirt * 30) : clay
    }

    /// A tiled or plastered house front with a grid of windows, and shutters on the ground floor.
    func facade(_ along: Float, _ height: Float, wall: Colour, storey: Float = 3.1, bay: Float = 2.6) -> Colour {
        let floor = (height / storey).rounded(.down)
        let column = (along / bay).rounded(.down)
        let inBay = SceneMath.wrap(along, bay)
        let inFloor = SceneMath.wrap(height, storey)
        let dirt = (noise.fractal(along * 0.5, height * 0.2, octaves: 4) - 0.5) * 34
        let grain = (noise.value(along * 15, height * 15) - 0.5) * 8
        if floor < 1 {
            let isShutter = inBay > 0.2 && inBay < bay - 0.2 && height < 2.5 && height > 0.12
            guard isShutter else { return wall * 0.86 + .grey(dirt + grain) }
            let slat: Float = SceneMath.wrap(height, 0.16) < 0.04 ? -24 : 0
            let tone = noise.value(column * 5.7, 3.3) * 40
            return .rgb(104 + tone, 110 + tone, 118 + tone * 0.8) + .grey(slat + dirt * 0.6)
        }
        let isGlass = inBay > 0.55 && inBay < bay - 0.55 && inFloor > 0.9 && inFloor < 2.4
        if isGlass {
            let curtain = noise.value(column * 9.1, floor * 4.7)
            let frame = abs(inBay - bay / 2) < 0.04
            if frame { return .grey(170) }
            return curtain > 0.62 ? .rgb(120, 116, 108) + .grey(grain * 2) : .rgb(58, 68, 78) + .grey(dirt * 0.5)
        }
        let sill: Float = inFloor > 0.8 && inFloor < 0.9 ? -22 : 0
        return wall + .grey(dirt + grain + sill)
    }

    /// Still water before the ripples of `WaterSurface` are added: dark near, sky far, with the far bank mirrored.
    func water(_ x: Float, _ z: Float, farShore: Float) -> Colour {
        let share = SceneMath.clamp(z / farShore)
        let near = Colour.rgb(72, 86, 76)
        let mirrored = Colour.rgb(96, 112, 100) + .grey((noise.fractal(x * 0.12, 7, octaves: 3) - 0.5) * 40)
        let streak = (noise.fractal(x * 0.06, z * 0.5, octaves: 3) - 0.5) * 22
        return near.mixed(mirrored, share) + .grey(streak)
    }

    /// A far hedge or wood: dark clumps.
    func wood(_ along: Float, _ height: Float) -> Colour {
        let clumps = noise.fractal(along * 0.45, height * 0.6, octaves: 5)
        let leaves = noise.fractal(along * 4.3, height * 4.7, octaves: 2)
        return Colour.rgb(56, 78, 46) * (0.1 + 1.1 * clumps + 0.7 * leaves)
    }

    /// Whether a place lies on a painted line that runs along z: `width` metres wide at `x`, dashes of
    /// `dash` metres, or solid.
    static func isOnLine(_ place: WorldPoint, x: Float, width: Float = 0.15, dash: Float = 0) -> Bool {
        guard abs(place.x - x) < width / 2 else { return false }
        return dash == 0 || SceneMath.wrap(place.z, dash * 2.5) < dash
    }
}
