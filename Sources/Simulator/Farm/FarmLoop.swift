import Flow
import Foundation
import Logging
import NIOCore
import RTSP

/// The one thread of a farm: takes connections, answers requests, and sends what is due.
///
/// Everything in here happens on that thread, and nothing in here waits except the poller. Who is due when is the timer
/// wheel's: a connection costs something when it sends, not while it waits.
final class FarmLoop {
    /// A socket that clients connect to.
    struct Listener {
        /// Where it listens, with its real port.
        var endpoint: FarmEndpoint
        /// The socket; nil while nobody may connect.
        var socket: Int32?
        /// The cameras whose URLs name it.
        var cameras: [Int] = []
        /// Connections that came through it and do not play yet.
        var handshakes = 0
        /// True while the system has no descriptor for another connection.
        var isPaused = false

        func close() {
            if let socket { Foundation.close(socket) }
        }
    }

    /// Why a connection or its session ends.
    enum End {
        case client
        case farm
        case silence
        case shutdown
    }

    let farm: FarmContext
    let poller: Poller
    var listeners: [Listener]
    /// The faults that are on.
    var activeFaults: FaultPlan.Mask = 0
    var wheel: TimerWheel
    var batch = SendBatch(capacity: 2 * FarmLoop.batchLimit)

    private let wake: WakeUp
    private var events = Poller.Events()
    private var connections: [FarmConnection?] = []
    private var freePlaces: [Int] = []
    private var lastGeneration: UInt64 = 0
    private var room = [UInt8](repeating: 0, count: 16 << 10)
    private var due: [UInt64] = []
    private var nextSweep: Int64 = 0
    private var isStopped = false
    private var acceptSecond: Int64 = 0
    private var acceptedInSecond = 0

    /// Microseconds by which a send may be late: a picture at its time, or a batch in which the first has waited anyway.
    private static let pictureGranularity: Int64 = 5000, batchGranularity: Int64 = 20_000
    /// Bytes behind which a batch takes no further picture.
    static let batchLimit = 256 << 10
    /// The token of the wake-up call; listeners have those below 2^32, connections all others.
    private static let wakeToken = UInt64.max
    /// Most microseconds that the thread sleeps.
    private static let longestSleep: Int64 = 50_000
    /// Microseconds between looks at all connections for those that are silent.
    private static let sweepInterval: Int64 = 1_000_000
    /// Connections taken at a time, so that those that play do not wait.
    private static let acceptBatch = 64

    init(_ farm: FarmContext, poller: Poller, wake: WakeUp, listeners: [Listener]) {
        self.farm = farm
        self.poller = poller
        self.wake = wake
        self.listeners = listeners
        self.wheel = TimerWheel(
            granularity: farm.sendInterval > 0 ? Self.batchGranularity : Self.pictureGranularity,
            slots: 4096
        )
        poller.add(wake.descriptor, token: Self.wakeToken)
        for (index, listener) in listeners.enumerated() {
            if let socket = listener.socket { poller.add(socket, token: UInt64(index)) }
        }
    }

    /// Serves until the wake-up call comes.
    func run() {
        changeFaults(farm.elapsed)
        while !isStopped {
            let now = farm.elapsed
            let sleep = wheel.wake(after: now, horizon: Self.longestSleep) - now
            guard poller.wait(milliseconds: Int32((sleep + 999) / 1000), into: &events) else { break }
            for position in 0..<events.count { handle(events[position]) }
            // Judged is the moment before the wait, and only when all that had come by then has been read: who gets the
            // CPU too seldom would else take his own lateness for the silence of his clients.
            if now >= nextSweep, !events.areMore { sweep(now) }
            let later = farm.elapsed
            changeFaults(later)
            due.removeAll(keepingCapacity: true)
            wheel.take(upTo: later, into: &due)
            for token in due {
                guard let connection = connection(token) else { continue }
                connection.isScheduled = false
                visit(connection, later)
            }
        }
        for connection in connections { if let connection { end(connection, .shutdown) } }
        for listener in listeners { listener.close() }
    }

    private func handle(_ ready: Poller.Ready) {
        if ready.token == Self.wakeToken {
            isStopped = true
        } else if ready.token >> 32 == 0 {
            accept(Int(ready.token))
        } else if let connection = connection(ready.token) {
            if ready.canWrite { flush(connection) }
            if ready.canRead, connection.isOpen { read(connection) }
        }
    }

    private func connection(_ token: UInt64) -> FarmConnection? {
        let place = Int(token & 0xffff_ffff)
        guard place < connections.count, let found = connections[place], found.token == token else { return nil }
        return found
    }

    /// All connections that are open.
    var openConnections: [FarmConnection] { connections.compactMap { $0 } }

    // How connections come.

    private func accept(_ index: Int) {
        let now = farm.elapsed
        for _ in 0..<Self.acceptBatch {
            guard let listening = listeners[index].socket else { return }
            switch StreamSocket.accept(from: listening) {
            case .done(let socket): admit(Int32(socket), index, now)
            case .exhausted:
                // It stays ready, so waiting for it would never wait.
                farm.logger.warning("no descriptor for another connection; trying again in a second")
                listeners[index].isPaused = true
                poller.remove(listening)
                return
            case .notNow, .ended: return
            }
        }
    }

    private func admit(_ socket: Int32, _ index: Int, _ now: Int64) {
        let second = now / 1_000_000
        acceptedInSecond = second == acceptSecond ? acceptedInSecond + 1 : 1
        acceptSecond = second
        let isFull = connections.count - freePlaces.count >= farm.maximumConnections
        let place = freePlaces.popLast() ?? connections.count
        lastGeneration = lastGeneration % 0xffff_fffe + 1
        let token = lastGeneration << 32 | UInt64(place)
        if place == connections.count { connections.append(nil) }
        guard !isFull, poller.add(socket, token: token) else {
            freePlaces.append(place)
            StreamSocket.reset(socket)
            farm.counters.update { statistics in
                statistics.accepted += 1
                statistics.refused += 1
            }
            return
        }
        connections[place] = FarmConnection(
            socket: socket,
            token: token,
            listener: index,
            session: farm.makeSession(now)
        )
        listeners[index].handshakes += 1
        let handshakes = listeners[index].handshakes
        farm.counters.update { statistics in
            statistics.accepted += 1
            statistics.connections += 1
            statistics.handshakes += 1
            statistics.acceptedPerSecondMaximum = max(statistics.acceptedPerSecondMaximum, acceptedInSecond)
            statistics.handshakesPerHostMaximum = max(statistics.handshakesPerHostMaximum, handshakes)
        }
    }

    // How they talk.

    private func read(_ connection: FarmConnection) {
        let outcome = room.withUnsafeMutableBytes { StreamSocket.receive(into: $0, from: connection.socket) }
        switch outcome {
        case .done(let count):
            guard connection.closesAt == nil else { return }
            room.withUnsafeBytes { connection.take(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            answer(connection, farm.elapsed)
        case .notNow: break
        case .ended, .exhausted: end(connection, .client)
        }
    }

    /// Sends bytes now, or as soon as the client takes them.
    func write(_ bytes: UnsafeRawBufferPointer, to connection: FarmConnection) {
        guard connection.backlog.readableBytes == 0, connection.heldUntil == 0 else {
            connection.keep(bytes)
            return updateInterest(connection)
        }
        switch StreamSocket.send(bytes, to: connection.socket) {
        case .done(let count):
            guard count < bytes.count else { return }
            connection.keep(UnsafeRawBufferPointer(rebasing: bytes[count...]))
        case .notNow, .exhausted: connection.keep(bytes)
        case .ended: return end(connection, .client)
        }
        updateInterest(connection)
    }

    /// Sends what has been kept, at most `limit` bytes of it.
    func flush(_ connection: FarmConnection, limit: Int = .max) {
        guard connection.backlog.readableBytes > 0 else { return updateInterest(connection) }
        let outcome = connection.offer(limit: limit) { StreamSocket.send($0, to: connection.socket) }
        guard outcome != .ended else { return end(connection, .client) }
        if connection.closesAt != nil, connection.backlog.readableBytes == 0 { StreamSocket.finish(connection.socket) }
        updateInterest(connection)
    }

    private func updateInterest(_ connection: FarmConnection) {
        let wanted = connection.wantedInterest
        guard wanted != connection.interest else { return }
        connection.interest = wanted
        poller.change(connection.socket, token: connection.token, wanted)
    }

    // How they go.

    /// Ends what has been silent for too long, and tries again what the system refused.
    private func sweep(_ now: Int64) {
        nextSweep = now + Self.sweepInterval
        let time = MediaTime(microseconds: now)
        for case let connection? in connections {
            if let closesAt = connection.closesAt {
                if time > closesAt { end(connection, .silence) }
            } else {
                perform(connection.session.timePassed(to: time), connection, now, .silence)
            }
        }
        for index in listeners.indices where listeners[index].isPaused {
            listeners[index].isPaused = false
            if let socket = listeners[index].socket { poller.add(socket, token: UInt64(index)) }
        }
        openListeners()
    }

    /// Ends the session of a connection.
    func stop(_ connection: FarmConnection, _ cause: End) {
        guard connection.playback != nil else { return }
        connection.playback = nil
        farm.counters.update { statistics in
            statistics.playing -= cause == .shutdown ? 0 : 1
            switch cause {
            case .client: statistics.endedByClient += 1
            case .farm: statistics.endedByFarm += 1
            case .silence: statistics.timedOut += 1
            case .shutdown: break
            }
        }
    }

    /// The handshake of a connection is over: it plays, or it goes.
    func leaveHandshake(_ connection: FarmConnection) {
        guard connection.isHandshaking else { return }
        connection.isHandshaking = false
        listeners[connection.listener].handshakes -= 1
        farm.counters.update { $0.handshakes -= 1 }
    }

    /// Closes a connection, with a reset where the peer is to see that it was cut.
    func end(_ connection: FarmConnection, _ cause: End, isReset: Bool = false) {
        guard connection.isOpen else { return }
        stop(connection, cause)
        leaveHandshake(connection)
        connection.isOpen = false
        if isReset { StreamSocket.reset(connection.socket) } else { close(connection.socket) }
        let place = Int(connection.token & 0xffff_ffff)
        connections[place] = nil
        freePlaces.append(place)
        farm.counters.update { $0.connections -= 1 }
    }
}
