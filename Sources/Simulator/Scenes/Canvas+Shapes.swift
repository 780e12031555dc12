extension Canvas {
    /// Fills a convex polygon with an edge that fades over `softness` pixels.
    func fill(_ corners: [ScreenPoint], _ ink: Ink, softness: Float = 1.4) {
        guard let first = corners.first, corners.count > 2 else { return }
        var low = first
        var high = first
        var area: Float = 0
        for (index, corner) in corners.enumerated() {
            low = pointwiseMin(low, corner)
            high = pointwiseMax(high, corner)
            let next = corners[(index + 1) % corners.count]
            area += corner.x * next.y - next.x * corner.y
        }
        let box = self.box(low: low, high: high, margin: softness)
        guard !box.isEmpty, area != 0 else { return }
        willMark(box)
        let edges = Canvas.edges(corners, inward: area > 0 ? 1 : -1)
        let sharpness = 1 / softness
        for row in box.top..<box.bottom {
            let y = Float(row) + 0.5
            for column in box.left..<box.right {
                let x = Float(column) + 0.5
                var inside: Float = .greatestFiniteMagnitude
                for edge in edges {
                    inside = min(inside, edge.x * x + edge.y * y + edge.z)
                }
                let coverage = SceneMath.clamp(inside * sharpness + 0.5)
                if coverage > 0 { put(row * width + column, ink, coverage: coverage) }
            }
        }
    }

    /// Each edge as (a, b, c): `a x + b y + c` is the distance to it in pixels, above 0 inside.
    private static func edges(_ corners: [ScreenPoint], inward: Float) -> [SIMD3<Float>] {
        var edges: [SIMD3<Float>] = []
        for (index, corner) in corners.enumerated() {
            let next = corners[(index + 1) % corners.count]
            let along = next - corner
            let length = (along.x * along.x + along.y * along.y).squareRoot()
            guard length > 1e-4 else { continue }
            let normal = ScreenPoint(-along.y, along.x) * (inward / length)
            edges.append(SIMD3(normal.x, normal.y, -(normal.x * corner.x + normal.y * corner.y)))
        }
        return edges
    }

    /// A thick line with round ends, `radius` pixels to each side, brighter on one side by `shading` (0 is flat).
    func stroke(
        _ from: ScreenPoint,
        _ to: ScreenPoint,
        radius: Float,
        _ ink: Ink,
        shading: Float = 0,
        softness: Float = 1.4
    ) {
        let box = self.box(low: pointwiseMin(from, to), high: pointwiseMax(from, to), margin: radius + softness)
        guard !box.isEmpty else { return }
        willMark(box)
        let along = to - from
        let square = max(along.x * along.x + along.y * along.y, 1e-6)
        let sharpness = 1 / softness
        for row in box.top..<box.bottom {
            for column in box.left..<box.right {
                let place = ScreenPoint(Float(column) + 0.5, Float(row) + 0.5) - from
                let share = SceneMath.clamp((place.x * along.x + place.y * along.y) / square)
                let off = place - along * share
                let distance = (off.x * off.x + off.y * off.y).squareRoot()
                let coverage = SceneMath.clamp((radius - distance) * sharpness + 0.5)
                guard coverage > 0 else { continue }
                let light = 1 + shading * (off.x - off.y) / max(radius, 0.5)
                put(row * width + column, Ink(colour: ink.colour * light, opacity: ink.opacity), coverage: coverage)
            }
        }
    }

    /// A disc or upright ellipse whose edge fades over `softness` pixels.
    func ellipse(_ centre: ScreenPoint, radii: ScreenPoint, _ ink: Ink, softness: Float = 1.4) {
        let box = self.box(low: centre - radii, high: centre + radii, margin: softness)
        guard !box.isEmpty else { return }
        willMark(box)
        let size = max(min(radii.x, radii.y), 0.3)
        for row in box.top..<box.bottom {
            for column in box.left..<box.right {
                let place =
                    (ScreenPoint(Float(column) + 0.5, Float(row) + 0.5) - centre)
                    / pointwiseMax(
                        radii,
                        ScreenPoint(0.3, 0.3)
                    )
                let distance = (place.x * place.x + place.y * place.y).squareRoot()
                let coverage = SceneMath.clamp((1 - distance) * size / softness + 0.5)
                if coverage > 0 { put(row * width + column, ink, coverage: coverage) }
            }
        }
    }

    /// A glow that is brightest in the middle and fades to nothing at `radius` pixels.
    func glow(_ centre: ScreenPoint, radius: Float, _ colour: Colour) {
        let box = self.box(low: centre, high: centre, margin: radius)
        guard !box.isEmpty else { return }
        for row in box.top..<box.bottom {
            for column in box.left..<box.right {
                let place = ScreenPoint(Float(column) + 0.5, Float(row) + 0.5) - centre
                let share = (place.x * place.x + place.y * place.y) / (radius * radius)
                guard share < 1 else { continue }
                put(row * width + column, .light(colour), coverage: (1 - share) * (1 - share))
            }
        }
    }
}
