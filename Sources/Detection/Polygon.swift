import Flow

/// Tells whether corners bound a region, before anything is rasterised from them.
enum Polygon {
    /// Why `points` do not bound a region; nil when they do.
    static func problem(of points: [NormalizedPoint]) -> String? {
        guard points.count >= 3 else { return "has \(points.count) points; a region needs at least 3" }
        guard abs(signedArea(points)) > 1e-9 else { return "has no area" }
        for first in points.indices {
            for second in points.indices where second > first + 1 {
                if first == 0, second == points.count - 1 { continue }
                if crosses(edge(points, first), edge(points, second)) {
                    return "crosses itself: the edge from point \(first + 1) and the edge from point \(second + 1) meet"
                }
            }
        }
        return nil
    }

    private typealias Edge = (from: NormalizedPoint, to: NormalizedPoint)

    private static func edge(_ points: [NormalizedPoint], _ index: Int) -> Edge {
        (points[index], points[(index + 1) % points.count])
    }

    private static func signedArea(_ points: [NormalizedPoint]) -> Double {
        var doubled = 0.0
        for index in points.indices {
            let (from, to) = edge(points, index)
            doubled += from.x * to.y - to.x * from.y
        }
        return doubled / 2
    }

    /// True when the edges have a point in common that is inside both.
    ///
    /// Touching ends are allowed.
    private static func crosses(_ first: Edge, _ second: Edge) -> Bool {
        let a = side(of: second.from, first) * side(of: second.to, first)
        let b = side(of: first.from, second) * side(of: first.to, second)
        return a < 0 && b < 0
    }

    /// Positive on one side of the line through the edge, negative on the other.
    private static func side(of point: NormalizedPoint, _ edge: Edge) -> Double {
        (edge.to.x - edge.from.x) * (point.y - edge.from.y) - (edge.to.y - edge.from.y) * (point.x - edge.from.x)
    }
}
