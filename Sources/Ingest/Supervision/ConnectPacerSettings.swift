/// The bounds of a `ConnectPacer`.
public struct ConnectPacerSettings: Sendable, Hashable {
    /// Shortest wait that a decision asks for, seconds: keeps an event loop from turning on the spot.
    static let shortestWait = 0.001

    /// Connects a second of all cameras; a tenth of it may come at once.
    public var connectsPerSecond: Double
    /// Concurrent handshakes of all cameras.
    public var handshakes: Int
    /// Connects a second to a host with few cameras; a tenth of it, at least one, may come at once.
    public var hostConnectsPerSecond: Double
    /// Concurrent handshakes of a host with few cameras.
    public var hostHandshakes: Int
    /// In how many seconds the cameras of one host must be able to connect.
    ///
    /// A host that serves so many cameras that `hostConnectsPerSecond` would need longer is a platform or a media
    /// server: its rate and its handshakes are raised in proportion. Infinite: no exception for anybody.
    public var hostRecovery: Double
    /// Failed handshakes in a row after which a host counts as down.
    public var hostDownAfter: Int
    /// Longest wait between two tries of a host that is down, seconds.
    public var longestProbeWait: Double
    /// Failed handshakes in a row, of all hosts, after which the network counts as down.
    public var networkDownAfter: Int
    /// Seconds of waiting that one class is worth: a camera of class II goes before one of class I that became due so
    /// much later.
    public var classAdvantage: Double

    /// Makes the bounds; what is out of range is moved to the nearest value that works.
    public init(
        connectsPerSecond: Double = 200,
        handshakes: Int = 256,
        hostConnectsPerSecond: Double = 20,
        hostHandshakes: Int = 8,
        hostRecovery: Double = 60,
        hostDownAfter: Int = 3,
        longestProbeWait: Double = 10,
        networkDownAfter: Int = 64,
        classAdvantage: Double = 60
    ) {
        self.connectsPerSecond = max(0.1, connectsPerSecond)
        self.handshakes = max(1, handshakes)
        self.hostConnectsPerSecond = max(0.1, hostConnectsPerSecond)
        self.hostHandshakes = max(1, hostHandshakes)
        self.hostRecovery = max(1, hostRecovery)
        self.hostDownAfter = max(1, hostDownAfter)
        self.longestProbeWait = max(1, longestProbeWait)
        self.networkDownAfter = max(1, networkDownAfter)
        self.classAdvantage = max(0, classAdvantage)
    }

    /// Connects a second to a host with so many cameras.
    public func hostRate(cameras: Int) -> Double {
        max(hostConnectsPerSecond, Double(cameras) / hostRecovery)
    }

    /// Concurrent handshakes of a host with so many cameras.
    public func hostHandshakes(cameras: Int) -> Int {
        let factor = hostRate(cameras: cameras) / hostConnectsPerSecond
        return min(handshakes, Int((Double(hostHandshakes) * factor).rounded(.up)))
    }

    /// Longest time from the return of hosts that count as down until all their cameras had their handshake, seconds.
    ///
    /// The longest wait for the first try, then everybody at the smaller of the rates. Holds while handshakes are quick
    /// enough for the rate: `hostHandshakes / hostRate` seconds each, 0.4 s as the settings come.
    public func recoveryBound(cameras: Int, largestHost: Int) -> Double {
        longestProbeWait
            + max(Double(cameras) / connectsPerSecond, Double(largestHost) / hostRate(cameras: largestHost))
    }
}
