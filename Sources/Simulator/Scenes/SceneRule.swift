internal import Flow

/// One rule that a sample clip is labelled for.
public struct SceneRule: Sendable {
    /// What the rule asks for; the names of the label format.
    public enum Kind: String, Sendable, Codable {
        case intrusion
        case line
        case stationary
        case crowd
        case tamper
        case quiet
    }

    /// Direction of movement on the picture that a line counts.
    enum Direction: String, Sendable, Codable {
        case up, down, left, right
    }

    /// The rule's name in its clip.
    public let id: String
    /// What the rule asks for, by the names of label files.
    public let kind: Kind
    /// Corners of the region, or the two ends of the line.
    private(set) var points: [NormalizedPoint]
    private(set) var direction: Direction?
    private(set) var minSeconds: Double?
    private(set) var minCount: Int?

    private init(_ id: String, _ kind: Kind, _ points: [(Double, Double)]) {
        self.id = id
        self.kind = kind
        self.points = points.map { NormalizedPoint(x: $0.0, y: $0.1) }
    }

    /// Someone or something is in the region.
    static func intrusion(_ id: String, _ corners: (Double, Double)...) -> SceneRule {
        SceneRule(id, .intrusion, corners)
    }

    /// Nothing to report in the region, whatever the weather does.
    static func quiet(_ id: String, _ corners: (Double, Double)...) -> SceneRule {
        SceneRule(id, .quiet, corners)
    }

    /// Something stands in the region for at least `minSeconds`.
    static func stationary(_ id: String, _ minSeconds: Double, _ corners: (Double, Double)...) -> SceneRule {
        var rule = SceneRule(id, .stationary, corners)
        rule.minSeconds = minSeconds
        return rule
    }

    /// At least `minCount` people are in the region.
    static func crowd(_ id: String, _ minCount: Int, _ corners: (Double, Double)...) -> SceneRule {
        var rule = SceneRule(id, .crowd, corners)
        rule.minCount = minCount
        return rule
    }

    /// Someone crosses the line from `first` to `second` in a direction.
    static func line(
        _ id: String,
        _ direction: Direction,
        from first: (Double, Double),
        to second: (Double, Double)
    ) -> SceneRule {
        var rule = SceneRule(id, .line, [first, second])
        rule.direction = direction
        return rule
    }

    /// The corners on the picture of an area on the ground, given in metres (x to the right, z away).
    func onGround(_ camera: SceneCamera) -> SceneRule {
        var rule = self
        rule.points = points.map { point in
            let place = camera.project(WorldPoint(Float(point.x), 0, Float(point.y)))
            let x = Double(place.x) / Double(camera.width)
            let y = Double(place.y) / Double(camera.height)
            return NormalizedPoint(x: SceneRule.held(x), y: SceneRule.held(y))
        }
        return rule
    }

    /// The same place with nothing to report; a line becomes the whole picture.
    var expectingNothing: SceneRule {
        points.count > 2 ? SceneRule(id, .quiet, points.map { ($0.x, $0.y) }) : .quietView
    }

    /// A share held inside the picture, to a thousandth.
    private static func held(_ share: Double) -> Double {
        (min(max(share, 0), 1) * 1000).rounded() / 1000
    }

    /// The lens is covered.
    static let tamper = SceneRule("view", .tamper, [(0, 0), (1, 0), (1, 1), (0, 1)])

    /// The whole picture stays quiet.
    static let quietView = SceneRule("view", .quiet, [(0, 0), (1, 0), (1, 1), (0, 1)])
}

/// Which pixels of a picture lie in a region.
struct RegionMask {
    let width: Int
    /// 1 inside, row by row.
    private let inside: [UInt8]

    /// Marks the pixels whose centres lie inside the polygon (even-odd).
    init(_ corners: [NormalizedPoint], size: FrameSize) {
        width = size.width
        var inside = [UInt8](repeating: 0, count: size.width * size.height)
        for row in 0..<size.height {
            let y = (Double(row) + 0.5) / Double(size.height)
            for column in 0..<size.width {
                let x = (Double(column) + 0.5) / Double(size.width)
                if RegionMask.contains(corners, x: x, y: y) { inside[row * size.width + column] = 1 }
            }
        }
        self.inside = inside
    }

    /// Whether the pixel is in the region.
    subscript(index: Int) -> Bool { inside[index] == 1 }

    /// Whether a place, in shares of the picture, lies inside the polygon (even-odd).
    static func contains(_ corners: [NormalizedPoint], x: Double, y: Double) -> Bool {
        guard var from = corners.last else { return false }
        var isInside = false
        for to in corners {
            if (from.y > y) != (to.y > y), x < (to.x - from.x) * (y - from.y) / (to.y - from.y) + from.x {
                isInside.toggle()
            }
            from = to
        }
        return isInside
    }
}
