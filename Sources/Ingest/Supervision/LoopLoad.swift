/// How late an event loop is, and what that means for who wants to connect.
///
/// A loop that has not the time for its sessions must not take on more of them: a handshake costs as much as minutes of
/// reading, and one that times out because we were late is paid for again. A pure value, told of each turn.
struct LoopLoad: Sendable, Hashable {
    /// Seconds of lateness up to which all connects go on.
    static let tolerance = 0.1
    /// Share of the connects that always goes on, so that nobody waits for ever.
    static let least = 0.05
    /// Weight of the newest turn.
    private static let weight = 0.1

    /// Seconds by which turns are late, smoothed.
    private(set) var lateness = 0.0

    /// Takes a turn that came so many seconds after its time.
    mutating func turned(late seconds: Double) {
        lateness += Self.weight * (max(0, seconds) - lateness)
    }

    /// Share of the connects that may begin now, `least`…1.
    var connectShare: Double {
        lateness <= Self.tolerance ? 1 : max(Self.least, Self.tolerance / lateness)
    }
}
