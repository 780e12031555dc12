/// Says whether the clock can be believed enough to delete by it.
///
/// What is deleted too early is gone, what is deleted a day late costs some disk. A clock that was set to another year, or
/// that says after a restart that months have passed, is therefore not believed before it has gone on evenly for half a
/// day: by then people have seen that it is wrong, or it is right.
struct SweepClock: Sendable {
    /// Longest time from one sweep to the next that is believed at once, seconds.
    static let longestGap = 36.0 * 3600
    /// Longest step of the clock that is believed at once, seconds.
    static let slack = 3600.0
    /// Seconds for which nothing is deleted after an odd time.
    static let hold = 12.0 * 3600

    /// Wall time of the last sweep, seconds since the Unix epoch; nil when none is known.
    private let mark: Double?
    private var anchor: (wall: Double, monotonic: Double)?
    private var held: (since: Double, why: String)?

    /// `mark`: wall time of the last sweep, also of an earlier process.
    init(mark: Double?) {
        self.mark = mark
    }

    /// Why nothing may be deleted now; nil when it may.
    ///
    /// `wall` and `monotonic`: seconds.
    mutating func problem(wall: Double, monotonic: Double) -> String? {
        if let anchor {
            let step = wall - anchor.wall - (monotonic - anchor.monotonic)
            if abs(step) > Self.slack {
                held = (monotonic, "the clock was moved by \(Self.words(step)), or the machine slept")
                self.anchor = (wall, monotonic)
            }
        } else {
            anchor = (wall, monotonic)
            if let why = Self.oddGap(since: mark, wall: wall) { held = (monotonic, why) }
        }
        guard let held else { return nil }
        let left = held.since + Self.hold - monotonic
        guard left > 0 else {
            self.held = nil
            anchor = (wall, monotonic)
            return nil
        }
        return "\(held.why); nothing is deleted by this clock for another \(Self.words(left))"
    }

    /// What is odd about the time since the last sweep; nil when nothing is.
    static func oddGap(since mark: Double?, wall: Double) -> String? {
        guard let mark else { return "it is not known when pictures were last swept" }
        let gap = wall - mark
        if gap < -slack { return "by the clock, pictures were last swept \(words(gap)) from now" }
        return gap > longestGap ? "by the clock, pictures were last swept \(words(gap)) ago" : nil
    }

    private static func words(_ seconds: Double) -> String {
        let hours = Int((min(abs(seconds), 1e9) / 3600).rounded(.up))
        return hours > 72 ? "\(hours / 24) days" : "\(hours) h"
    }
}
