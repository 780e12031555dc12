import CVision
import Flow

/// How good a camera's picture is: scores from 0 (useless) to 100 (nothing to complain of).
///
/// Measured on the small grey picture: what disturbs detection, and what an operator would send somebody out for.
public struct ImageQuality: Sendable, Hashable, Codable {
    /// Enough light: 0 when even the lightest parts are nearly black.
    public var dark: Int
    /// Not blinded or overexposed: 0 when half of the picture is white.
    public var bright: Int
    /// Difference between light and dark parts.
    public var contrast: Int
    /// In focus, through a clean lens: 0 when the steepest edges are flat.
    public var sharpness: Int
    /// Colours that do not all lean one way; 100 for a grey picture.
    public var colour: Int
    /// Little sensor noise: 0 when a still pixel strays by 12 grey levels.
    public var noise: Int
    /// Little that moves all the time, as leaves, water and flags do: where they are, only what is strong is found.
    public var calm: Int
    /// Not the same picture, bit by bit, again and again.
    public var freeze: Int

    /// Where a measure gives 0 and where it gives 100.
    private enum Scale {
        /// Grey level that a twentieth of the picture exceeds.
        static let dark = (worst: 20.0, best: 70.0)
        /// Share of the picture that is white.
        static let bright = (worst: 0.5, best: 0.05)
        /// Grey levels between the darkest and the lightest twentieth.
        static let contrast = (worst: 6.0, best: 60.0)
        /// Gradient that a twentieth of the picture exceeds, over that difference.
        static let sharpness = (worst: 0.08, best: 0.35)
        /// Distance of the mean colour from grey: a meadow in the sun has about 10.
        static let colour = (worst: 40.0, best: 18.0)
        /// Usual deviation of a pixel, grey levels.
        static let noise = (worst: 12.0, best: 3.0)
        /// Share of the picture that moves all the time.
        static let calm = (worst: 0.3, best: 0.02)
    }

    /// Same pictures in a row from which on the picture counts as frozen.
    static let frozenAfter = 3
    /// Grey level from which on a pixel counts as white.
    private static let white = 250
    /// Grey levels of difference that keep the sharpness of flat pictures calm.
    private static let leastSpread = 20.0

    /// Measures a picture.
    ///
    /// - Parameters:
    ///   - plane: the picture.
    ///   - deviation: usual deviation of a pixel in grey levels, as detection has learnt it.
    ///   - dynamicShare: share of the picture that moves all the time, as detection has learnt it.
    ///   - sames: how many pictures in a row were the same as the one before.
    init(_ plane: LumaPlane, deviation: Double, dynamicShare: Double, sames: Int) {
        var greys = [Int](repeating: 0, count: 256)
        for pixel in plane.pixels { greys[Int(pixel)] += 1 }
        let total = plane.pixels.count
        let low = Self.level(greys, share: 0.05, of: total)
        let high = Self.level(greys, share: 0.95, of: total)
        let white = Double(greys[Self.white...].reduce(0, +)) / Double(total)
        var gradient = [UInt8](repeating: 0, count: total)
        cv_gradient(plane.pixels, plane.width, plane.height, nil, &gradient)
        var slopes = [Int](repeating: 0, count: 256)
        for slope in gradient { slopes[Int(slope)] += 1 }
        let edge = Self.level(slopes, share: 0.95, of: total)
        dark = Self.score(high, Scale.dark)
        bright = Self.score(white, Scale.bright)
        contrast = Self.score(high - low, Scale.contrast)
        sharpness = Self.score(edge / max(Self.leastSpread, high - low), Scale.sharpness)
        colour = Self.score(plane.tint, Scale.colour)
        noise = Self.score(deviation, Scale.noise)
        calm = Self.score(dynamicShare, Scale.calm)
        freeze = sames >= Self.frozenAfter ? 0 : 100
    }

    private static func level(_ counts: [Int], share: Double, of total: Int) -> Double {
        var seen = 0
        for (level, count) in counts.enumerated() {
            seen += count
            if Double(seen) >= share * Double(total) { return Double(level) }
        }
        return 255
    }

    private static func score(_ value: Double, _ scale: (worst: Double, best: Double)) -> Int {
        Int((100 * min(1, max(0, (value - scale.worst) / (scale.best - scale.worst)))).rounded())
    }
}
