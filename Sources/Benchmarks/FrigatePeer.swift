internal import Flow

/// Difference to a slowly moving average of the contrast-stretched, smoothed picture; contours of some size.
///
/// Defaults: 5 pictures a second, threshold 30, contour area 10 at a height of 100, lightning from 80 % of the picture,
/// average by 0.01 (0.2 while it calibrates), held back for 10 pictures of motion.
struct FrigatePeer: PeerDetector {
    static let interval = 0.2

    private static let slots = 50
    private let width: Int
    private let height: Int
    private var average: [Float]
    private var ranges = [(low: Double, high: Double)](repeating: (0, 255), count: slots)
    private var slot = 0
    private var motionFrames = 0
    private var isCalibrating = true

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        average = Array(repeating: 0, count: width * height)
    }

    var stateBytes: Int { average.count * 4 + Self.slots * 16 }

    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool {
        let picture = smoothed(stretched(plane.pixels))
        var mask = [Bool](repeating: false, count: picture.count)
        for index in picture.indices { mask[index] = abs(picture[index] - average[index]) > 30 }
        let blobs = PixelWork.blobs(PixelWork.dilated(mask, width), width, area, isDiagonal: true)
        let needed = 10.0 * Double(height) / 100
        let moving = blobs.filter { $0.contourArea > needed }
        let share = blobs.reduce(0) { $0 + $1.contourArea } / Double(width * height)
        if share < 0.05, moving.count <= 4 { isCalibrating = false }
        if isCalibrating || share > 0.8 { isCalibrating = true }
        let alpha: Float = isCalibrating ? 0.2 : 0.01
        motionFrames = moving.isEmpty ? 0 : motionFrames + 1
        if moving.isEmpty || motionFrames >= 10 {
            for index in picture.indices { average[index] += alpha * (picture[index] - average[index]) }
        }
        return !isCalibrating && moving.contains(where: \.isWatched)
    }

    /// Stretches the contrast to the mean of the last 50 ranges of 4 to 96 %.
    private mutating func stretched(_ pixels: [UInt8]) -> [Float] {
        var histogram = [Int](repeating: 0, count: 256)
        for pixel in pixels { histogram[Int(pixel)] += 1 }
        func level(_ share: Double) -> Double {
            var left = Int(share * Double(pixels.count))
            for (level, count) in histogram.enumerated() {
                left -= count
                if left < 0 { return Double(level) }
            }
            return 255
        }
        let (low, high) = (level(0.04), level(0.96))
        if low < high {
            ranges[slot] = (low, high)
            slot = (slot + 1) % Self.slots
        }
        let from = Float(ranges.reduce(0) { $0 + $1.low } / Double(Self.slots))
        let to = Float(ranges.reduce(0) { $0 + $1.high } / Double(Self.slots))
        let scale = 255 / max(1, to - from)
        return pixels.map { min(255, max(0, (Float($0) - from) * scale)) }
    }

    /// A Gaussian of sigma 1 over 3 by 3 pixels.
    private func smoothed(_ pixels: [Float]) -> [Float] {
        let (side, middle): (Float, Float) = (0.274, 0.452)
        var across = pixels
        for index in pixels.indices {
            let column = index % width
            let left = pixels[column > 0 ? index - 1 : index]
            let right = pixels[column < width - 1 ? index + 1 : index]
            across[index] = side * left + middle * pixels[index] + side * right
        }
        var result = across
        for index in across.indices {
            let above = across[index >= width ? index - width : index]
            let below = across[index + width < across.count ? index + width : index]
            result[index] = side * above + middle * across[index] + side * below
        }
        return result
    }
}
