import Synchronization

/// What a farm does and has done so far.
///
/// Sessions that ever started are those that play, and those that ended by their client, the farm or silence.
public struct FarmStatistics: Hashable, Sendable, Codable {
    /// Connections that are open now, playing or not.
    public var connections = 0
    /// Sessions that play now; each is one client that watches one camera.
    public var playing = 0
    /// Connections that have come and do not play yet.
    public var handshakes = 0
    /// Sessions that ever started to play.
    public var sessions = 0
    /// Sessions that their client ended: it tore them down or closed the connection.
    public var endedByClient = 0
    /// Sessions that a fault of the farm ended.
    ///
    /// Those that play when the farm stops are not counted.
    public var endedByFarm = 0
    /// Sessions whose client gave no sign of life for too long.
    public var timedOut = 0
    /// Pictures that were handed to the network, to all clients together.
    public var units = 0
    /// Pictures that clients lost because they read too slowly.
    public var droppedUnits = 0
    /// Packets that a fault took away.
    public var lostPackets = 0
    /// Bytes of pictures and reports handed to the network.
    public var bytes = 0
    /// Connections that ever came, those that were refused included.
    public var accepted = 0
    /// Connections that were closed as soon as they came or named their camera; those that the system refuses while
    /// nobody listens are not seen.
    public var refused = 0
    /// Most connections that came within one second, counted in whole seconds.
    public var acceptedPerSecondMaximum = 0
    /// Most handshakes at once at one address.
    public var handshakesPerHostMaximum = 0

    /// Makes the numbers of a farm that has done nothing.
    public init() {}

    /// The numbers of two processes as those of one farm; of what is a maximum, the larger.
    public static func + (left: FarmStatistics, right: FarmStatistics) -> FarmStatistics {
        var sum = left
        sum.connections += right.connections
        sum.playing += right.playing
        sum.handshakes += right.handshakes
        sum.sessions += right.sessions
        sum.endedByClient += right.endedByClient
        sum.endedByFarm += right.endedByFarm
        sum.timedOut += right.timedOut
        sum.units += right.units
        sum.droppedUnits += right.droppedUnits
        sum.lostPackets += right.lostPackets
        sum.bytes += right.bytes
        sum.accepted += right.accepted
        sum.refused += right.refused
        sum.acceptedPerSecondMaximum = max(left.acceptedPerSecondMaximum, right.acceptedPerSecondMaximum)
        sum.handshakesPerHostMaximum = max(left.handshakesPerHostMaximum, right.handshakesPerHostMaximum)
        return sum
    }
}

/// The numbers of a farm while it runs; its thread changes them, anybody reads.
final class FarmCounters: Sendable {
    private let statistics = Mutex(FarmStatistics())

    /// The numbers as they are now, from any thread.
    var snapshot: FarmStatistics { statistics.withLock { $0 } }

    /// Changes the numbers; the farm's thread only.
    func update(_ body: (inout FarmStatistics) -> Void) {
        statistics.withLock { body(&$0) }
    }
}
