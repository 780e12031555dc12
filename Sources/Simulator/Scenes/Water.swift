/// Moving water: ripples that run with the wind and glints of the sky in them.
struct WaterLook {
    /// Tells of a point of the ground whether water covers it.
    let covers: (WorldPoint) -> Bool
    /// Height of the ripples in levels of brightness.
    var ripple: Float = 13
    /// Brightness of the glints, 0 for none.
    var glitter: Float = 90
    /// Speed of the ripples; 1 is a light breeze.
    var speed: Float = 1
}

/// The water's pixels of one camera, found once.
struct WaterSurface {
    private struct Spot {
        let index: Int
        let x: Float
        let z: Float
        let strength: Float
    }

    private let look: WaterLook
    private let spots: [Spot]

    init(_ look: WaterLook, backdrop: Backdrop, camera: SceneCamera) {
        self.look = look
        var spots: [Spot] = []
        for row in 0..<camera.height {
            for column in 0..<camera.width {
                let place = backdrop.place(x: Float(column) + 0.5, y: Float(row) + 0.5, camera: camera)
                guard let place, place.y < 0.01, look.covers(place) else { continue }
                // Far ripples are finer than a pixel and average out.
                let strength = 1 / (1 + place.z / 60)
                spots.append(Spot(index: row * camera.width + column, x: place.x, z: place.z, strength: strength))
            }
        }
        self.spots = spots
    }

    /// Adds the ripples at a time in seconds.
    func paint(on canvas: Canvas, time: Float) {
        let drift = time * look.speed
        for spot in spots {
            let first = SceneMath.sine(spot.x * 0.21 + spot.z * 0.13 - drift * 0.42)
            let second = SceneMath.sine(spot.x * -0.33 + spot.z * 0.47 - drift * 0.67 + first * 0.11)
            let third = SceneMath.sine(spot.x * 0.71 + spot.z * 0.93 - drift * 1.13 + second * 0.17)
            let wave = first * 0.4 + second * 0.35 + third * 0.25
            let crest = max(second * third * first - 0.45, 0) * look.glitter
            let level = (wave * look.ripple + crest) * spot.strength
            canvas.pixels[spot.index] += Colour.rgb(level, level, level * 1.04)
        }
    }
}
