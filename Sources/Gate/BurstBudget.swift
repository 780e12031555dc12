public import Flow

/// How many pictures an owner of many cameras may still decode in bursts: a bucket that fills with time.
///
/// Keyframes are never refused; bursts give way first when there is more to see than time to look.
public struct BurstBudget: Sendable {
    /// Pictures a second that it fills with.
    public let rate: Double
    /// Pictures that it holds at most.
    public let capacity: Double
    /// Bursts refused so far.
    public private(set) var refused = 0
    private var level: Double
    private var filled: MediaTime?

    /// Makes a full bucket.
    ///
    /// - Parameters:
    ///   - rate: Pictures a second; a burst picture costs about a fifth of a keyframe.
    ///   - capacity: Pictures that may be decoded at once after a quiet time.
    public init(rate: Double, capacity: Double) {
        self.rate = max(0, rate)
        self.capacity = max(0, capacity)
        level = self.capacity
    }

    /// Whether there is enough left for a burst; when not, it is counted.
    ///
    /// - Parameters:
    ///   - pictures: Its pictures.
    ///   - time: Now, on any clock that is the same for all cameras of the owner.
    /// - Returns: True when there is.
    public mutating func hasRoom(for pictures: Int, at time: MediaTime) -> Bool {
        if let filled, time > filled {
            level = min(capacity, level + time.seconds(since: filled) * rate)
        }
        if filled.map({ time > $0 }) ?? true { filled = time }
        guard level >= Double(pictures) else {
            refused += 1
            return false
        }
        return true
    }

    /// Takes a burst out of the bucket.
    ///
    /// - Parameters:
    ///   - pictures: Its pictures.
    ///   - time: Now, on the clock of `hasRoom`.
    /// - Returns: False when there is not enough left; nothing is taken then, and it is counted.
    public mutating func take(_ pictures: Int, at time: MediaTime) -> Bool {
        guard hasRoom(for: pictures, at: time) else { return false }
        level -= Double(pictures)
        return true
    }
}
