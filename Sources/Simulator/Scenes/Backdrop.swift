/// One flat surface of the background, painted by a function of the place on it.
struct Surface {
    /// How the surface stands in the world.
    enum Plane {
        /// The ground at height 0.
        case ground
        /// A wall that faces the camera at this depth.
        case facing(depth: Float)
        /// A wall along the line of sight at this x.
        case side(x: Float)
    }

    let plane: Plane
    /// Where the wall stands: x of a facing wall, z of a side wall; the ground ignores it.
    var extent: ClosedRange<Float> = -1000...1000
    /// Heights of a wall in metres; the ground ignores it.
    var heights: ClosedRange<Float> = 0...1000
    /// The colour of a place on it.
    let material: (WorldPoint) -> Colour

    /// Where a ray of depth 1 from the camera meets the surface; nil when it misses.
    func meets(_ ray: WorldPoint, elevation: Float) -> WorldPoint? {
        let depth: Float
        switch plane {
        case .ground:
            guard ray.y < -1e-5 else { return nil }
            depth = -elevation / ray.y
        case .facing(let wall):
            depth = wall
        case .side(let wall):
            guard abs(ray.x) > 1e-6 else { return nil }
            depth = wall / ray.x
        }
        guard depth > 0.5, depth < 2000 else { return nil }
        let place = WorldPoint(ray.x * depth, elevation + ray.y * depth, depth)
        switch plane {
        case .ground: return place
        case .facing: return extent.contains(place.x) && heights.contains(place.y) ? place : nil
        case .side: return extent.contains(place.z) && heights.contains(place.y) ? place : nil
        }
    }
}

/// Everything that stands still behind the actors.
struct Backdrop {
    var surfaces: [Surface]
    /// The sky, by height over the horizon as a share of the focal length.
    var sky: (Float) -> Colour = { height in
        Colour.rgb(196, 206, 214).mixed(.rgb(150, 176, 205), SceneMath.clamp(height * 2.5))
    }
    /// The colour that far things fade to.
    var haze: Colour = .rgb(186, 194, 198)
    /// Metres at which about two thirds are lost in the haze.
    var hazeDistance: Float = 260

    /// The nearest place that a pixel shows; nil for the sky.
    func place(x: Float, y: Float, camera: SceneCamera) -> WorldPoint? {
        hit(camera.ray(x: x, y: y), camera: camera)?.place
    }

    /// Paints the background, four samples a pixel.
    func paint(on canvas: Canvas, camera: SceneCamera) {
        let offsets: [ScreenPoint] = [.init(0.25, 0.3), .init(0.75, 0.2), .init(0.3, 0.8), .init(0.8, 0.7)]
        for row in 0..<canvas.height {
            for column in 0..<canvas.width {
                var sum = Colour.zero
                for offset in offsets {
                    let ray = camera.ray(x: Float(column) + offset.x, y: Float(row) + offset.y)
                    sum += colour(ray, camera: camera)
                }
                canvas.pixels[row * canvas.width + column] = sum * 0.25
            }
        }
        canvas.soften(0.35)
    }

    private func hit(_ ray: WorldPoint, camera: SceneCamera) -> (surface: Surface, place: WorldPoint)? {
        var nearest: (surface: Surface, place: WorldPoint)?
        for surface in surfaces {
            guard let place = surface.meets(ray, elevation: camera.elevation) else { continue }
            if place.z < nearest?.place.z ?? .infinity { nearest = (surface, place) }
        }
        return nearest
    }

    private func colour(_ ray: WorldPoint, camera: SceneCamera) -> Colour {
        guard let (surface, place) = hit(ray, camera: camera) else { return sky(max(ray.y, 0)) }
        let share = place.z / hazeDistance
        return surface.material(place).mixed(haze, share / (1 + share))
    }
}
