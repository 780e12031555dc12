import Flow
import NIOCore
import Synchronization

/// Lets connections in, knows them while they last, and closes those that must make room.
final class ConnectionDoor: Sendable {
    let limits: ConnectionLimits
    let refusals: ConnectionRefusals
    private let proxies: [AddressRange]
    private let state: Mutex<State>
    private let open: Metric
    private let refused: Metric
    private let evicted: Metric
    private let late: Metric

    private struct State {
        var table: ConnectionTable<ObjectIdentifier>
        var channels: [ObjectIdentifier: any Channel] = [:]
        var dismissed = 0
        var farewells: [ObjectIdentifier: @Sendable () -> Void] = [:]
        /// Those whose browser will send nothing more, and that are not closed yet.
        var gone: Set<ObjectIdentifier> = []
    }

    /// What becomes of a new connection.
    enum Welcome: Sendable {
        /// It has its place.
        case taken
        /// It has none, and is told so when it asks for something.
        case dismissed
        /// It has none, and so many are being told already that it must be closed at once.
        case refused
    }

    /// Connections that are being told at once that there is no place.
    private static let dismissedLimit = 64

    /// Makes the door of one server.
    ///
    /// `proxies`: who has no limit of connections of his own.
    init(_ limits: ConnectionLimits, proxies: [AddressRange], refusals: ConnectionRefusals, meter: Meter) {
        self.limits = limits
        self.proxies = proxies
        self.refusals = refusals
        self.state = Mutex(
            State(
                table: ConnectionTable(
                    total: limits.total,
                    perAddress: limits.perAddress,
                    perAccount: limits.perAccount
                )
            )
        )
        self.open = meter.gauge("gridwatch_web_connections", "Connections of browsers and proxies.")
        self.refused = meter.counter(
            "gridwatch_web_connections_refused_total",
            "Connections that found no place: their address, or all, held too many that are in use."
        )
        self.evicted = meter.counter(
            "gridwatch_web_connections_evicted_total",
            "Connections closed to make room: they waited, and their address or all held too many."
        )
        self.late = meter.counter(
            "gridwatch_web_connections_late_total",
            "Connections closed because a request, or the reading of its answer, took too long."
        )
    }

    /// True when the connection comes from a proxy that is trusted.
    func isProxy(_ channel: any Channel) -> Bool {
        guard let address = channel.remoteAddress?.ipAddress else { return true }
        return proxies.contains { $0.contains(address) }
    }

    /// Gives a new connection its place, and closes the one that loses it.
    func admit(_ channel: any Channel) -> Welcome {
        let id = ObjectIdentifier(channel)
        let address = isProxy(channel) ? nil : channel.remoteAddress?.ipAddress.map(AddressRange.holder)
        let (welcome, loser) = state.withLock { state -> (Welcome, (any Channel)?) in
            guard case .taken(let evicting) = state.table.admit(id, address: address) else {
                guard state.dismissed < Self.dismissedLimit else { return (.refused, nil) }
                state.dismissed += 1
                return (.dismissed, nil)
            }
            state.channels[id] = channel
            open.set(state.table.count)
            return (.taken, evicting.flatMap { state.channels.removeValue(forKey: $0) })
        }
        if let loser {
            evicted.add()
            loser.close(promise: nil)
        }
        switch welcome {
        case .taken: channel.closeFuture.whenComplete { [self] _ in leave(id) }
        case .dismissed: channel.closeFuture.whenComplete { [self] _ in state.withLock { $0.dismissed -= 1 } }
        case .refused: break
        }
        if case .taken = welcome { return welcome }
        refused.add()
        return welcome
    }

    /// Notes what a connection is about now.
    func set(_ phase: ConnectionPhase, of channel: any Channel) {
        state.withLock { $0.table.set(phase, of: ObjectIdentifier(channel)) }
    }

    /// Notes that somebody who is logged in uses the connection.
    func know(_ channel: ObjectIdentifier, account: Int) {
        state.withLock { $0.table.know(channel, account: account) }
    }

    /// Runs `action` once when the browser of the connection has gone: a stream would notice it at its next line only.
    func whenGone(_ channel: ObjectIdentifier, _ action: @escaping @Sendable () -> Void) {
        let isHere = state.withLock { state in
            guard state.channels[channel] != nil, !state.gone.contains(channel) else { return false }
            state.farewells[channel] = action
            return true
        }
        if !isHere { action() }
    }

    /// The browser will send nothing more.
    func gone(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        let action = state.withLock { state -> (@Sendable () -> Void)? in
            guard state.channels[id] != nil else { return nil }
            state.gone.insert(id)
            return state.farewells.removeValue(forKey: id)
        }
        action?()
    }

    /// Counts a connection that was closed for being late.
    func countLate() {
        late.add()
    }

    private func leave(_ id: ObjectIdentifier) {
        let action = state.withLock { state in
            state.table.remove(id)
            state.channels[id] = nil
            state.gone.remove(id)
            open.set(state.table.count)
            return state.farewells.removeValue(forKey: id)
        }
        action?()
    }
}
