/// Which cameras worker processes died on, and who is kept away from them for a while.
///
/// A pure value on monotonic seconds, bounded: of more cameras than `limit` it forgets the one whose last strike is oldest.
public struct StrikeBook<Key: Hashable & Sendable>: Sendable {
    /// Most cameras with strikes that are remembered.
    public static var limit: Int { 4096 }

    private struct Entry {
        var strikes: [Double] = []
        var quarantines = 0
        var until = -Double.infinity
        var last = 0.0
    }

    /// Strikes that lead to quarantine.
    public let strikes: Int
    /// Within how many seconds.
    public let within: Double
    /// Length of the first quarantine in seconds; each further one is twice as long, up to `longestQuarantine`.
    public let quarantine: Double
    /// Longest quarantine in seconds; after as long without a strike a camera's past is forgotten.
    public let longestQuarantine: Double

    private var entries: [Key: Entry] = [:]

    /// Makes an empty book.
    public init(
        strikes: Int = 3,
        within: Double = 600,
        quarantine: Double = 3600,
        longestQuarantine: Double = 24 * 3600
    ) {
        self.strikes = min(max(1, strikes), 100)
        self.within = max(1, within)
        self.quarantine = max(1, quarantine)
        self.longestQuarantine = max(self.quarantine, longestQuarantine)
    }

    /// Cameras with strikes.
    public var count: Int { entries.count }

    /// Gives a camera a strike: a worker died while it worked on its stream.
    ///
    /// - Returns: Until when the camera goes to quarantine; nil when it does not (or is there already).
    public mutating func strike(_ key: Key, now: Double) -> Double? {
        makeRoom(for: key, now: now)
        var entry = entries[key] ?? Entry()
        defer { entries[key] = entry }
        if now - entry.last > longestQuarantine { entry = Entry() }
        entry.last = now
        guard entry.until <= now else { return nil }
        entry.strikes.removeAll { $0 <= now - within }
        entry.strikes.append(now)
        guard entry.strikes.count >= strikes else { return nil }
        let factor = Double(UInt64(1) << UInt64(min(entry.quarantines, 20)))
        entry.quarantines += 1
        entry.strikes = []
        entry.until = now + min(quarantine * factor, longestQuarantine)
        return entry.until
    }

    /// Until when a camera is in quarantine; nil when it is not.
    public func quarantinedUntil(_ key: Key, now: Double) -> Double? {
        guard let until = entries[key]?.until, until > now else { return nil }
        return until
    }

    /// Cameras that are in quarantine, for a worker that starts.
    public func quarantined(now: Double) -> [Key: Double] {
        entries.compactMapValues { $0.until > now ? $0.until : nil }
    }

    /// A person lets the camera go: its strikes and quarantines are forgotten.
    public mutating func release(_ key: Key) {
        entries[key] = nil
    }

    private mutating func makeRoom(for key: Key, now: Double) {
        guard entries[key] == nil, entries.count >= Self.limit else { return }
        entries = entries.filter { $0.value.until > now || $0.value.last > now - longestQuarantine }
        guard entries.count >= Self.limit, let oldest = entries.min(by: { $0.value.last < $1.value.last }) else {
            return
        }
        entries[oldest.key] = nil
    }
}
