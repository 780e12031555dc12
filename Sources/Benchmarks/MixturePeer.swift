internal import Flow

/// A mixture of up to three Gaussians for each pixel; what fits none of the usual ones is foreground.
///
/// As in MOG2: history 500, variance threshold 16, first variance 15 within 4 to 75, background share 0.9, complexity
/// reduction 0.05. The foreground is opened by 3 by 3; a group of 0.4 % of the watched pixels alarms, the same share that
/// our own default asks for.
struct MixturePeer: PeerDetector {
    static let interval = 0.0

    private struct Gaussian {
        var weight: Float = 0
        var mean: Float = 0
        var variance: Float = 15
    }

    private static let modes = 3
    private let width: Int
    private var models: [Gaussian]
    private var frames = 0

    init(width: Int, height: Int) {
        self.width = width
        models = Array(repeating: Gaussian(), count: width * height * Self.modes)
    }

    var stateBytes: Int { models.count * MemoryLayout<Gaussian>.stride }

    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool {
        frames += 1
        let rate = 1 / Float(min(2 * frames, 500))
        var mask = [Bool](repeating: false, count: plane.pixels.count)
        for index in mask.indices {
            let isForeground = learn(index, Float(plane.pixels[index]), rate)
            mask[index] = isForeground && area.isInside[index]
        }
        let opened = PixelWork.dilated(PixelWork.eroded(mask, width), width)
        let needed = max(3, Int(0.004 * Double(area.count)))
        return PixelWork.blobs(opened, width, area, isDiagonal: true).contains { $0.count >= needed }
    }

    /// Teaches a pixel's models a value; whether it is foreground.
    private mutating func learn(_ index: Int, _ value: Float, _ rate: Float) -> Bool {
        let base = index * Self.modes
        var isBackground = false
        var hasMatch = false
        var before: Float = 0
        for mode in base..<base + Self.modes where models[mode].weight > 0 {
            let distance = value - models[mode].mean
            let fits = !hasMatch && distance * distance < 16 * models[mode].variance
            if fits, before < 0.9 { isBackground = true }
            before += models[mode].weight
            models[mode].weight += rate * ((fits ? 1 : 0) - models[mode].weight) - rate * 0.05
            guard fits else { continue }
            hasMatch = true
            let step = rate / max(models[mode].weight, rate)
            models[mode].mean += step * distance
            models[mode].variance += step * (distance * distance - models[mode].variance)
            models[mode].variance = min(75, max(4, models[mode].variance))
        }
        if !hasMatch {
            models[base + Self.modes - 1] = Gaussian(weight: max(rate, 0.0001), mean: value)
        }
        order(base)
        return !isBackground
    }

    /// Sorts by weight, drops what has none, and makes the weights sum up to 1.
    private mutating func order(_ base: Int) {
        var kept = models[base..<base + Self.modes].filter { $0.weight > 0 }
        kept.sort { $0.weight > $1.weight }
        let sum = kept.reduce(0) { $0 + $1.weight }
        for mode in 0..<Self.modes {
            models[base + mode] = mode < kept.count ? kept[mode] : Gaussian()
            if sum > 0 { models[base + mode].weight /= sum }
        }
    }
}
