import CVision
import Flow

/// A thing that is followed from frame to frame; lengths in pixels of the plane.
struct Track: Sendable, Hashable {
    /// Different for each track of a camera.
    var id: Int
    /// Centre of the thing's box.
    var x: Double
    var y: Double
    /// Pixels a second.
    var velocityX = 0.0
    var velocityY = 0.0
    /// Half of the box's diagonal.
    var radius: Double
    var area: Double
    /// When it was first and last seen.
    var first: MediaTime
    var seen: MediaTime
    /// Frames in which it was seen.
    var sightings = 1
    /// The box as shares of the picture.
    var box: NormalizedRect
    /// True when it joined or left another thing in the last frame: its position has jumped.
    var hasJumped = false
    /// True when the last frame shows it.
    var isSeen = true
}

/// Follows things from frame to frame, each to the nearest one of the next frame that it can have become.
struct Tracker: Sendable {
    /// Pixels a second that a thing may move beyond what is expected of it: a plane's width in little more than a second.
    private static let mostSpeed = 120.0
    /// Seconds of movement that are believed at most, however long ago the last frame was.
    private static let longestStep = 1.0
    /// Seconds for which a thing that is not seen is expected to move on.
    private static let patience = 1.0
    /// Things that are followed at once.
    private static let most = 64
    /// Areas that differ by more than this factor are not the same thing alone.
    private static let jump = 2.0
    /// How fast the velocity follows, per sighting.
    private static let agility = 0.4

    private(set) var tracks: [Track] = []
    private var next = 0

    /// Takes the things of the next frame.
    mutating func follow(_ things: Things, at time: MediaTime, elapsed: Double) {
        let spots = things.spots()
        let step = min(elapsed, Self.longestStep)
        for index in tracks.indices {
            tracks[index].x += tracks[index].velocityX * step
            tracks[index].y += tracks[index].velocityY * step
            tracks[index].isSeen = false
        }
        var free = Set(spots.indices)
        for pair in pairs(spots, step) where !tracks[pair.track].isSeen && free.contains(pair.spot) {
            free.remove(pair.spot)
            join(pair.track, spots[pair.spot], at: time)
        }
        for index in tracks.indices where !tracks[index].isSeen {
            // Hidden in a larger thing it goes on as before.
            if spots.contains(where: { $0.holds(tracks[index]) && $0.area > tracks[index].area }) {
                tracks[index].seen = time
            }
        }
        tracks.removeAll { time.seconds(since: $0.seen) > max(Self.patience, 1.5 * step) }
        for index in free.sorted() where tracks.count < Self.most { begin(spots[index], at: time) }
    }

    private struct Pair {
        var track: Int
        var spot: Int
        var cost: Double
    }

    private func pairs(_ spots: [Spot], _ step: Double) -> [Pair] {
        var found: [Pair] = []
        for (track, known) in tracks.enumerated() {
            for (spot, new) in spots.enumerated() {
                let across = new.x - known.x
                let down = new.y - known.y
                let distance = (across * across + down * down).squareRoot()
                let reach = 2 + known.radius + Self.mostSpeed * step * (known.sightings > 1 ? 0.5 : 1)
                guard distance <= reach else { continue }
                let ratio = max(new.area, known.area) / max(1, min(new.area, known.area))
                found.append(Pair(track: track, spot: spot, cost: distance / reach + 0.2 * min(ratio, 5)))
            }
        }
        return found.sorted { ($0.cost, $0.track, $0.spot) < ($1.cost, $1.track, $1.spot) }
    }

    private mutating func join(_ index: Int, _ spot: Spot, at time: MediaTime) {
        var track = tracks[index]
        let elapsed = max(0.001, time.seconds(since: track.seen))
        let ratio = max(spot.area, track.area) / max(1, min(spot.area, track.area))
        track.hasJumped = ratio > Self.jump
        if !track.hasJumped {
            // `x` and `y` are where it was expected: the rest of the way is what the velocity lacked.
            track.velocityX += (spot.x - track.x) / elapsed * Self.agility
            track.velocityY += (spot.y - track.y) / elapsed * Self.agility
            if track.sightings == 1 {
                track.velocityX /= Self.agility
                track.velocityY /= Self.agility
            }
        }
        (track.x, track.y) = (spot.x, spot.y)
        track.radius = spot.radius
        track.area = spot.area
        track.box = spot.box
        track.seen = time
        track.sightings += 1
        track.isSeen = true
        tracks[index] = track
    }

    private mutating func begin(_ spot: Spot, at time: MediaTime) {
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
                box: spot.box
            )
        )
    }
}

/// Where one frame shows a thing; lengths in pixels of the plane.
struct Spot {
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

    /// Whether the centre of a track is within the box.
    func holds(_ track: Track) -> Bool {
        track.x >= left && track.x <= right && track.y >= top && track.y <= bottom
    }
}
