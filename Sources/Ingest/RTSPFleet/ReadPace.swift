/// How often one connection is read, so that what its camera sends fits into the socket's buffer.
///
/// A pure value, told what reads find. Sub-streams are read once in the fleet's interval, which is what makes them cheap.
/// A read that finds more than a third of the buffer used halves the interval, one that finds two thirds goes to the
/// shortest at once. A read that comes late finds more, and that is not the stream's doing: reading more often would only
/// make the loop later still, so there the interval shrinks to what the stream needs by its rate. After ten seconds without
/// pressure it grows back, as long as twice the time would still be less than a third. A new connection begins with the
/// shortest, and grows with every read that finds little once something has come: a main stream begins with a keyframe of
/// half a megabyte.
struct ReadPace: Sendable, Hashable {
    /// Seconds without pressure after which the interval grows back.
    static let calm = 10.0

    /// Seconds between two reads now.
    private(set) var interval: Double
    private let shortest: Double
    private let longest: Double
    /// Bytes that the socket's buffer holds.
    private let capacity: Int
    /// Most seconds by which a read may miss its time, beyond as long again, and still not be late.
    private static let tolerance = 0.05
    private var pressedAt = -Double.infinity
    private var hasBegun = false

    /// Makes the pace of a connection that begins.
    ///
    /// - Parameters:
    ///   - shortest: Seconds between two reads at the least.
    ///   - longest: Seconds between two reads of a stream that is small.
    ///   - capacity: Bytes that the socket's buffer holds.
    init(shortest: Double, longest: Double, capacity: Int) {
        self.shortest = min(shortest, longest)
        self.longest = longest
        self.interval = min(shortest, longest)
        self.capacity = max(1, capacity)
    }

    /// True while the connection is read more often than those of small streams.
    var isHurried: Bool { interval < longest }

    /// Takes what has come since the last read that was due.
    ///
    /// - Parameters:
    ///   - bytes: All of it so far.
    ///   - elapsed: Seconds in which it came: since the read before.
    ///   - now: Monotonic seconds.
    mutating func found(_ bytes: Int, after elapsed: Double, now: Double) {
        guard bytes > capacity / 3 else { return }
        let needed = elapsed * Double(capacity / 3) / Double(bytes)
        guard needed < interval else { return }
        if elapsed > 2 * interval + Self.tolerance {
            interval = max(shortest, needed)
        } else {
            interval = bytes > capacity / 3 * 2 ? shortest : max(shortest, interval / 2)
        }
        pressedAt = now
    }

    /// The next read is due.
    ///
    /// - Parameters:
    ///   - bytes: What has come since the one before.
    ///   - now: Monotonic seconds.
    mutating func due(after bytes: Int, now: Double) {
        hasBegun = hasBegun || bytes > 0
        guard hasBegun, bytes < capacity / 6, now - pressedAt >= Self.calm else { return }
        interval = min(longest, 2 * interval)
    }
}
