/// Size, colour and lamps of a vehicle.
struct VehicleLook {
    /// Metres, as are the others.
    var length: Float = 4.4
    var width: Float = 1.8
    var height: Float = 1.46
    var colour: Colour
    /// Whether the body is one box (van, lorry) and not a body with a cabin.
    var isBox = false
    /// Brightness of the headlights as seen on the picture, 0 for off.
    var lamps: Float = 0

    /// A saloon car, with a cabin narrower than its body.
    static func car(_ colour: Colour, lamps: Float = 0) -> VehicleLook {
        VehicleLook(colour: colour, lamps: lamps)
    }

    /// A delivery van, which is one box.
    static func van(_ colour: Colour, lamps: Float = 0) -> VehicleLook {
        VehicleLook(length: 5.1, width: 1.95, height: 2.2, colour: colour, isBox: true, lamps: lamps)
    }
}

/// Rubbish bags dropped in a heap.
struct BagLook {
    /// How many bags lie there.
    var count = 1
    var colour: Colour = .rgb(34, 36, 40)
    /// Radius of one bag in metres.
    var radius: Float = 0.32
}

/// A pole that stands before the scene, as lamp posts and trunks do.
struct PostLook {
    /// Height in metres.
    var height: Float = 4
    /// Half of its thickness in metres.
    var radius: Float = 0.08
    var colour: Colour = .rgb(112, 114, 116)
}

/// A box whose top may be smaller than its bottom, in a vehicle's own axes in metres.
private struct Frustum {
    let base: (back: Float, front: Float, side: Float, height: Float)
    let top: (back: Float, front: Float, side: Float, height: Float)
}

extension ActorBrush {
    /// A vehicle of boxes with windows, wheels and lamps.
    func paintVehicle(_ look: VehicleLook, _ spot: Whereabouts) {
        let half = look.length / 2
        let side = look.width / 2
        let waist: Float = look.isBox ? look.height * 0.55 : 0.86
        let underside = Frustum(
            base: (-half + 0.1, half - 0.1, side - 0.08, 0.08),
            top: (-half, half, side, 0.34)
        )
        let body = Frustum(
            base: (-half, half, side, 0.32),
            top: (-half + 0.06, half - (look.isBox ? 0.1 : 0.14), side - 0.03, waist)
        )
        paint(underside, spot, colour: .grey(26), windows: false)
        paint(body, spot, colour: look.colour, windows: false)
        let cabin =
            look.isBox
            ? Frustum(
                base: (-half + 0.06, half - 0.1, side - 0.03, waist),
                top: (-half + 0.16, half - 0.75, side - 0.14, look.height)
            )
            : Frustum(
                base: (-half + 0.35, half - 1.15, side - 0.06, waist),
                top: (-half + 0.95, half - 1.95, side - 0.24, look.height)
            )
        paintWheels(look, spot)
        paint(cabin, spot, colour: look.colour, windows: true)
        paintLamps(look, spot)
    }

    private func corner(_ spot: Whereabouts, _ along: Float, _ side: Float, _ up: Float) -> WorldPoint {
        let across = WorldPoint(-spot.heading.z, 0, spot.heading.x)
        return spot.place + spot.heading * along + across * side + WorldPoint(0, up, 0)
    }

    private func paint(_ box: Frustum, _ spot: Whereabouts, colour: Colour, windows: Bool) {
        let (base, top) = (box.base, box.top)
        func low(_ along: Float, _ side: Float) -> WorldPoint { corner(spot, along, side * base.side, base.height) }
        func high(_ along: Float, _ side: Float) -> WorldPoint { corner(spot, along, side * top.side, top.height) }
        let faces: [(corners: [WorldPoint], light: Float, isWindow: Bool)] = [
            ([low(base.back, 1), low(base.front, 1), high(top.front, 1), high(top.back, 1)], 0.86, true),
            ([low(base.back, -1), low(base.front, -1), high(top.front, -1), high(top.back, -1)], 0.74, true),
            ([low(base.front, 1), low(base.front, -1), high(top.front, -1), high(top.front, 1)], 0.92, true),
            ([low(base.back, 1), low(base.back, -1), high(top.back, -1), high(top.back, 1)], 0.7, true),
            ([high(top.back, 1), high(top.front, 1), high(top.front, -1), high(top.back, -1)], 1.08, false),
        ]
        let middle = corner(spot, (base.back + base.front) / 2, 0, (base.height + top.height) / 2)
        let eye = WorldPoint(0, camera.elevation, 0)
        for face in faces where face.corners.allSatisfy({ $0.z > 0.6 }) {
            let centre = face.corners.reduce(.zero, +) / 4
            let outward = ActorBrush.normal(face.corners, awayFrom: middle)
            let view = eye - centre
            guard outward.x * view.x + outward.y * view.y + outward.z * view.z > 0 else { continue }
            canvas.fill(face.corners.map(camera.project), .paint(colour * face.light))
            guard windows, face.isWindow else { continue }
            let glass = face.corners.map { centre + ($0 - centre) * WorldPoint(0.84, 0.74, 0.84) }
            canvas.fill(glass.map(camera.project), .paint(.rgb(44, 52, 60).mixed(.grey(120), 0.25 * face.light)))
        }
    }

    private static func normal(_ corners: [WorldPoint], awayFrom middle: WorldPoint) -> WorldPoint {
        let first = corners[1] - corners[0]
        let second = corners[3] - corners[0]
        let normal = WorldPoint(
            first.y * second.z - first.z * second.y,
            first.z * second.x - first.x * second.z,
            first.x * second.y - first.y * second.x
        )
        let out = corners[0] - middle
        let isOutward = normal.x * out.x + normal.y * out.y + normal.z * out.z > 0
        return isOutward ? normal : -normal
    }

    private func paintWheels(_ look: VehicleLook, _ spot: Whereabouts) {
        let across = WorldPoint(-spot.heading.z, 0, spot.heading.x)
        // The side whose outward direction points at the camera shows its wheels.
        let towards = -(across.x * spot.place.x + across.z * spot.place.z)
        let side: Float = towards > 0 ? 1 : -1
        for along in [-look.length * 0.31, look.length * 0.31] {
            let hub = corner(spot, along, side * look.width / 2, 0.32)
            let scale = camera.scale(atDepth: hub.z)
            let round = max(abs(spot.heading.x), 0.25) * 0.33 * scale
            let place = camera.project(hub)
            canvas.ellipse(place, radii: ScreenPoint(round, 0.33 * scale), .paint(.grey(24)))
            canvas.ellipse(place, radii: ScreenPoint(round, 0.33 * scale) * 0.55, .paint(.grey(96)))
        }
    }

    private func paintLamps(_ look: VehicleLook, _ spot: Whereabouts) {
        let eye = WorldPoint(0, camera.elevation, 0) - spot.place
        let distance = (eye.x * eye.x + eye.z * eye.z).squareRoot()
        let facing = (eye.x * spot.heading.x + eye.z * spot.heading.z) / max(distance, 1)
        let showsFront = facing > 0
        for side: Float in [-0.72, 0.72] {
            let along = (showsFront ? 1 : -1) * (look.length / 2 - 0.02)
            let lamp = corner(spot, along, side * look.width / 2, 0.66)
            let scale = camera.scale(atDepth: lamp.z)
            let place = camera.project(lamp)
            let radii = ScreenPoint(max(0.17 * abs(facing), 0.05), 0.1) * scale
            let glass: Colour = showsFront ? .rgb(214, 214, 204) : .rgb(150, 36, 32)
            canvas.ellipse(place, radii: radii, .paint(glass))
        }
        // A number plate and, in front, a grille: a plain box would be too easy to tell from a real vehicle.
        let along = (showsFront ? 1 : -1) * (look.length / 2 - 0.01)
        strip(spot, along: along, half: 0.26, height: 0.46, thickness: 0.11, .rgb(60, 96, 170))
        guard showsFront else { return }
        strip(spot, along: along, half: look.width * 0.25, height: 0.68, thickness: 0.14, .grey(44))
    }

    /// A level strip across the front or back of a vehicle, in metres.
    private func strip(
        _ spot: Whereabouts,
        along: Float,
        half: Float,
        height: Float,
        thickness: Float,
        _ colour: Colour
    ) {
        let corners = [(-half, height), (half, height), (half, height + thickness), (-half, height + thickness)]
        canvas.fill(corners.map { camera.project(corner(spot, along, $0.0, $0.1)) }, .paint(colour))
    }

    /// The light that lit lamps throw into the lens; drawn after the scene is lit.
    func paintLampGlow(_ look: VehicleLook, _ spot: Whereabouts) {
        guard look.lamps > 0 else { return }
        let eye = WorldPoint(0, camera.elevation, 0) - spot.place
        let distance = (eye.x * eye.x + eye.z * eye.z).squareRoot()
        let facing = (eye.x * spot.heading.x + eye.z * spot.heading.z) / max(distance, 1)
        for side: Float in [-0.72, 0.72] {
            let along = (facing > 0 ? 1 : -1) * (look.length / 2)
            let lamp = corner(spot, along, side * look.width / 2, 0.66)
            let scale = camera.scale(atDepth: lamp.z)
            let place = camera.project(lamp)
            if facing > 0 {
                let strength = look.lamps * (0.35 + 0.65 * facing)
                canvas.glow(place, radius: 0.9 * scale, .rgb(130, 126, 110) * strength)
                canvas.glow(place, radius: 0.25 * scale, .rgb(230, 226, 210) * strength)
            } else {
                canvas.glow(place, radius: 0.4 * scale, .rgb(120, 14, 10) * look.lamps)
            }
        }
    }

    /// A heap of knotted bags.
    func paintBags(_ look: BagLook, _ spot: Whereabouts) {
        let offsets: [(Float, Float)] = [(0, 0), (0.5, 0.18), (-0.42, 0.22), (0.1, 0.5)]
        for index in stride(from: min(look.count, offsets.count) - 1, through: 0, by: -1) {
            let place = spot.place + WorldPoint(offsets[index].0, 0, offsets[index].1)
            let radius = look.radius * (index % 2 == 0 ? 1 : 0.85)
            let scale = camera.scale(atDepth: place.z)
            let size = radius * scale
            let low = camera.project(place + WorldPoint(0, radius * 0.4, 0))
            let middle = camera.project(place + WorldPoint(0, radius * 0.75, 0))
            let knot = camera.project(place + WorldPoint(0.2 * radius, radius * 1.6, 0))
            let tint = look.colour * (index % 2 == 0 ? 1 : 1.2)
            canvas.ellipse(low, radii: ScreenPoint(1.08, 0.48) * size, .paint(tint * 0.75))
            canvas.ellipse(middle, radii: ScreenPoint(1, 0.74) * size, .paint(tint), softness: 2)
            canvas.stroke(middle, knot, radius: 0.14 * size, .paint(tint * 0.9))
            let lit = middle - ScreenPoint(0.3, 0.28) * size
            canvas.ellipse(lit, radii: ScreenPoint(0.4, 0.26) * size, .glaze(.grey(190), 0.25), softness: 4)
        }
    }

    /// A pole with a lit side.
    func paintPost(_ look: PostLook, _ spot: Whereabouts) {
        let top = camera.project(spot.place + WorldPoint(0, look.height, 0))
        let radius = max(look.radius * camera.scale(atDepth: spot.place.z), 0.6)
        canvas.stroke(camera.project(spot.place), top, radius: radius, .paint(look.colour), shading: 0.2)
    }
}
