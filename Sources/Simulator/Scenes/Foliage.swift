/// Leaves that wave in the wind: a crown or a hedge on the picture.
struct FoliageLook {
    /// The middle of the crown, as shares of the picture.
    let centre: ScreenPoint
    /// Half its width and height, as shares of the picture.
    let radii: ScreenPoint
    /// How far leaves swing, as a share of the picture's width (0.004 is about 2.5 pixels of 640).
    var swing: Float = 0.004
    /// Swings a second of the slowest wave.
    var rate: Float = 0.35
    /// The colour of a leaf in the light.
    var leaf: Colour = .rgb(104, 136, 66)
    /// Strength of the wind over time, 1 is the full swing.
    var wind: Curve = .constant(1)
    let seed: UInt64
}

/// One crown, painted once and then drawn bent by the wind.
struct Foliage {
    private let look: FoliageLook
    private let box: PixelBox
    private let width: Int
    private let height: Int
    /// Colours times opacity, with the opacity in the fourth lane.
    private let texture: [Colour]
    private let swing: Float

    init(_ look: FoliageLook, size: FrameSize) {
        self.look = look
        let scale = ScreenPoint(Float(size.width), Float(size.height))
        let low = (look.centre - look.radii) * scale
        let high = (look.centre + look.radii) * scale
        width = max(Int(high.x - low.x), 2)
        height = max(Int(high.y - low.y), 2)
        box = PixelBox(left: Int(low.x), top: Int(low.y), right: Int(low.x) + width, bottom: Int(low.y) + height)
        swing = look.swing * scale.x
        texture = Foliage.leaves(look, width: width, height: height, pixelsWide: scale.x)
    }

    private static func leaves(_ look: FoliageLook, width: Int, height: Int, pixelsWide: Float) -> [Colour] {
        let noise = ValueNoise(seed: look.seed)
        let grain = 640 / pixelsWide
        var texture: [Colour] = []
        texture.reserveCapacity(width * height)
        for row in 0..<height {
            for column in 0..<width {
                let x = Float(column) / Float(width) * 2 - 1
                let y = Float(row) / Float(height) * 2 - 1
                let (across, down) = (Float(column) * grain, Float(row) * grain)
                let clump = noise.fractal(across * 0.035, down * 0.035, octaves: 3)
                let leaf = noise.fractal(across * 0.19 + 70, down * 0.23, octaves: 2)
                let fullness = 1 - (x * x + y * y) + (clump - 0.5) * 1.1 + (leaf - 0.5) * 0.9
                let opacity = SceneMath.smoothStep(0.12, 0.3, fullness)
                let light = 0.3 + 0.55 * clump + 0.75 * (leaf - 0.3) - 0.18 * y
                var colour = look.leaf * max(light, 0.12) * opacity
                colour.w = opacity
                texture.append(colour)
            }
        }
        return texture
    }

    /// Draws the crown at a time in seconds.
    func paint(on canvas: Canvas, time: Float) {
        let wind = look.wind.value(at: time) * swing
        let turn = time * look.rate
        let ripple = 6.4 / Float(canvas.width)
        for row in max(box.top, 0)..<max(min(box.bottom, canvas.height), max(box.top, 0)) {
            for column in max(box.left, 0)..<max(min(box.right, canvas.width), max(box.left, 0)) {
                let (x, y) = (Float(column) * ripple, Float(row) * ripple)
                let slow = SceneMath.sine(turn + x * 0.13 + y * 0.07)
                let fast = SceneMath.sine(turn * 2.7 + x * 0.9 - y * 0.6 + slow * 0.2)
                let bendX = wind * (0.75 * slow + 0.45 * fast)
                let bendY = wind * 0.5 * SceneMath.sine(turn * 1.9 + x * 0.5 + y * 0.8)
                let leaf = sample(Float(column - box.left) + bendX, Float(row - box.top) + bendY)
                guard leaf.w > 0.004 else { continue }
                let index = row * canvas.width + column
                canvas.pixels[index] = canvas.pixels[index] * (1 - leaf.w) + leaf
            }
        }
    }

    private func sample(_ x: Float, _ y: Float) -> Colour {
        guard x >= 0, y >= 0, x < Float(width - 1), y < Float(height - 1) else { return .zero }
        let (column, row) = (Int(x), Int(y))
        let (alongX, alongY) = (x - Float(column), y - Float(row))
        let start = row * width + column
        let upper = texture[start].mixed(texture[start + 1], alongX)
        let lower = texture[start + width].mixed(texture[start + width + 1], alongX)
        return upper.mixed(lower, alongY)
    }
}
