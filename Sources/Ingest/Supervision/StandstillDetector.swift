/// Notices that pictures or alerts stand still although nothing says why.
///
/// Each part says by itself what it knows to be wrong; this is for what nobody thought of. A pure value: counts in,
/// sentences out.
public struct StandstillDetector: Sendable {
    /// What a process has counted so far.
    public struct Counts: Sendable, Hashable {
        /// Access units that streams gave.
        public var units: Int
        /// Pictures that detection looked at.
        public var pictures: Int
        /// Alert statements that wait in the spool now.
        public var waiting: Int
        /// Alert statements that reached the database.
        public var delivered: Int
        /// Shortest sampling interval of the cameras of which something came lately, seconds; infinite for none.
        public var interval: Double

        /// Makes counts.
        public init(units: Int, pictures: Int, waiting: Int, delivered: Int, interval: Double) {
            self.units = units
            self.pictures = pictures
            self.waiting = waiting
            self.delivered = delivered
            self.interval = interval
        }
    }

    /// Shortest standstill that is told, seconds: some cameras send a keyframe every minute and a half.
    public static let limit = 120.0
    /// Sampling intervals without a picture that are allowed.
    private static let intervals = 3.0

    private var last: Counts?
    private var picturesSince = 0.0
    private var alertsSince = 0.0

    /// Makes a watch that has not looked yet.
    public init() {}

    /// Looks; call it every few seconds.
    ///
    /// - Parameters:
    ///   - counts: What the process has counted so far.
    ///   - now: Seconds of a clock that does not count the caller's own pauses.
    /// - Returns: What stands still, each a sentence for the operator; nil where all goes on or nothing is to be done.
    public mutating func look(_ counts: Counts, now: Double) -> (pictures: String?, alerts: String?) {
        let before = last ?? counts
        let isFirst = last == nil
        last = counts
        if isFirst || counts.pictures != before.pictures || counts.units == before.units || counts.interval == .infinity
        {
            picturesSince = now
        }
        if isFirst || counts.delivered != before.delivered || counts.waiting == 0 { alertsSince = now }
        var found: (pictures: String?, alerts: String?)
        let still = now - picturesSince
        if still > max(Self.limit, counts.interval * Self.intervals) {
            found.pictures =
                "streams give pictures, but none was looked at for \(Int(still)) s: see the log and the states of the "
                + "cameras; if they say nothing, restart the daemon"
        }
        let waited = now - alertsSince
        if waited > Self.limit {
            found.alerts =
                "\(counts.waiting) alerts wait in the spool, and none reached the database for \(Int(waited)) s: see "
                + "the log and the database; they are safe on disk"
        }
        return found
    }
}
