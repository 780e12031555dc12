/// A closed line of at least three different points; the first point is repeated at the end.
public struct GridRing: Sendable, Hashable {
    /// The points, first and last equal.
    public let points: [GeoPoint]

    /// Makes a ring and checks it.
    ///
    /// - Throws: `CityGridError` with `invalidGeometry` when it is open, too short, out of range or crosses itself.
    public init(_ points: [GeoPoint]) throws(CityGridError) {
        guard points.count >= 4 else {
            throw CityGridError(.invalidGeometry, "a ring has \(points.count) points, it needs 4 or more")
        }
        for point in points {
            let inRange = (-180...180).contains(point.longitude) && (-90...90).contains(point.latitude)
            guard inRange else {
                throw CityGridError(.invalidGeometry, "point \(GridRing.text(point)) is not in degrees")
            }
        }
        guard points.first == points.last else {
            throw CityGridError(
                .invalidGeometry,
                "a ring that begins at \(GridRing.text(points[0])) is not closed; repeat its first point at the end"
            )
        }
        self.points = points
    }

    static func text(_ point: GeoPoint) -> String { "(\(point.longitude), \(point.latitude))" }

    var wellKnownText: String {
        "(" + points.map { "\($0.longitude) \($0.latitude)" }.joined(separator: ",") + ")"
    }
}

/// The boundary of a grid: one or more polygons, each an outer ring and its holes, in WGS-84 degrees.
public struct GridGeometry: Sendable, Hashable {
    /// Rings of each polygon, the outer one first.
    public let polygons: [[GridRing]]

    /// Makes a geometry and checks that no two edges cross.
    ///
    /// - Throws: `CityGridError` with `invalidGeometry` that names where two edges cross.
    public init(polygons: [[GridRing]]) throws(CityGridError) {
        guard !polygons.isEmpty, polygons.allSatisfy({ !$0.isEmpty }) else {
            throw CityGridError(.invalidGeometry, "there is no ring; a boundary needs one or more polygons")
        }
        if let point = EdgeSweep(polygons.flatMap(\.self)).firstCrossing() {
            throw CityGridError(
                .invalidGeometry,
                "its boundary crosses itself near \(GridRing.text(point)); redraw it there"
            )
        }
        self.polygons = polygons
    }

    /// The geometry as OGC well-known text, exact to the last bit of each coordinate.
    public var wellKnownText: String {
        let parts = polygons.map { "(" + $0.map(\.wellKnownText).joined(separator: ",") + ")" }
        return "MULTIPOLYGON(" + parts.joined(separator: ",") + ")"
    }
}

/// Finds two edges that cross or lie on each other, by a sweep over longitude.
struct EdgeSweep {
    private struct Edge {
        let a: GeoPoint
        let b: GeoPoint
        var west: Double { min(a.longitude, b.longitude) }
        var east: Double { max(a.longitude, b.longitude) }
        var south: Double { min(a.latitude, b.latitude) }
        var north: Double { max(a.latitude, b.latitude) }
    }

    private let edges: [Edge]

    init(_ rings: [GridRing]) {
        edges = rings.flatMap { ring in
            zip(ring.points, ring.points.dropFirst()).filter { $0 != $1 }.map { Edge(a: $0, b: $1) }
        }.sorted { $0.west < $1.west }
    }

    /// A point near the first crossing; nil when edges only meet at common ends.
    func firstCrossing() -> GeoPoint? {
        var active: [Edge] = []
        for edge in edges {
            active.removeAll { $0.east < edge.west }
            for other in active where other.south <= edge.north && edge.south <= other.north {
                if let point = crossing(edge, other) { return point }
            }
            active.append(edge)
        }
        return nil
    }

    private func crossing(_ one: Edge, _ two: Edge) -> GeoPoint? {
        let sides = (
            side(two.a, two.b, one.a), side(two.a, two.b, one.b), side(one.a, one.b, two.a), side(one.a, one.b, two.b)
        )
        if sides.0 == 0, sides.1 == 0, sides.2 == 0, sides.3 == 0 {
            return overlap(one, two)
        }
        let properly = sides.0 * sides.1 < 0 && sides.2 * sides.3 < 0
        guard properly else { return nil }
        let share = sides.0 / (sides.0 - sides.1)
        return GeoPoint(
            longitude: one.a.longitude + share * (one.b.longitude - one.a.longitude),
            latitude: one.a.latitude + share * (one.b.latitude - one.a.latitude)
        )
    }

    /// Two edges on one line: they overlap when they share more than one point.
    private func overlap(_ one: Edge, _ two: Edge) -> GeoPoint? {
        let west = max(one.west, two.west)
        let east = min(one.east, two.east)
        let south = max(one.south, two.south)
        let north = min(one.north, two.north)
        let meets = west <= east && south <= north
        return meets && (west < east || south < north) ? GeoPoint(longitude: west, latitude: south) : nil
    }

    /// Square degrees below which three points count as being on one line: about a micrometre beside a street.
    private static let flat = 1e-15

    /// Positive when `point` lies left of the line from `a` to `b`, zero on it.
    private func side(_ a: GeoPoint, _ b: GeoPoint, _ point: GeoPoint) -> Double {
        let area =
            (b.longitude - a.longitude) * (point.latitude - a.latitude)
            - (b.latitude - a.latitude) * (point.longitude - a.longitude)
        return abs(area) < EdgeSweep.flat ? 0 : area
    }
}
