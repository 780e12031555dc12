/// A lamp that lights what is near it.
struct StreetLamp {
    let place: WorldPoint
    /// Metres at which its light has fallen to a half.
    let reach: Float
    /// Light added where it is brightest, 1 a channel is daylight.
    let colour: Colour
    var level: Curve = .constant(1)
}

/// A pair of headlights that moves, on a vehicle or out of sight.
struct Beam {
    let path: ActorPath
    /// Light added where it is brightest, 1 is daylight.
    let level: Float
    /// Metres from the path's place to the lamps, along the heading.
    var offset: Float = 2.2
}

/// Shadows of clouds that drift over the ground.
struct CloudShadow {
    /// Share of the light that the darkest part takes, over time.
    let depth: Curve
    /// Metres from one edge of a cloud to the other.
    var size: Float = 26
    /// Metres a second to the right.
    var speed: Float = 4
}

/// All the light of a scene over time.
struct Lighting {
    /// Light of the sky: 1 is day.
    var ambient: Curve = .constant(1)
    /// Its colour, 1 a channel is white.
    var tint = Colour(1, 1, 1, 0)
    /// What the camera's exposure multiplies everything with.
    var exposure: Curve = .constant(1)
    var clouds: CloudShadow?
    var lamps: [StreetLamp] = []
    var beams: [Beam] = []
    /// Share of infrared mode: 0 is colour by what light there is, 1 is grey by the camera's own infrared lamp.
    var infrared: Curve = .constant(0)
    /// Metres that the infrared lamp reaches.
    var infraredReach: Float = 15
    /// Light of the infrared lamp where it is brightest.
    var infraredLevel: Float = 1.1
}

/// The light on the picture at one moment, worked out on every eighth pixel and blended between.
final class LightField {
    private static let cell = 8
    private let columns: Int
    private let rows: Int
    private let places: [WorldPoint]
    private let camera: SceneCamera
    private let lighting: Lighting
    private let noise: ValueNoise
    private var gains: [Colour]

    init(_ lighting: Lighting, backdrop: Backdrop, camera: SceneCamera, seed: UInt64) {
        self.lighting = lighting
        self.camera = camera
        noise = ValueNoise(seed: seed)
        columns = camera.width / LightField.cell + 2
        rows = camera.height / LightField.cell + 2
        var places: [WorldPoint] = []
        for row in 0..<rows {
            for column in 0..<columns {
                let x = Float(column * LightField.cell)
                let y = Float(row * LightField.cell)
                let far = camera.ray(x: x, y: y) * 300 + WorldPoint(0, camera.elevation, 0)
                places.append(backdrop.place(x: x, y: y, camera: camera) ?? far)
            }
        }
        self.places = places
        gains = [Colour](repeating: .zero, count: places.count)
    }

    /// Lights the canvas as at a time in seconds; `beams` are the headlights of the scene's vehicles.
    func apply(to canvas: Canvas, time: Float, beams: [(spot: Whereabouts, beam: Beam)]) {
        let exposure = lighting.exposure.value(at: time)
        let sky = lighting.tint * lighting.ambient.value(at: time)
        let infrared = lighting.infrared.value(at: time)
        let isEven = lighting.clouds == nil && lighting.lamps.isEmpty && beams.isEmpty && infrared == 0
        if isEven {
            let gain = sky * exposure
            guard gain != Colour(1, 1, 1, 0) else { return }
            for index in canvas.pixels.indices { canvas.pixels[index] *= gain }
            return
        }
        for index in gains.indices {
            let ambient = clouded(sky, at: places[index], time: time).mixed(infraredLight(at: index), infrared)
            gains[index] = (ambient + lampLight(at: places[index], time: time, beams: beams)) * exposure
        }
        multiply(canvas)
    }

    private func clouded(_ sky: Colour, at place: WorldPoint, time: Float) -> Colour {
        guard let clouds = lighting.clouds else { return sky }
        let x = (place.x - clouds.speed * time) / clouds.size
        let cover = SceneMath.smoothStep(0.38, 0.62, noise.fractal(x + 100, place.z / clouds.size, octaves: 3))
        return sky * (1 - cover * clouds.depth.value(at: time))
    }

    private func lampLight(
        at place: WorldPoint,
        time: Float,
        beams: [(spot: Whereabouts, beam: Beam)]
    ) -> Colour {
        var light = Colour.zero
        for lamp in lighting.lamps {
            let way = (place - lamp.place) / lamp.reach
            let square = way.x * way.x + way.y * way.y + way.z * way.z
            light += lamp.colour * (lamp.level.value(at: time) / (1 + square * square))
        }
        for (spot, beam) in beams {
            light += .grey(beam.level * LightField.beam(at: place, from: spot, offset: beam.offset))
        }
        return light
    }

    /// The share of a headlight that reaches a place: a fan of light along the heading.
    private static func beam(at place: WorldPoint, from spot: Whereabouts, offset: Float) -> Float {
        let way = place - spot.place - spot.heading * offset
        let along = way.x * spot.heading.x + way.z * spot.heading.z
        guard along > 0 else { return 0 }
        let across = way.x * -spot.heading.z + way.z * spot.heading.x
        let spread = across / (1.1 + 0.3 * along)
        let lift = max(way.y - 1.2 - 0.05 * along, 0) / (0.4 + 0.08 * along)
        let near = SceneMath.smoothStep(0, 2.5, along)
        let far = 1 / (1 + (along / 16) * (along / 16))
        let fan = 1 / ((1 + spread * spread) * (1 + spread * spread))
        return near * far * fan / (1 + lift * lift)
    }

    private func infraredLight(at index: Int) -> Colour {
        let x = Float(index % columns) / Float(columns) - 0.5
        let y = Float(index / columns) / Float(rows) - 0.5
        let depth = min(places[index].z, 80) / lighting.infraredReach
        let vignette = 1 - 1.1 * (x * x + y * y)
        return .grey(0.06 + lighting.infraredLevel * vignette / (1 + depth * depth))
    }

    private func multiply(_ canvas: Canvas) {
        let step = 1 / Float(LightField.cell)
        for row in 0..<canvas.height {
            let cellRow = row / LightField.cell
            let alongY = Float(row % LightField.cell) * step
            for cellColumn in 0...((canvas.width - 1) / LightField.cell) {
                let start = cellRow * columns + cellColumn
                let left = gains[start].mixed(gains[start + columns], alongY)
                let right = gains[start + 1].mixed(gains[start + columns + 1], alongY)
                let slope = (right - left) * step
                var gain = left
                let first = row * canvas.width + cellColumn * LightField.cell
                let count = min(LightField.cell, canvas.width - cellColumn * LightField.cell)
                for index in first..<(first + count) {
                    canvas.pixels[index] *= gain
                    gain += slope
                }
            }
        }
    }
}
