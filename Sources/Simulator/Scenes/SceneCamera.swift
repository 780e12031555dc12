/// A place in the scene in metres: x to the right, y up, z away from the camera.
typealias WorldPoint = SIMD3<Float>

/// A place on the picture in pixels, origin top left.
typealias ScreenPoint = SIMD2<Float>

/// Where the camera stands and how it maps the scene on to the picture.
///
/// Upright lines stay upright: the camera looks level and the picture is cut below the horizon, which is close enough
/// to a camera that looks down from a pole.
struct SceneCamera {
    let width: Int
    let height: Int
    /// Focal length in pixels: how large a metre at a distance of one metre is.
    let focal: Float
    /// The row of the horizon in pixels; may lie above the picture.
    let horizon: Float
    /// Metres of the camera above the ground.
    let elevation: Float

    /// Makes a camera.
    ///
    /// - Parameters:
    ///   - size: the picture in pixels.
    ///   - focal: focal length as a share of the picture's width (0.8 is a view of about 64 degrees).
    ///   - horizon: row of the horizon as a share of the picture's height, below 0 when above the picture.
    ///   - elevation: metres above the ground.
    init(_ size: FrameSize, focal: Float, horizon: Float, elevation: Float) {
        self.width = size.width
        self.height = size.height
        self.focal = focal * Float(size.width)
        self.horizon = horizon * Float(size.height)
        self.elevation = elevation
    }

    private var centre: Float { Float(width) / 2 }

    /// The place on the picture of a place in the scene.
    func project(_ point: WorldPoint) -> ScreenPoint {
        let scale = self.scale(atDepth: point.z)
        return ScreenPoint(centre + scale * point.x, horizon + scale * (elevation - point.y))
    }

    /// Pixels per metre at a depth; things nearer than half a metre are held there.
    func scale(atDepth depth: Float) -> Float {
        focal / max(depth, 0.5)
    }

    /// The direction of the ray through a pixel, with a depth of 1.
    func ray(x: Float, y: Float) -> WorldPoint {
        WorldPoint((x - centre) / focal, (horizon - y) / focal, 1)
    }
}

/// A picture's size in pixels; both even.
struct FrameSize: Hashable {
    let width: Int
    let height: Int
}
