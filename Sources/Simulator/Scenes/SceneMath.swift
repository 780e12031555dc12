import Flow

/// Arithmetic of the renderer: only `+ - * /`, square roots and tables, which round alike on every machine.
///
/// The C library's sine may differ in the last bit between processors, so it is not used.
enum SceneMath {
    private static let tableSize = 4096

    /// One turn of a sine, computed once with a Taylor polynomial.
    private static let sineTable: [Float] = (0..<tableSize).map { index in
        var turn = Double(index) / Double(tableSize)
        var sign = 1.0
        if turn >= 0.5 {
            turn -= 0.5
            sign = -1
        }
        let angle = (turn > 0.25 ? 0.5 - turn : turn) * 6.283185307179586
        let square = angle * angle
        var term = angle
        var sum = angle
        for step in stride(from: 2.0, through: 14.0, by: 2.0) {
            term *= -square / (step * (step + 1))
            sum += term
        }
        return Float(sign * sum)
    }

    /// Sine of an angle in turns (1 = a full circle); any value below about a million turns.
    static func sine(_ turns: Float) -> Float {
        let index = Int((turns * Float(tableSize)).rounded(.down)) & (tableSize - 1)
        return sineTable[index]
    }

    /// Cosine of an angle in turns.
    static func cosine(_ turns: Float) -> Float {
        sine(turns + 0.25)
    }

    /// `value` held inside `low`…`high`.
    static func clamp(_ value: Float, _ low: Float = 0, _ high: Float = 1) -> Float {
        min(max(value, low), high)
    }

    /// 0 below `low`, 1 above `high`, a smooth ramp between.
    static func smoothStep(_ low: Float, _ high: Float, _ value: Float) -> Float {
        let share = clamp((value - low) / (high - low))
        return share * share * (3 - 2 * share)
    }

    /// The part of `value` past its last whole multiple of `period`, 0..<`period`.
    static func wrap(_ value: Float, _ period: Float) -> Float {
        value - (value / period).rounded(.down) * period
    }
}

/// A colour as red, green and blue of 0…255; the fourth lane is unused or an opacity of 0…1.
typealias Colour = SIMD4<Float>

extension SIMD4<Float> {
    /// A colour with the same value in red, green and blue.
    static func grey(_ value: Float) -> Colour {
        Colour(value, value, value, 0)
    }

    /// A colour of three parts, 0…255.
    static func rgb(_ red: Float, _ green: Float, _ blue: Float) -> Colour {
        Colour(red, green, blue, 0)
    }

    /// The way from this colour to `other`: 0 is this one, 1 the other.
    func mixed(_ other: Colour, _ share: Float) -> Colour {
        self + (other - self) * share
    }
}

/// Smooth random hills over the plane, repeatable from a seed; the base of every texture.
struct ValueNoise {
    private let lattice: [Float]

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        lattice = (0..<65_536).map { _ in random.unit() }
    }

    /// The hill height at a place: 0…1, smooth, hills about one unit wide.
    func value(_ x: Float, _ y: Float) -> Float {
        let left = x.rounded(.down)
        let top = y.rounded(.down)
        let column = Int(left)
        let row = Int(top)
        let alongX = x - left
        let alongY = y - top
        let shareX = alongX * alongX * (3 - 2 * alongX)
        let shareY = alongY * alongY * (3 - 2 * alongY)
        let upper = point(column, row) + (point(column + 1, row) - point(column, row)) * shareX
        let lower = point(column, row + 1) + (point(column + 1, row + 1) - point(column, row + 1)) * shareX
        return upper + (lower - upper) * shareY
    }

    /// Hills on hills: `octaves` layers, each twice as fine and half as high; 0…1 around 0.5.
    func fractal(_ x: Float, _ y: Float, octaves: Int) -> Float {
        var sum: Float = 0
        var weight: Float = 0.5
        var total: Float = 0
        var scale: Float = 1
        for octave in 0..<octaves {
            let shift = Float(octave) * 37.3
            sum += weight * value(x * scale + shift, y * scale - shift)
            total += weight
            weight *= 0.5
            scale *= 2
        }
        return sum / total
    }

    private func point(_ column: Int, _ row: Int) -> Float {
        lattice[(column & 255) | ((row & 255) << 8)]
    }
}

/// A number that changes over the clip: straight lines through points in time, held before and after them.
struct Curve {
    /// One point: seconds from the first frame, and the value there.
    typealias Point = (time: Float, value: Float)

    private let points: [Point]

    init(_ points: Point...) {
        self.points = points
    }

    /// Points in order of time.
    init(_ points: [Point]) {
        self.points = points
    }

    /// A number that never changes.
    static func constant(_ value: Float) -> Curve {
        Curve((0, value))
    }

    /// The value at a time in seconds.
    func value(at time: Float) -> Float {
        guard let first = points.first, let last = points.last else { return 0 }
        if time <= first.time { return first.value }
        if time >= last.time { return last.value }
        for (from, to) in zip(points, points.dropFirst()) where time < to.time {
            return from.value + (to.value - from.value) * (time - from.time) / (to.time - from.time)
        }
        return last.value
    }
}
