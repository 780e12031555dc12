/// Where an actor is at a time on its path.
struct Whereabouts {
    /// The feet or the middle between the wheels, on the ground.
    let place: WorldPoint
    /// Unit vector of the last movement, level.
    let heading: WorldPoint
    /// Metres gone since the start; drives the gait.
    let distance: Float
    /// Whether the actor moves now.
    let isMoving: Bool
}

/// The way of an actor over the ground.
struct ActorPath {
    /// How the speed changes on the way to a waypoint.
    enum Pace {
        /// The same speed all the way.
        case even
        /// Slows down to a stand.
        case braking
        /// Speeds up from a stand.
        case starting
    }

    /// A time in seconds, a place in metres, and the pace on the way there.
    struct Waypoint {
        let time: Float
        let x: Float
        let z: Float
        let pace: Pace

        init(_ time: Float, _ x: Float, _ z: Float, _ pace: Pace = .even) {
            self.time = time
            self.x = x
            self.z = z
            self.pace = pace
        }
    }

    private let waypoints: [Waypoint]
    private var restHeading = WorldPoint(1, 0, 0)

    /// Makes a path of at least one waypoint, in order of time.
    init(_ first: Waypoint, _ others: Waypoint...) {
        waypoints = [first] + others
    }

    /// Makes a path of waypoints in order of time; an empty list is nowhere.
    init(_ waypoints: [Waypoint]) {
        self.waypoints = waypoints
    }

    /// Makes the path of something that stands from `start` on, turned to (`headingX`, `headingZ`), a unit vector.
    init(standingAt x: Float, _ z: Float, headingX: Float = 1, headingZ: Float = 0, from start: Float = 0) {
        waypoints = [Waypoint(start, x, z)]
        restHeading = WorldPoint(headingX, 0, headingZ)
    }

    /// Where the actor is; nil before the first and after the last waypoint; a single waypoint has no end.
    func whereabouts(at time: Float) -> Whereabouts? {
        guard let first = waypoints.first, let last = waypoints.last else { return nil }
        guard waypoints.count > 1 else {
            guard time >= first.time else { return nil }
            let place = WorldPoint(first.x, 0, first.z)
            return Whereabouts(place: place, heading: restHeading, distance: 0, isMoving: false)
        }
        guard time >= first.time, time <= last.time else { return nil }
        var gone: Float = 0
        var heading = firstHeading()
        for (from, to) in zip(waypoints, waypoints.dropFirst()) {
            let way = WorldPoint(to.x - from.x, 0, to.z - from.z)
            let length = (way.x * way.x + way.z * way.z).squareRoot()
            if length > 1e-4 { heading = way / length }
            if time <= to.time {
                let share = ActorPath.share((time - from.time) / max(to.time - from.time, 1e-4), to.pace)
                let place = WorldPoint(from.x, 0, from.z) + way * share
                return Whereabouts(
                    place: place,
                    heading: heading,
                    distance: gone + length * share,
                    isMoving: length > 1e-4
                )
            }
            gone += length
        }
        return nil
    }

    private func firstHeading() -> WorldPoint {
        for (from, to) in zip(waypoints, waypoints.dropFirst()) {
            let way = WorldPoint(to.x - from.x, 0, to.z - from.z)
            let length = (way.x * way.x + way.z * way.z).squareRoot()
            if length > 1e-4 { return way / length }
        }
        return WorldPoint(1, 0, 0)
    }

    private static func share(_ linear: Float, _ pace: Pace) -> Float {
        switch pace {
        case .even: linear
        case .braking: linear * (2 - linear)
        case .starting: linear * linear
        }
    }
}
