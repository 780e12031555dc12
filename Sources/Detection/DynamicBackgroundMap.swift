import CVision

/// Where the picture keeps moving, whatever it is taken for: leaves, water, flags, clocks.
///
/// Kept for squares of pixels, and learnt while an alert runs too: what has been moving in one place for much of half a
/// minute is no intruder, and its deviation is learnt like that of a speck, which raises the threshold there. Whoever
/// crosses such a place must differ by more than it usually does.
struct DynamicBackgroundMap: Sendable {
    /// Sides of a square in pixels.
    private static let side = 4
    /// Seconds over which activity is averaged.
    private static let period = 20.0
    /// Share of a square that has been moving, in the mean, from which on its background is dynamic.
    private static let least: Float = 0.25
    /// One frame stands for at most so many seconds.
    private static let longestStep = 2.0

    private let columns: Int
    private let rows: Int
    /// The mean share of each square that moves; empty while nothing has moved for long.
    private var activity: [Float] = []

    init(width: Int, height: Int) {
        columns = (width + Self.side - 1) / Self.side
        rows = (height + Self.side - 1) / Self.side
    }

    /// Bytes that it keeps of its camera from frame to frame.
    var stateBytes: Int { activity.count * MemoryLayout<Float>.stride }

    /// Takes a frame: foreground whose `age` is 0 moves; `age` is empty when nothing is there.
    mutating func learn(_ foreground: ForegroundMask, age: [UInt8], elapsed: Double) {
        guard !age.isEmpty || !activity.isEmpty else { return }
        let rate = Float(min(1, min(elapsed, Self.longestStep) / Self.period))
        if activity.isEmpty { activity = Array(repeating: 0, count: columns * rows) }
        var moving = [UInt8](repeating: 0, count: columns * rows)
        if !age.isEmpty {
            let (width, height) = (foreground.width, foreground.height)
            cv_count_moving(foreground.mask, age, width, height, foreground.spans, Self.side, &moving)
        }
        if learn(moving, rate: rate) <= 0.001 { activity = [] }
    }

    /// Takes the pixels of each square that move into its mean; the greatest mean.
    ///
    /// Without a branch or a check for each of hundreds of squares, so that many are taken at once.
    private mutating func learn(_ moving: [UInt8], rate: Float) -> Float {
        var greatest: Float = 0
        activity.withUnsafeMutableBufferPointer { activity in
            moving.withUnsafeBufferPointer { moving in
                for index in activity.indices {
                    let share = Float(moving[index]) * (1 / Float(Self.side * Self.side))
                    activity[index] += (share - activity[index]) * rate
                    greatest = max(greatest, activity[index])
                }
            }
        }
        return greatest
    }

    /// Makes specks of the objects in `kinds` (a `CV_` value for each pixel) that lie where the background is dynamic.
    func calm(_ kinds: inout [UInt8], width: Int) {
        for (square, share) in activity.enumerated() where share >= Self.least {
            let top = square / columns * Self.side
            let left = square % columns * Self.side
            for row in top..<min(top + Self.side, kinds.count / width) {
                for index in row * width + left..<row * width + min(left + Self.side, width)
                where kinds[index] == UInt8(CV_OBJECT) {
                    kinds[index] = UInt8(CV_SPECK)
                }
            }
        }
    }
}
