/// Finds the one incident behind thousands of faults: an uplink, a platform, a host, the database, the clock.
///
/// A pure value on monotonic seconds: changes go in at any time, `advance` (about once a second) says what began, changed
/// and ended. Cameras that were never in service do not count, so a start is no outage. Of nested scopes the narrowest
/// that holds nearly all of the cameras is named; a wider incident swallows the narrower ones in it. There is at most one
/// open incident per kind and scope. A change costs a few scopes, an incident's begin and end one pass over all cameras;
/// about 130 bytes per camera and 120 per scope.
public struct OutageJudge<Key: Hashable & Sendable>: Sendable {
    /// A change of the incidents.
    public enum Action: Sendable, Hashable {
        /// Tell people now.
        case incidentBegan(Outage)
        /// The numbers changed.
        case incidentUpdated(Outage)
        /// It is over.
        case incidentEnded(Outage, Outage.Ending)
    }

    private struct Open {
        var incident: Outage
        var scope: Int
        var told: Outage
        var toldAt: Double
        var backSince: Double?
    }

    /// Part of the cameras that went out which a narrower scope must hold to be the cause.
    private static var causePart: Double { 0.9 }

    /// The limits.
    public let settings: OutageSettings
    private var board = OutageBoard<Key>()
    private var incidents: [Int32: Open] = [:]
    private var lastID: Int32 = 0
    private var clock = ClockJumpDetector()
    private var clockIncident: Outage?
    private var jumped: (by: Double, at: Double)?
    private var databaseIncident: Outage?
    private var databaseAway = false
    private var databaseSince = 0.0

    /// Makes a judge without cameras.
    public init(settings: OutageSettings = .init()) {
        self.settings = settings
    }

    /// Incidents that are open.
    public var open: [Outage] {
        incidents.values.map(\.incident).sorted { $0.id < $1.id } + [databaseIncident, clockIncident].compactMap { $0 }
    }

    /// Takes a camera in; one that is known is moved.
    ///
    /// A host belongs to the platform of its first camera.
    ///
    /// - Parameters:
    ///   - key: The camera.
    ///   - platform: The platform that it comes through.
    ///   - host: Where it connects to.
    ///   - wasInService: Whether it was in service when the process before this one ended: then an outage that goes on
    ///     over the restart is found. False: it counts from its first unit on.
    public mutating func add(_ key: Key, platform: String?, host: String?, wasInService: Bool = false) {
        remove(key)
        board.add(key, platform: platform, host: host, isOnline: wasInService)
    }

    /// Takes a camera's state; `connecting` says nothing and changes nothing.
    public mutating func changed(_ key: Key, to state: StreamState, now: Double) {
        guard state != .connecting, let slot = board.keys.slot(of: key) else { return }
        let isOnline = CameraFaultKind(state) == nil
        guard isOnline != board.cameras[slot].isOnline else { return }
        if isOnline {
            board.cameIn(slot)
            board.cameras[slot].explainedUntil = -.infinity
            incidents[board.cameras[slot].incident]?.incident.out -= 1
        } else {
            board.wentOut(slot, now: now)
            if board.cameras[slot].incident != 0 {
                incidents[board.cameras[slot].incident]?.incident.out += 1
            } else if let id = board.chain(of: slot).map({ board.scopes[$0].incident }).first(where: { $0 != 0 }) {
                join(slot, id)
            }
        }
    }

    /// Forgets a camera.
    public mutating func remove(_ key: Key) {
        guard let slot = board.keys.slot(of: key) else { return }
        if !board.cameras[slot].isOnline { incidents[board.cameras[slot].incident]?.incident.out -= 1 }
        board.remove(slot, key: key)
    }

    /// Takes whether the database answers.
    public mutating func database(isAway: Bool, now: Double) {
        guard isAway != databaseAway else { return }
        databaseAway = isAway
        databaseSince = now
    }

    /// Takes a look at both clocks, of the same moment; seconds.
    public mutating func clocks(wall: Double, monotonic: Double) {
        guard let jump = clock.look(wall: wall, monotonic: monotonic) else { return }
        jumped = (jump, monotonic)
    }

    /// Until when an incident explains that a camera is out: infinite while it is open, nil when none does.
    public func explainedUntil(_ key: Key) -> Double? {
        guard let slot = board.keys.slot(of: key), !board.cameras[slot].isOnline else { return nil }
        if board.cameras[slot].incident != 0 { return .infinity }
        let until = board.cameras[slot].explainedUntil
        return until.isFinite ? until : nil
    }

    /// Says what began, changed and ended; call it about once a second.
    public mutating func advance(now: Double) -> [Action] {
        board.expire(before: now - settings.within)
        var actions: [Action] = []
        for depth in 0...OutageBoard<Key>.deepest {
            for scope in board.scopes.indices where board.scopes[scope].depth == depth {
                judge(scope, now: now, &actions)
            }
        }
        for id in incidents.keys.sorted() { follow(id, now: now, &actions) }
        followDatabase(now: now, &actions)
        followClock(now: now, &actions)
        return actions
    }

    private mutating func judge(_ scope: Int, now: Double, _ actions: inout [Action]) {
        guard board.looksOut(scope, settings), !isCovered(scope),
            !board.hasNarrowerCause(scope, part: Self.causePart, settings)
        else {
            board.scopes[scope].suspectSince = nil
            return
        }
        let since = board.scopes[scope].suspectSince ?? now
        board.scopes[scope].suspectSince = since
        guard now - since >= settings.settle, !isOuterSuspect(scope) else { return }
        begin(scope, now: now, &actions) { $0.isRecent }
    }

    /// Whether this scope, or one around it, has an open incident.
    private func isCovered(_ scope: Int) -> Bool {
        var current = Int32(scope)
        while current >= 0 {
            if board.scopes[Int(current)].incident != 0 { return true }
            current = board.scopes[Int(current)].parent
        }
        return false
    }

    private func isOuterSuspect(_ scope: Int) -> Bool {
        var current = board.scopes[scope].parent
        while current >= 0 {
            if board.scopes[Int(current)].suspectSince != nil { return true }
            current = board.scopes[Int(current)].parent
        }
        return false
    }

    /// Opens an incident with the cameras of the scope that are out and belong to it.
    private mutating func begin(
        _ scope: Int,
        now: Double,
        _ actions: inout [Action],
        belongs: (OutageBoard<Key>.Camera) -> Bool
    ) {
        guard let name = board.names.key(at: scope) else { return }
        let inner = incidents.filter { board.isWithin($0.value.scope, scope) }
        lastID += 1
        let id = lastID
        incidents[id] = Open(
            incident: Outage(id: Int(id), kind: .cameras, scope: name, since: now),
            scope: scope,
            told: Outage(id: Int(id), kind: .cameras, scope: name, since: now),
            toldAt: now
        )
        board.scopes[scope].suspectSince = nil
        for slot in board.cameras.indices where board.keys.key(at: slot) != nil {
            let camera = board.cameras[slot]
            let isInner = camera.incident != 0 && inner[camera.incident] != nil
            guard isInner || (!camera.isOnline && belongs(camera)) else { continue }
            guard board.isWithin(Int(camera.scope), scope) else { continue }
            join(slot, id)
        }
        for (innerID, open) in inner.sorted(by: { $0.key < $1.key }) {
            close(innerID)
            actions.append(.incidentEnded(open.incident, .swallowed(by: Int(id))))
        }
        board.scopes[scope].incident = id
        guard var open = incidents[id] else { return }
        open.incident.share = share(open)
        open.told = open.incident
        incidents[id] = open
        actions.append(.incidentBegan(open.incident))
    }

    private func share(_ open: Open) -> Double {
        let base = open.incident.out + Int(board.scopes[open.scope].online)
        return base == 0 ? 0 : min(1, Double(open.incident.out) / Double(base))
    }

    private mutating func join(_ slot: Int, _ id: Int32) {
        guard var open = incidents[id] else { return }
        board.cameras[slot].incident = id
        open.incident.affected += 1
        if !board.cameras[slot].isOnline {
            open.incident.out += 1
            open.incident.since = min(open.incident.since, board.cameras[slot].outAt)
        }
        incidents[id] = open
    }

    private mutating func close(_ id: Int32) {
        guard let open = incidents.removeValue(forKey: id) else { return }
        board.scopes[open.scope].incident = 0
        board.release(open.scope)
    }

    private mutating func follow(_ id: Int32, now: Double, _ actions: inout [Action]) {
        guard var open = incidents[id] else { return }
        open.incident.share = max(open.incident.share, share(open))
        let isBack = Double(open.incident.out) <= (1 - settings.backShare) * Double(open.incident.affected)
        open.backSince = isBack ? open.backSince ?? now : nil
        let isOver = open.backSince.map { now - $0 >= settings.backFor } ?? false
        let isTooLong = now - open.incident.since >= settings.longest
        if isOver || isTooLong {
            end(id, open, isOver ? .recovered : .tooLong, now: now, &actions)
            return
        }
        if open.incident != open.told, now - open.toldAt >= settings.updateEvery {
            open.told = open.incident
            open.toldAt = now
            actions.append(.incidentUpdated(open.incident))
        }
        incidents[id] = open
    }

    private mutating func end(
        _ id: Int32,
        _ open: Open,
        _ ending: Outage.Ending,
        now: Double,
        _ actions: inout [Action]
    ) {
        close(id)
        actions.append(.incidentEnded(open.incident, ending))
        var left: [Int: Int32] = [:]
        for slot in board.cameras.indices where board.cameras[slot].incident == id {
            board.cameras[slot].incident = 0
            guard !board.cameras[slot].isOnline, board.keys.key(at: slot) != nil else { continue }
            board.cameras[slot].explainedUntil = now
            for scope in board.chain(of: slot) where scope != open.scope && board.isWithin(scope, open.scope) {
                left[scope, default: 0] += 1
            }
        }
        if ending == .recovered { takeUp(left, now: now, &actions) }
    }

    /// What a wide outage leaves behind may be the outage of a platform or a host: again one incident, not many faults.
    private mutating func takeUp(_ left: [Int: Int32], now: Double, _ actions: inout [Action]) {
        let outages = left.filter { scope, out in
            Int(out) >= settings.cameras
                && Double(out) >= settings.share * Double(out + board.scopes[scope].online)
        }
        let order = outages.sorted { (board.scopes[$0.key].depth, $0.key) < (board.scopes[$1.key].depth, $1.key) }
        for (scope, out) in order where !isCovered(scope) {
            let enough = Double(out) * Self.causePart
            let isNarrower = outages.contains {
                $0.key != scope && Double($0.value) >= enough && board.isWithin($0.key, scope)
            }
            if !isNarrower { begin(scope, now: now, &actions) { $0.explainedUntil == now } }
        }
    }

    private mutating func followDatabase(now: Double, _ actions: inout [Action]) {
        guard databaseAway != (databaseIncident != nil), now - databaseSince >= settings.databaseSettle else { return }
        if let incident = databaseIncident {
            databaseIncident = nil
            actions.append(.incidentEnded(incident, .recovered))
        } else {
            lastID += 1
            let incident = Outage(id: Int(lastID), kind: .database, scope: .all, since: databaseSince)
            databaseIncident = incident
            actions.append(.incidentBegan(incident))
        }
    }

    private mutating func followClock(now: Double, _ actions: inout [Action]) {
        guard let jumped else { return }
        if var incident = clockIncident {
            if incident.jump != jumped.by {
                incident.jump = jumped.by
                clockIncident = incident
                actions.append(.incidentUpdated(incident))
            }
            guard now - jumped.at >= settings.clockSteady else { return }
            clockIncident = nil
            self.jumped = nil
            actions.append(.incidentEnded(incident, .recovered))
        } else {
            lastID += 1
            var incident = Outage(id: Int(lastID), kind: .clock, scope: .all, since: jumped.at)
            incident.jump = jumped.by
            clockIncident = incident
            actions.append(.incidentBegan(incident))
        }
    }
}
