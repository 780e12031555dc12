internal import Flow

/// Difference to a reference above a noise level that tunes itself, despeckled, labelled.
///
/// Its defaults: 15 pictures a second, threshold 1500 of 640 by 480 pixels, noise level 32 tuned while idle, despeckle
/// `EedDl`, no light switch, static objects absorbed after 10 s.
struct MotionPeer: PeerDetector {
    static let interval = 1.0 / 15

    private static let rate = 15.0
    private let width: Int
    private let threshold: Int
    private var reference: [UInt8] = []
    private var still: [UInt16]
    private var noise = 32
    private var frames = 0

    init(width: Int, height: Int) {
        self.width = width
        threshold = 1500 * width * height / (640 * 480)
        still = Array(repeating: 0, count: width * height)
    }

    var stateBytes: Int { reference.count + still.count * 2 }

    mutating func alarms(_ plane: LumaPlane, in area: WatchedArea) -> Bool {
        guard !reference.isEmpty else {
            reference = plane.pixels
            return false
        }
        frames += 1
        var mask = [Bool](repeating: false, count: plane.pixels.count)
        var quiet = (sum: 0, count: 0)
        for index in mask.indices where area.isInside[index] {
            let difference = abs(Int(plane.pixels[index]) - Int(reference[index]))
            mask[index] = difference > noise
            if !mask[index] { quiet = (quiet.sum + difference + 1, quiet.count + 1) }
        }
        let amount = despeckled(mask, area)
        update(plane.pixels, mask)
        let isMoving = amount > threshold
        if !isMoving, quiet.count > 0 { noise = 4 + (noise + 3 * quiet.sum / quiet.count) / 2 }
        // It is blind while it starts.
        return isMoving && Double(frames) > 2 * Self.rate
    }

    /// Erodes by a square and a cross, dilates by a cross and a square, and sums up groups above the threshold.
    private func despeckled(_ mask: [Bool], _ area: WatchedArea) -> Int {
        var mask = PixelWork.eroded(mask, width)
        mask = PixelWork.eroded(mask, width, isCross: true)
        mask = PixelWork.dilated(mask, width, isCross: true)
        mask = PixelWork.dilated(mask, width)
        let blobs = PixelWork.blobs(mask, width, area, isDiagonal: false)
        return blobs.filter { $0.count > threshold }.reduce(0) { $0 + $1.count }
    }

    private mutating func update(_ pixels: [UInt8], _ mask: [Bool]) {
        let limit = UInt16(10 * Self.rate)
        for index in pixels.indices {
            let difference = abs(Int(pixels[index]) - Int(reference[index]))
            if difference * 5 > noise {
                if still[index] > limit {
                    reference[index] = pixels[index]
                    still[index] = 0
                } else if mask[index] || still[index] > 0 {
                    still[index] += 1
                } else {
                    reference[index] = UInt8((Int(reference[index]) + Int(pixels[index])) / 2)
                }
            } else {
                reference[index] = pixels[index]
                still[index] = 0
            }
        }
    }
}
