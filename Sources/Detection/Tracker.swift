import CVision
import Flow

/// A thing that is followed from frame to frame; lengths in pixels of the plane.
struct Track: Sendable, Hashable {
    /// Different for each track of a camera.
    var id: Int
    /// Centre of the thing's box.
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
    /// Where it came in over the edge of the picture just before its first sighting, once that is known; nil when it did
    /// not.
    var entry: NormalizedPoint?
    /// True when the frame before the last did not show it.
    var isLate = false
}

/// Follows things from frame to frame: each is expected where its velocity takes it, and all of them together become
/// what is seen next in the way that is the least unlikely by place and size.
struct Tracker: Sendable {
    /// Pixels a second that a thing may move beyond what is expected of it: a plane's width in little more than a second.
    private static let mostSpeed = 120.0
    /// Seconds of movement that are believed at most, however long ago the last frame was.
    private static let longestStep = 1.0
    /// Seconds for which a thing that is not seen is expected to move on.
    private static let patience = 1.0
    /// Things that are followed at once.
    private static let most = 64
    /// Things of a frame among which they are looked for: the time goes with the tracks squared times these.
    private static let mostSpots = 128
    /// Areas that differ by more than this factor are not the same thing alone.
    private static let jump = 2.0
    /// How many times its own radius a thing may move a second: runners and cars in town do up to about eight.
    private static let mostSizes = 8.0
    /// What was seen once and not in the next frame goes so many times less far.
    private static let unlike = 2.0
    /// What is smaller than this part of a thing changes nothing when it joins or leaves it.
    private static let minor = 4.0
    /// What it costs that a track is not seen: nearly as much as the least likely of its next places (`cost`).
    private static let missed = 1.8
    /// What it costs more to choose a track that was out of sight, or should be: the others go first.
    private static let late = 0.4
    /// More than all else together: never chosen.
    private static let impossible = 1000.0
    /// A thing that comes in towards the camera or away from it may have been so many times as fast as it is then.
    private static let slowing = 2.0
    /// Seconds after which half of a velocity is forgotten.
    private static let memory = 0.3
    /// Seconds in which a thing moves as far as its outline flickers.
    private static let jitter = 0.05

    private(set) var tracks: [Track] = []
    private var next = 0
    private var width = 0.0
    private var height = 0.0
    /// Whether the frame before was looked at, and all that was in it was followed.
    private var isUnbroken = false

    /// Takes the things of the next frame.
    mutating func follow(_ blobs: ForegroundBlobs, at time: MediaTime, elapsed: Double) {
        let spots = Self.largest(blobs.spots())
        (width, height) = (Double(blobs.width), Double(blobs.height))
        let step = min(elapsed, Self.longestStep)
        for index in tracks.indices {
            tracks[index].x += tracks[index].velocityX * step
            tracks[index].y += tracks[index].velocityY * step
            tracks[index].isLate = !tracks[index].isSeen
            tracks[index].isSeen = false
        }
        let chosen = pairs(spots, step, time)
        var free = Set(spots.indices)
        for pair in chosen {
            free.remove(pair.spot)
            tracks[pair.track].isSeen = true
        }
        let others = free.map { spots[$0] }
        let unseen = tracks.filter { !$0.isSeen }
        for pair in chosen {
            let isMix = isMix(tracks[pair.track], spots[pair.spot], others: others, unseen: unseen)
            join(pair.track, spots[pair.spot], at: time, isMix: isMix)
        }
        for index in tracks.indices where !tracks[index].isSeen {
            // Hidden in a larger thing it goes on as before.
            if spots.contains(where: { $0.holds(tracks[index]) && $0.area > tracks[index].area }) {
                tracks[index].seen = time
            }
        }
        tracks.removeAll { time.seconds(since: $0.seen) > max(Self.patience, 1.5 * step) }
        for index in free.sorted().prefix(Self.most - tracks.count) {
            begin(spots[index], at: time, unseenBefore: isUnbroken ? elapsed : 0)
        }
        isUnbroken = tracks.count < Self.most
    }

    /// Takes a frame that says nothing about things: none is seen in it.
    mutating func skip() {
        for index in tracks.indices { tracks[index].isSeen = false }
        isUnbroken = false
    }

    /// The things that are looked at; in snow there may be a thousand.
    private static func largest(_ spots: [Observation]) -> [Observation] {
        guard spots.count > mostSpots else { return spots }
        let order = spots.indices.sorted { (spots[$0].area, $1) > (spots[$1].area, $0) }
        return order.prefix(mostSpots).map { spots[$0] }
    }

    private struct Pair {
        var track: Int
        var spot: Int
    }

    /// Which track has become which spot, so that all of it together is the least unlikely.
    private func pairs(_ spots: [Observation], _ step: Double, _ time: MediaTime) -> [Pair] {
        var asking: [Int] = []
        var rows: [[Double]] = []
        for (index, track) in tracks.enumerated() {
            let since = track.observations > 1 ? step : min(Self.longestStep, time.seconds(since: track.seen))
            let costs = spots.map { cost(track, $0, since) }
            guard costs.contains(where: { $0 != nil }) else { continue }
            let late = track.isLate || hasLeft(track) ? Self.late : 0
            asking.append(index)
            rows.append(costs.map { $0.map { $0 + late } ?? Self.impossible })
        }
        // Each may take no spot instead.
        for row in rows.indices { rows[row] += rows.indices.map { $0 == row ? Self.missed : Self.impossible } }
        return zip(asking, cheapestAssignment(rows))
            .filter { $0.1 < spots.count }
            .map { Pair(track: $0.0, spot: $0.1) }
    }

    /// How unlikely it is that a track has become a spot after so many seconds, 0.2…2; nil when it cannot be.
    private func cost(_ known: Track, _ new: Observation, _ step: Double) -> Double? {
        let across = new.x - known.x
        let down = new.y - known.y
        let distance = (across * across + down * down).squareRoot()
        let reach = 2 + known.radius + surprise(known, new) * step
        guard distance <= reach else { return nil }
        let ratio = max(new.area, known.area) / max(1, min(new.area, known.area))
        return distance / reach + 0.2 * min(ratio, 5)
    }

    /// Whether a thing is expected wholly outside the picture.
    private func hasLeft(_ track: Track) -> Bool {
        track.x < -track.radius || track.y < -track.radius || track.x > width + track.radius
            || track.y > height + track.radius
    }

    /// Pixels a second by which a thing may miss the place where it is expected.
    private func surprise(_ known: Track, _ new: Observation) -> Double {
        let size = (known.radius * new.radius).squareRoot()
        let most = min(Self.mostSpeed, Self.mostSizes * size)
        // Seen once and then not, it may have been anything: only what stayed near is taken for it.
        guard known.observations > 1 else { return known.isLate ? most / Self.unlike : most }
        let speed = (known.velocityX * known.velocityX + known.velocityY * known.velocityY).squareRoot()
        return min(most, Self.mostSpeed / 2) + speed / 2
    }

    /// Whether a track's next spot is more or less than the thing: others have joined it or parts have left it.
    private func isMix(_ track: Track, _ spot: Observation, others: [Observation], unseen: [Track]) -> Bool {
        let ratio = max(spot.area, track.area) / max(1, min(spot.area, track.area))
        guard ratio > Self.jump else { return false }
        if spot.area > track.area {
            return unseen.contains { spot.holds($0) && $0.area * Self.minor > track.area }
        }
        let reach = track.radius
        return others.contains {
            abs($0.x - track.x) <= reach && abs($0.y - track.y) <= reach && $0.area * Self.minor > spot.area
        }
    }

    private mutating func join(_ index: Int, _ spot: Observation, at time: MediaTime, isMix: Bool) {
        var track = tracks[index]
        track.box = spot.box
        let since = max(0.001, time.seconds(since: track.seen))
        track.seen = time
        track.observations += 1
        if isMix && spot.area > track.area {
            // Where in the larger thing it is cannot be seen: it goes on as before.
            (track.x, track.y) = spot.nearest(to: track)
            tracks[index] = track
            return
        }
        if !isMix {
            // `x` and `y` are where it was expected: the rest of the way is what the velocity lacked. The longer ago
            // that was, the less is known of what the thing has done since.
            // At first it is the mean of its life.
            let life = time.seconds(since: track.first)
            let agility = since / (since + min(Self.memory, max(0, life - since) + Self.jitter))
            track.velocityX += (spot.x - track.x) / since * agility
            track.velocityY += (spot.y - track.y) / since * agility
            if track.observations == 2, !track.isLate { track.entry = entry(of: track) }
        }
        (track.x, track.y) = (spot.x, spot.y)
        track.radius = spot.radius
        track.area = spot.area
        tracks[index] = track
    }

    /// Where a thing came into the picture that is at its first place and has just got a velocity.
    ///
    /// The frame before its first sighting did not show it. Nil when it is too slow to have come from the edge since
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

    private mutating func begin(_ spot: Observation, at time: MediaTime, unseenBefore: Double) {
        next += 1
        tracks.append(
            Track(
                id: next,
                x: spot.x,
                y: spot.y,
                radius: spot.radius,
                area: spot.area,
                first: time,
                seen: time,
                box: spot.box,
                unseenBefore: unseenBefore
            )
        )
    }
}

/// Where one frame shows a thing; lengths in pixels of the plane.
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
