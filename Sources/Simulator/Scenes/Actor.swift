/// Someone or something that the scene's truth is about, or that stands in the way.
struct Actor {
    /// What is drawn of it, whatever it counts as.
    enum Figure {
        case person(PersonLook)
        case cyclist(PersonLook)
        case vehicle(VehicleLook)
        case bags(BagLook)
        case post(PostLook)
    }

    /// What it counts as in the rules.
    enum Role {
        /// Moves by itself: intrusion, lines, crowds.
        case subject
        /// Left behind by someone: stationary.
        case object
        /// Stands in the way and is part of the place: no rule is about it.
        case scenery
    }

    let figure: Figure
    let path: ActorPath
    var role = Role.subject

    /// A walking or standing person.
    static func person(_ look: PersonLook, _ path: ActorPath) -> Actor {
        Actor(figure: .person(look), path: path)
    }

    /// A moving or stopping vehicle.
    static func vehicle(_ look: VehicleLook, _ path: ActorPath) -> Actor {
        Actor(figure: .vehicle(look), path: path)
    }

    /// A vehicle that stands there all the time.
    static func parked(_ look: VehicleLook, x: Float, z: Float, headingX: Float = 1, headingZ: Float = 0) -> Actor {
        let path = ActorPath(standingAt: x, z, headingX: headingX, headingZ: headingZ)
        return Actor(figure: .vehicle(look), path: path, role: .scenery)
    }

    /// Bags that lie there from a time on.
    static func bags(_ look: BagLook, x: Float, z: Float, from start: Float) -> Actor {
        Actor(figure: .bags(look), path: ActorPath(standingAt: x, z, from: start), role: .object)
    }

    /// A pole that stands there all the time.
    static func post(_ look: PostLook, x: Float, z: Float) -> Actor {
        Actor(figure: .post(look), path: ActorPath(standingAt: x, z), role: .scenery)
    }
}

/// Where the light comes from: a shadow falls `x`, `z` metres away for each metre of height.
struct Sun {
    let x: Float
    let z: Float
    /// Share of the light that a shadow takes, 0…1.
    let depth: Float
    /// Pixels over which the edge of a shadow fades, of a picture 640 wide.
    var softness: Float = 3
}

/// Draws figures on a canvas from one camera.
struct ActorBrush {
    let canvas: Canvas
    let camera: SceneCamera

    /// Draws the figure itself, without its shadow and lights.
    func paint(_ figure: Actor.Figure, at spot: Whereabouts, time: Float) {
        switch figure {
        case .person(let look): paintPerson(look, spot, time: time)
        case .cyclist(let look): paintCyclist(look, spot)
        case .vehicle(let look): paintVehicle(look, spot)
        case .bags(let look): paintBags(look, spot)
        case .post(let look): paintPost(look, spot)
        }
    }

    /// Draws the shadow that the figure throws on the ground.
    func paintShadow(_ figure: Actor.Figure, at spot: Whereabouts, sun: Sun) {
        let softness = sun.softness * Float(canvas.width) / 640
        switch figure {
        case .person(let look): strokeShadow(spot, height: look.height, radius: 0.2, sun, softness)
        case .cyclist(let look): strokeShadow(spot, height: look.height, radius: 0.26, sun, softness)
        case .bags(let look):
            let radius = look.radius * camera.scale(atDepth: spot.place.z)
            let middle = camera.project(spot.place + WorldPoint(0.1, 0, 0))
            canvas.ellipse(
                middle,
                radii: ScreenPoint(1.5, 0.5) * radius,
                .shadow(sun.depth),
                softness: max(softness, 1)
            )
        case .post(let look): strokeShadow(spot, height: look.height, radius: look.radius, sun, softness)
        case .vehicle(let look): boxShadow(look, spot, sun, softness)
        }
    }

    private func strokeShadow(_ spot: Whereabouts, height: Float, radius: Float, _ sun: Sun, _ softness: Float) {
        let tip = spot.place + WorldPoint(sun.x * height, 0, sun.z * height)
        let thickness = radius * camera.scale(atDepth: (spot.place.z + tip.z) / 2)
        canvas.stroke(
            camera.project(spot.place),
            camera.project(tip),
            radius: thickness,
            .shadow(sun.depth),
            softness: max(softness, 1)
        )
    }

    private func boxShadow(_ look: VehicleLook, _ spot: Whereabouts, _ sun: Sun, _ softness: Float) {
        let across = WorldPoint(-spot.heading.z, 0, spot.heading.x)
        var corners: [ScreenPoint] = []
        for (along, side) in [(1, 1), (1, -1), (-1, -1), (-1, 1)] as [(Float, Float)] {
            let foot = spot.place + spot.heading * (along * look.length / 2) + across * (side * look.width / 2)
            let tip = foot + WorldPoint(sun.x, 0, sun.z) * (look.height * 0.9)
            corners.append(camera.project(foot))
            corners.append(camera.project(tip))
        }
        canvas.fill(ActorBrush.hull(corners), .shadow(sun.depth), softness: max(softness, 1))
    }

    /// The corners of the smallest convex polygon that holds all points.
    static func hull(_ points: [ScreenPoint]) -> [ScreenPoint] {
        let sorted = points.sorted { ($0.x, $0.y) < ($1.x, $1.y) }
        func chain(_ points: [ScreenPoint]) -> [ScreenPoint] {
            var chain: [ScreenPoint] = []
            for point in points {
                while chain.count > 1 {
                    let (from, over) = (chain[chain.count - 2], chain[chain.count - 1])
                    let turn = (over.x - from.x) * (point.y - from.y) - (over.y - from.y) * (point.x - from.x)
                    if turn > 0 { break }
                    chain.removeLast()
                }
                chain.append(point)
            }
            return Array(chain.dropLast())
        }
        return chain(sorted) + chain(sorted.reversed())
    }
}
