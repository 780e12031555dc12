import Flow

/// A rendered picture: planar 4:2:0, 8 bits, studio range.
public struct ScenePicture: Hashable, Sendable {
    /// Width in pixels, even, so that every two columns share a colour.
    public let width: Int
    /// Height in pixels, even for the same reason.
    public let height: Int
    /// Brightness, `width * height` bytes, 16…235.
    public internal(set) var luma: [UInt8]
    /// Blue difference, a quarter as many bytes, 128 is none.
    public internal(set) var cb: [UInt8]
    /// Red difference, a quarter as many bytes, 128 is none.
    public internal(set) var cr: [UInt8]
}

/// How noisy the camera's sensor is.
struct SensorLook {
    /// Standard deviation of the noise in levels, at middle brightness.
    var noise: Float = 2
    /// What dusk and night multiply it with, over time.
    var gain: Curve = .constant(1)
    /// A slow flicker of the exposure, as a share of the brightness.
    var flicker: Float = 0
}

/// Turns the painted canvas into the picture that the camera delivers.
struct Sensor {
    private static let bells = 8192
    private let look: SensorLook
    private let seed: UInt64
    /// Normally distributed numbers, deviation 1.
    private let normal: [Float]

    init(_ look: SensorLook, seed: UInt64) {
        self.look = look
        self.seed = seed
        var random = SplitMix64(seed: seed)
        normal = (0..<Sensor.bells).map { _ in
            var sum: Float = -6
            for _ in 0..<12 { sum += random.unit() }
            return sum
        }
    }

    /// Reads out a canvas: shaken by `shift` pixels, in grey by the share `infrared`, with noise.
    func read(_ canvas: Canvas, shift: ScreenPoint, infrared: Float, time: Float, frame: Int) -> ScenePicture {
        let (width, height) = (canvas.width, canvas.height)
        var picture = ScenePicture(
            width: width,
            height: height,
            luma: [UInt8](repeating: 0, count: width * height),
            cb: [UInt8](repeating: 128, count: width * height / 4),
            cr: [UInt8](repeating: 128, count: width * height / 4)
        )
        let flicker = 1 + look.flicker * SceneMath.sine(time * 2.3) * SceneMath.sine(time * 0.31)
        let noise = look.noise * look.gain.value(at: time) * Float(width > 500 ? 1 : 0.8)
        var random = SplitMix64.mix(seed ^ UInt64(frame) &* 0x9e37_79b9)
        let sampler = ShiftedSampler(canvas: canvas, shift: shift)
        for row in stride(from: 0, to: height, by: 2) {
            for column in stride(from: 0, to: width, by: 2) {
                random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                var bits = random >> 11
                var sum = Colour.zero
                for corner in 0..<4 {
                    let (x, y) = (column + corner & 1, row + corner >> 1)
                    let colour = sampler.colour(x, y) * flicker
                    sum += colour
                    let light = 0.299 * colour.x + 0.587 * colour.y + 0.114 * colour.z
                    let bell = normal[Int(bits & UInt64(Sensor.bells - 1))]
                    bits >>= 13
                    // Dark parts are noisier: there the camera amplifies most.
                    let spread = noise * (1.3 - 0.55 * min(light, 255) / 255)
                    let level = 16 + SceneMath.clamp(light, 0, 255) * (219.0 / 255) + bell * spread
                    picture.luma[y * width + x] = UInt8(SceneMath.clamp(level + 0.5, 0, 255))
                }
                let index = row / 2 * (width / 2) + column / 2
                (picture.cb[index], picture.cr[index]) = Sensor.chroma(sum * 0.25, share: 1 - infrared)
            }
        }
        return picture
    }

    private static func chroma(_ colour: Colour, share: Float) -> (UInt8, UInt8) {
        let held = pointwiseMin(pointwiseMax(colour, .zero), .grey(255))
        let light = 0.299 * held.x + 0.587 * held.y + 0.114 * held.z
        let blue = 128.5 + (held.z - light) * (0.564 * 224 / 255) * share
        let red = 128.5 + (held.x - light) * (0.713 * 224 / 255) * share
        return (UInt8(SceneMath.clamp(blue, 0, 255)), UInt8(SceneMath.clamp(red, 0, 255)))
    }
}

/// Reads a canvas moved by a part of a pixel.
private struct ShiftedSampler {
    private let canvas: Canvas
    private let columnShift: Int
    private let rowShift: Int
    private let alongX: Float
    private let alongY: Float
    private let isStill: Bool

    init(canvas: Canvas, shift: ScreenPoint) {
        self.canvas = canvas
        isStill = shift == .zero
        columnShift = Int(shift.x.rounded(.down))
        rowShift = Int(shift.y.rounded(.down))
        alongX = shift.x - shift.x.rounded(.down)
        alongY = shift.y - shift.y.rounded(.down)
    }

    @inline(__always)
    func colour(_ x: Int, _ y: Int) -> Colour {
        if isStill { return canvas.pixels[y * canvas.width + x] }
        let left = min(max(x + columnShift, 0), canvas.width - 2)
        let top = min(max(y + rowShift, 0), canvas.height - 2)
        let start = top * canvas.width + left
        let upper = canvas.pixels[start].mixed(canvas.pixels[start + 1], alongX)
        let below = start + canvas.width
        let lower = canvas.pixels[below].mixed(canvas.pixels[below + 1], alongX)
        return upper.mixed(lower, alongY)
    }
}
