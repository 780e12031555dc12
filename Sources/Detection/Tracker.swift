import CVision
import Flow

/// An object that is followed from frame to frame; lengths in pixels of the plane.
struct Track: Sendable, Hashable {
    /// Different for each track of a camera.
    var id: Int
    /// Centre of the object's box.
    var x: Double
    var y: Double
    /// Pixels a second, right and down; 0 until it was seen twice.
    var velocityX = 0.0
    var velocityY = 0.0
    /// Half of the box's diagonal.
    var radius: Double
    var area: Double
    /// When it was first and last seen.
    var first: MediaTime
    var seen: MediaTime
    /// Frames in which it was seen.
    var observations = 1
    /// The box as shares of the picture.
    var box: NormalizedRect
    /// True when the last frame shows it.
    var isSeen = true
    /// Seconds between the frame that showed it first and the one before; 0 when nobody looked at that one.
    var unseenBefore = 0.0
    /// Where it came in over the edge of the picture just before it was first observed; nil while that is not known,
    /// and when it did not come over the edge.
    var entry: NormalizedPoint?
    /// True when the frame before the last did not show it.
    var isLate = false
}

/// Follows objects from frame to frame: each is predicted where its velocity takes it, and all tracks are assigned to
/// the observations of the next frame with the least total cost by place and size.
struct Tracker: Sendable {
    /// Pixels a second by which an object may be off the place where it is expected; a plane is 160 pixels wide.
    private static let mostSpeed = 120.0
    /// Seconds of movement that are believed at most, however long ago the last frame was.
    private static let longestStep = 1.0
    /// Seconds for which an object that is not seen is expected to move on.
    private static let patience = 1.0
    /// Objects that are followed at once.
    private static let most = 64
    /// Observations of a frame that are looked at, the largest: time grows with the square of the tracks times these.
    private static let mostObservations = 128
    /// Areas that differ by more than this factor are not the same object alone.
    private static let jump = 2.0
    /// How many times its own radius an object may move a second: runners and cars in town do up to about eight.
    private static let mostSizes = 8.0
    /// A track that was seen once and not in the next frame is looked for within a reach so many times smaller.
    private static let unlike = 2.0
    /// What is smaller than this part of an object changes nothing when it joins or leaves it.
    private static let minor = 4.0
    /// What it costs that a track is not seen: nearly as much as the least likely of its next places (`cost`).
    private static let missed = 1.8
    /// Additional cost of a track that was not seen in the last frame, or should have left: others are served first.
    private static let late = 0.4
    /// A cost above all others together, so that it is never chosen.
    private static let impossible = 1000.0
    /// An object that comes in towards the camera or away from it may have been so many times as fast as it is then.
    private static let slowing = 2.0
    /// Seconds after which half of a velocity is forgotten.
    private static let memory = 0.3
    /// Seconds in which an object moves as far as its outline flickers.
    private static let jitter = 0.05

    private(set) var tracks: [Track] = []
    private var next = 0
    private var width = 0.0
    private var height = 0.0
    /// Whether the frame before was looked at, and all that was in it was followed.
    private var isUnbroken = false

    /// Takes the objects of the next frame.
    mutating func follow(_ blobs: ForegroundBlobs, at time: MediaTime, elapsed: Double) {
        let observations = Self.largest(blobs.observations())
        (width, height) = (Double(blobs.width), Double(blobs.height))
        let step = min(elapsed, Self.longestStep)
        for index in tracks.indices {
            tracks[index].x += tracks[index].velocityX * step
            tracks[index].y += tracks[index].velocityY * step
            tracks[index].isLate = !tracks[index].isSeen
            tracks[index].isSeen = false
        }
        let chosen = pairs(observations, step, time)
        var free = Set(observations.indices)
        for pair in chosen {
            free.remove(pair.observation)
            tracks[pair.track].isSeen = true
        }
        let others = free.map { observations[$0] }
        let unseen = tracks.filter { !$0.isSeen }
        for pair in chosen {
            let isMix = isMix(tracks[pair.track], observations[pair.observation], others: others, unseen: unseen)
            join(pair.track, observations[pair.observation], at: time, isMix: isMix)
        }
        for index in tracks.indices where !tracks[index].isSeen {
            // Hidden in a larger object it goes on as before.
            if observations.contains(where: { $0.holds(tracks[index]) && $0.area > tracks[index].area }) {
                tracks[index].seen = time
            }
        }
        tracks.removeAll { time.seconds(since: $0.seen) > max(Self.patience, 1.5 * step) }
        for index in free.sorted().prefix(Self.most - tracks.count) {
            begin(observations[index], at: time, unseenBefore: isUnbroken ? elapsed : 0)
        }
        isUnbroken = tracks.count < Self.most
    }

    /// Takes a frame that says nothing about objects: none is seen in it.
    mutating func skip() {
        for index in tracks.indices { tracks[index].isSeen = false }
        isUnbroken = false
    }

    /// The objects that are looked at; in snow there may be a thousand.
    private static func largest(_ observations: [Observation]) -> [Observation] {
        guard observations.count > mostObservations else { return observations }
        let order = observations.indices.sorted { (observations[$0].area, $1) > (observations[$1].area, $0) }
        return order.prefix(mostObservations).map { observations[$0] }
    }

    private struct Pair {
        var track: Int
        var observation: Int
    }

    /// Which track is seen as which observation: the assignment with the least total cost.
    private func pairs(_ observations: [Observation], _ step: Double, _ time: MediaTime) -> [Pair] {
        var asking: [Int] = []
        var rows: [[Double]] = []
        for (index, track) in tracks.enumerated() {
            let since = track.observations > 1 ? step : min(Self.longestStep, time.seconds(since: track.seen))
            let costs = observations.map { cost(track, $0, since) }
            guard costs.contains(where: { $0 != nil }) else { continue }
            let late = track.isLate || hasLeft(track) ? Self.late : 0
            asking.append(index)
            rows.append(costs.map { $0.map { $0 + late } ?? Self.impossible })
        }
        // One more column for each track: it is not seen.
        for row in rows.indices { rows[row] += rows.indices.map { $0 == row ? Self.missed : Self.impossible } }
        return zip(asking, cheapestAssignment(rows))
            .filter { $0.1 < observations.count }
            .map { Pair(track: $0.0, observation: $0.1) }
    }

    /// Cost of taking an observation for a track after so many seconds, 0.2…2: distance and change of size; nil when it
    /// is out of reach.
    private func cost(_ known: Track, _ new: Observation, _ step: Double) -> Double? {
        let across = new.x - known.x
        let down = new.y - known.y
        let distance = (across * across + down * down).squareRoot()
        let reach = 2 + known.radius + surprise(known, new) * step
        guard distance <= reach else { return nil }
        let ratio = max(new.area, known.area) / max(1, min(new.area, known.area))
        return distance / reach + 0.2 * min(ratio, 5)
    }

    /// Whether an object is expected wholly outside the picture.
    private func hasLeft(_ track: Track) -> Bool {
        track.x < -track.radius || track.y < -track.radius || track.x > width + track.radius
            || track.y > height + track.radius
    }

    /// Pixels a second by which an object may miss the place where it is expected.
    private func surprise(_ known: Track, _ new: Observation) -> Double {
        let size = (known.radius * new.radius).squareRoot()
        let most = min(Self.mostSpeed, Self.mostSizes * size)
        // Of a track that was seen once and then not no velocity is known: only something near is taken for it.
        guard known.observations > 1 else { return known.isLate ? most / Self.unlike : most }
        let speed = (known.velocityX * known.velocityX + known.velocityY * known.velocityY).squareRoot()
        return min(most, Self.mostSpeed / 2) + speed / 2
    }

    /// Whether an observation is more or less than the track's object: others have merged with it, or it has split.
    private func isMix(_ track: Track, _ observation: Observation, others: [Observation], unseen: [Track]) -> Bool {
        let ratio = max(observation.area, track.area) / max(1, min(observation.area, track.area))
        guard ratio > Self.jump else { return false }
        if observation.area > track.area {
            return unseen.contains { observation.holds($0) && $0.area * Self.minor > track.area }
        }
        let reach = track.radius
        return others.contains {
            abs($0.x - track.x) <= reach && abs($0.y - track.y) <= reach && $0.area * Self.minor > observation.area
        }
    }

    private mutating func join(_ index: Int, _ observation: Observation, at time: MediaTime, isMix: Bool) {
        var track = tracks[index]
        track.box = observation.box
        let since = max(0.001, time.seconds(since: track.seen))
        track.seen = time
        track.observations += 1
        if isMix && observation.area > track.area {
            // Where in the larger object it is cannot be seen: it goes on as before.
            (track.x, track.y) = observation.nearest(to: track)
            tracks[index] = track
            return
        }
        if !isMix {
            // `x` and `y` are where it was expected: the rest of the way is what the velocity lacked. The longer ago
            // that was, the less is known of what the object has done since.
            // At first it is the mean of its life.
            let life = time.seconds(since: track.first)
            let agility = since / (since + min(Self.memory, max(0, life - since) + Self.jitter))
            track.velocityX += (observation.x - track.x) / since * agility
            track.velocityY += (observation.y - track.y) / since * agility
            if track.observations == 2, !track.isLate { track.entry = entry(of: track) }
        }
        (track.x, track.y) = (observation.x, observation.y)
        track.radius = observation.radius
        track.area = observation.area
        tracks[index] = track
    }

    /// Where an object came into the picture that is at its first place and has just got a velocity.
    ///
    /// The frame before its first observation did not show it. Nil when it is too slow to have come from the edge since
    /// then: it came out of a door, or is a part of something.
    private func entry(of track: Track) -> NormalizedPoint? {
        let across = Self.secondsFromEdge(track.x, width, track.velocityX)
        let down = Self.secondsFromEdge(track.y, height, track.velocityY)
        let ago = max(0, min(across, down))
        guard ago <= Self.slowing * track.unseenBefore else { return nil }
        return NormalizedPoint(
            x: (track.x - ago * track.velocityX) / width,
            y: (track.y - ago * track.velocityY) / height
        )
    }

    /// Seconds that something takes from the edge it comes from to a place, along one axis.
    private static func secondsFromEdge(_ place: Double, _ size: Double, _ velocity: Double) -> Double {
        velocity == 0 ? .infinity : velocity > 0 ? place / velocity : (place - size) / velocity
    }

    private mutating func begin(_ observation: Observation, at time: MediaTime, unseenBefore: Double) {
        next += 1
        tracks.append(
            Track(
                id: next,
                x: observation.x,
                y: observation.y,
                radius: observation.radius,
                area: observation.area,
                first: time,
                seen: time,
                box: observation.box,
                unseenBefore: unseenBefore
            )
        )
    }
}

/// Where one frame shows an object; lengths in pixels of the plane.
struct Observation {
    let x: Double
    let y: Double
    let radius: Double
    let area: Double
    let box: NormalizedRect
    private let left: Double
    private let top: Double
    private let right: Double
    private let bottom: Double

    init(_ shape: cv_component, width: Int, height: Int) {
        left = Double(shape.left)
        top = Double(shape.top)
        right = Double(shape.right) + 1
        bottom = Double(shape.bottom) + 1
        x = (left + right) / 2
        y = (top + bottom) / 2
        radius = ((right - left) * (right - left) + (bottom - top) * (bottom - top)).squareRoot() / 2
        area = Double(shape.area)
        box = NormalizedRect(
            x: left / Double(width),
            y: top / Double(height),
            width: (right - left) / Double(width),
            height: (bottom - top) / Double(height)
        )
    }

    /// The place in the box that is nearest to where a track is.
    func nearest(to track: Track) -> (x: Double, y: Double) {
        (min(right - 1, max(left, track.x)), min(bottom - 1, max(top, track.y)))
    }

    /// Whether the centre of a track is within the box.
    func holds(_ track: Track) -> Bool {
        track.x >= left && track.x <= right && track.y >= top && track.y <= bottom
    }
}
