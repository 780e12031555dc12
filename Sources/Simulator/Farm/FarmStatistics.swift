import Synchronization

/// What a farm does and has done so far.
public struct FarmStatistics: Hashable, Sendable, Codable {
    /// Connections that are open.
    public var connections = 0
    /// Sessions that play now.
    public var playing = 0
    /// Sessions that ever started to play.
    public var sessions = 0
    /// Pictures sent.
    public var units = 0
    /// Pictures that clients lost because they read too slowly.
    public var droppedUnits = 0
    /// Bytes of pictures and reports handed to the network.
    public var bytes = 0
}

/// The numbers of a farm while it runs; event loops add, anybody reads.
final class FarmCounters: Sendable {
    let connections = Atomic<Int>(0)
    let playing = Atomic<Int>(0)
    let sessions = Atomic<Int>(0)
    let units = Atomic<Int>(0)
    let droppedUnits = Atomic<Int>(0)
    let bytes = Atomic<Int>(0)

    /// The numbers now; each by itself is right, together they may be one event apart.
    var snapshot: FarmStatistics {
        FarmStatistics(
            connections: connections.load(ordering: .relaxed),
            playing: playing.load(ordering: .relaxed),
            sessions: sessions.load(ordering: .relaxed),
            units: units.load(ordering: .relaxed),
            droppedUnits: droppedUnits.load(ordering: .relaxed),
            bytes: bytes.load(ordering: .relaxed)
        )
    }
}
