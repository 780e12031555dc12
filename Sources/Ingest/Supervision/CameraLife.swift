import Flow

/// The life of one camera's connection: a pure value, told what happens, answering what to do.
///
/// Waiting, connecting, open, and again: it never gives up. The waits are those of `Flow.Backoff`, and only a stream
/// that flowed for a while starts them anew. It finds streams that are open but dead: no access unit although bytes may
/// come (stalled), or always the same picture (frozen).
///
/// While a camera is out of service its shown state stays what it was until units flow again, so that a dead camera does
/// not change its state with every try. Events of an older connection must not get here: the owner compares
/// `connection`. Monotonic seconds throughout; one owner at a time; under 200 bytes.
public struct CameraLife: Sendable {
    /// What happened.
    public enum Event: Sendable, Hashable {
        /// The connection may be made now.
        case due
        /// The stream is open, nothing came yet.
        case opened
        /// So many access units came since the last such event.
        case units(Int)
        /// A picture was decoded; whether it is bit-identical to the one before, also across connections.
        case sample(isSame: Bool)
        /// The connection could not be made, or broke.
        case failed(CameraFailure)
        /// The owner closed the connection on purpose: the visit of a patrol is over.
        case left
        /// Nothing but time; needed at `checkAt` at the latest.
        case timePassed
        /// Nobody may connect until then: its stream took worker processes down.
        case quarantined(until: Double)
        /// The quarantine is over before its time.
        case released
    }

    /// What the owner should do, in this order: close, report, connect.
    public struct Actions: Sendable, Hashable {
        /// Close the connection, if there is one; its later events are void.
        public var closes = false
        /// State to show from now on.
        public var report: Report?
        /// Send `due` at this time or later, when the pacer lets it.
        public var connectAt: Double?

        /// Nothing to do.
        public static let none = Actions()
    }

    /// A change of the state that people see.
    public struct Report: Sendable, Hashable {
        /// The state.
        public var state: StreamState
        /// Why; nil when all is well.
        public var reason: CameraFailure?
    }

    private enum Phase: UInt8 {
        case waiting
        case connecting
        case open
    }

    /// Pictures that must differ from the one before until a frozen stream counts as alive: the first after a reconnect
    /// may differ although the camera still repeats one picture.
    private static let changesToThaw = 2

    /// Number of the connection, counted from 1; 0 before the first.
    public private(set) var connection: UInt32 = 0
    /// The state that was reported last.
    public private(set) var shown: StreamState?
    private var shownReason: CameraFailure?

    private var backoff: Backoff
    /// Start of the connection or of the wait.
    private var since = 0.0
    private var lastUnitAt = -Double.infinity
    /// First unit of this connection.
    private var flowSince = Double.infinity
    /// First of the pictures that are all the same.
    private var sameSince = 0.0
    private var quarantinedUntil = -Double.infinity
    private var samePictures: UInt16 = 0
    private var changes: UInt8 = 0
    private var phase = Phase.waiting
    private let isPatrol: Bool
    private var isFrozen = false

    /// Makes the life of a camera that waits for its first `due`.
    ///
    /// - Parameters:
    ///   - isPatrol: Whether the camera is only visited now and then: the patrol plan, not this value, says when.
    ///   - settings: Its waits.
    public init(isPatrol: Bool = false, settings: CameraLifeSettings = .init()) {
        self.isPatrol = isPatrol
        self.backoff = settings.backoff
    }

    /// Whether a connection is open or being made.
    public var isConnected: Bool { phase != .waiting }

    /// Connections made after the first.
    public var reconnects: Int { Int(max(connection, 1)) - 1 }

    /// When `timePassed` may have an effect, if nothing else happens before; infinite while it waits.
    public func checkAt(_ settings: CameraLifeSettings) -> Double {
        switch phase {
        case .waiting: .infinity
        case .connecting: since + settings.connectWithin
        case .open: max(since, lastUnitAt) + settings.stalledAfter
        }
    }

    /// Takes an event.
    ///
    /// - Parameters:
    ///   - event: What happened; what cannot happen in this phase is ignored.
    ///   - now: Monotonic seconds.
    ///   - random: A number in 0..<1 for the jitter of the waits; asked for only when there will be one.
    ///   - settings: The same at every call.
    /// - Returns: What to do.
    public mutating func handle(
        _ event: Event,
        now: Double,
        random: @autoclosure () -> Double,
        settings: CameraLifeSettings
    ) -> Actions {
        switch event {
        case .due: return begin(now: now)
        case .opened:
            guard phase == .connecting else { return .none }
            phase = .open
            since = now
            return .none
        case .units(let count):
            guard phase == .open, count > 0 else { return .none }
            return flow(now: now, settings)
        case .sample(let isSame): return sample(isSame: isSame, now: now, random: random(), settings)
        case .failed(let failure):
            guard phase != .waiting else { return .none }
            return fail(failure, now: now, random: random(), settings)
        case .left:
            phase = .waiting
            return .none
        case .timePassed:
            guard checkAt(settings) <= now else { return .none }
            return fail(phase == .open ? .silent : .timedOut, now: now, random: random(), settings)
        case .quarantined(let until):
            quarantinedUntil = until
            phase = .waiting
            return Actions(closes: true, report: show(.quarantined, .crashes), connectAt: isPatrol ? nil : until)
        case .released:
            guard quarantinedUntil > now else { return .none }
            quarantinedUntil = now
            return Actions(connectAt: isPatrol ? nil : now)
        }
    }

    /// Moves the deadlines by so many seconds in which the owner was late to look: what was not looked for is not missing.
    public mutating func excuse(_ seconds: Double) {
        guard phase != .waiting, seconds > 0 else { return }
        since += seconds
        lastUnitAt += seconds
    }

    private mutating func show(_ state: StreamState, _ reason: CameraFailure?) -> Report? {
        // A refusal for another reason asks for another remedy: a corrected password may show that the path is wrong.
        guard state != shown || state == .refused && reason != shownReason else { return nil }
        shown = state
        shownReason = reason
        return Report(state: state, reason: reason)
    }

    private mutating func begin(now: Double) -> Actions {
        guard phase == .waiting, now >= quarantinedUntil else { return .none }
        phase = .connecting
        since = now
        lastUnitAt = -.infinity
        flowSince = .infinity
        connection &+= 1
        let isNew = shown == nil || shown == .quarantined
        return isNew ? Actions(report: show(.connecting, nil)) : .none
    }

    private mutating func flow(now: Double, _ settings: CameraLifeSettings) -> Actions {
        if flowSince == .infinity { flowSince = now }
        lastUnitAt = now
        if now - flowSince >= settings.steadyAfter { backoff.succeeded() }
        return Actions(report: isFrozen ? show(.frozen, .samePicture) : show(isPatrol ? .patrol : .online, nil))
    }

    private mutating func sample(
        isSame: Bool,
        now: Double,
        random: Double,
        _ settings: CameraLifeSettings
    ) -> Actions {
        guard isSame, samePictures > 0 else {
            samePictures = 1
            sameSince = now
            changes = min(changes + 1, UInt8(Self.changesToThaw))
            guard isFrozen, changes >= Self.changesToThaw else { return .none }
            isFrozen = false
            return phase == .open ? Actions(report: show(isPatrol ? .patrol : .online, nil)) : .none
        }
        changes = 0
        samePictures = samePictures == .max ? .max : samePictures + 1
        guard !isFrozen, Int(samePictures) >= settings.frozenPictures, now - sameSince >= settings.frozenAfter else {
            return .none
        }
        isFrozen = true
        var actions = Actions(report: show(.frozen, .samePicture))
        // One reconnect may cure it; a patrol connects anew anyway, and a connection that is gone needs no closing.
        if !isPatrol, phase == .open {
            phase = .waiting
            actions.closes = true
            actions.connectAt = now + backoff.base * random
        }
        return actions
    }

    private mutating func fail(
        _ failure: CameraFailure,
        now: Double,
        random: Double,
        _ settings: CameraLifeSettings
    ) -> Actions {
        phase = .waiting
        let wait: Double
        let state: StreamState
        if failure.isRetriable {
            wait = backoff.failed(random: random)
            state = failure == .silent ? .stalled : .offline
        } else {
            // At most the tenth part of jitter: these tries are rare on purpose, cameras lock out who guesses passwords.
            wait = settings.refusedWait * (0.9 + 0.1 * min(max(random, 0), 1))
            state = .refused
        }
        return Actions(closes: true, report: show(state, failure), connectAt: isPatrol ? nil : now + wait)
    }
}
