internal import Flow

/// Renders the frames of one scene in order and keeps the truth about them.
///
/// The same scene and seed give the same pixels. One thread only.
final class SceneRenderer {
    private let scene: Scene
    private let framesPerSecond: Float
    private let still: Canvas
    private let canvas: Canvas
    private let water: WaterSurface?
    private let foliage: [Foliage]
    private let light: LightField
    private let weather: WeatherPainter
    private let sensor: Sensor
    private let masks: [RegionMask]
    /// What is known about the frames rendered so far.
    private(set) var truth: SceneTruth
    private var frame = 0

    init(_ scene: Scene, rules: [SceneRule], framesPerSecond: Int, seed: UInt64) {
        let size = FrameSize(width: scene.camera.width, height: scene.camera.height)
        self.scene = scene
        self.framesPerSecond = Float(framesPerSecond)
        still = Canvas(size)
        canvas = Canvas(size)
        scene.backdrop.paint(on: still, camera: scene.camera)
        water = scene.water.map { WaterSurface($0, backdrop: scene.backdrop, camera: scene.camera) }
        foliage = scene.foliage.map { Foliage($0, size: size) }
        light = LightField(scene.lighting, backdrop: scene.backdrop, camera: scene.camera, seed: seed ^ 0x1167)
        weather = WeatherPainter(scene.weather, seed: seed ^ 0x3a11)
        sensor = Sensor(scene.sensor, seed: seed ^ 0x5e45)
        masks = rules.map { RegionMask($0.points, size: size) }
        truth = SceneTruth(rules: rules, size: size, framesPerSecond: framesPerSecond)
    }

    /// Renders the next frame, and notes what it shows in `truth`.
    func next() -> ScenePicture {
        let time = Float(frame) / framesPerSecond
        canvas.copy(still)
        water?.paint(on: canvas, time: time)
        let cast = scene.actors.enumerated().compactMap { index, actor in
            actor.path.whereabouts(at: time).map { Appearance(index: index, actor: actor, spot: $0) }
        }
        let sightings = paintActors(cast, time: time)
        for crown in foliage { crown.paint(on: canvas, time: time) }
        paintLight(cast, time: time)
        weather.paintRain(on: canvas, time: time, frame: frame)
        weather.paintSnow(on: canvas, time: time)
        weather.paintInsects(on: canvas, time: time)
        let covered = weather.paintCover(on: canvas, time: time)
        var picture = sensor.read(
            canvas,
            shift: weather.shake(at: time, width: canvas.width),
            infrared: scene.lighting.infrared.value(at: time) >= 0.5 ? 1 : 0,
            time: time,
            frame: frame
        )
        if let look = scene.caption { Caption(look).paint(on: &picture, time: time) }
        truth.add(FrameTruth(sightings: sightings, covered: covered))
        frame += 1
        return picture
    }

    /// An actor that is there now.
    private struct Appearance {
        let index: Int
        let actor: Actor
        let spot: Whereabouts
    }

    private func paintActors(_ cast: [Appearance], time: Float) -> [Sighting] {
        let brush = ActorBrush(canvas: canvas, camera: scene.camera)
        let farFirst = cast.sorted { ($0.spot.place.z, $0.index) > ($1.spot.place.z, $1.index) }
        var shadows: [Int: [Int]] = [:]
        if let sun = scene.sun {
            for one in farFirst {
                canvas.clearStencil()
                canvas.marksStencil = one.actor.role != .scenery
                brush.paintShadow(one.actor.figure, at: one.spot, sun: sun)
                shadows[one.index] = canvas.marksStencil ? countInside() : nil
            }
        }
        var sightings: [Sighting] = []
        for one in farFirst {
            canvas.clearStencil()
            canvas.marksStencil = one.actor.role != .scenery
            brush.paint(one.actor.figure, at: one.spot, time: time)
            guard canvas.marksStencil else { continue }
            let none = [Int](repeating: 0, count: masks.count)
            sightings.append(sighting(one, shadow: shadows[one.index] ?? none))
        }
        canvas.marksStencil = false
        return sightings
    }

    private func sighting(_ one: Appearance, shadow: [Int]) -> Sighting {
        let foot = scene.camera.project(one.spot.place)
        let isPerson =
            switch one.actor.figure {
            case .person, .cyclist: true
            case .vehicle, .bags, .post: false
            }
        return Sighting(
            actor: one.index,
            role: one.actor.role,
            isPerson: isPerson,
            isMoving: one.spot.isMoving,
            foot: NormalizedPoint(
                x: Double(foot.x / Float(canvas.width)),
                y: Double(foot.y / Float(canvas.height))
            ),
            pixels: countMarked(),
            inside: countInside(),
            shadow: shadow
        )
    }

    private func countMarked() -> Int {
        count { _ in true }
    }

    private func countInside() -> [Int] {
        masks.map { mask in count { mask[$0] } }
    }

    /// How many marked pixels of the stencil are at least half covered and pass a test.
    private func count(where passes: (Int) -> Bool) -> Int {
        let box = canvas.stencilBox
        guard !box.isEmpty else { return 0 }
        var count = 0
        for row in box.top..<box.bottom {
            for index in (row * canvas.width + box.left)..<(row * canvas.width + box.right)
            where canvas.stencil[index] > 127 && passes(index) {
                count += 1
            }
        }
        return count
    }

    private func paintLight(_ cast: [Appearance], time: Float) {
        var beams = scene.lighting.beams.compactMap { beam in
            beam.path.whereabouts(at: time).map { (spot: $0, beam: beam) }
        }
        for one in cast {
            guard case .vehicle(let look) = one.actor.figure, look.lamps > 0 else { continue }
            beams.append((one.spot, Beam(path: one.actor.path, level: look.lamps * 0.8, offset: look.length / 2)))
        }
        light.apply(to: canvas, time: time, beams: beams)
        let brush = ActorBrush(canvas: canvas, camera: scene.camera)
        for one in cast {
            guard case .vehicle(let look) = one.actor.figure else { continue }
            brush.paintLampGlow(look, one.spot)
        }
    }
}
