import Flow

/// What the readers say, and what comes of it.
extension TransportPlan {
    /// Seconds for which a stream over UDP is open without a keyframe until it counts as one that sends.
    private static let openLong = 30.0

    /// Takes a change of a stream that the event loop reads.
    public mutating func fleetSaid(_ status: StreamStatus, now: Double) -> Answer {
        guard let slot = unit(of: status.camera) else { return Answer(status) }
        // It has just been moved away.
        guard !units[slot].isOverUDP else { return Answer() }
        guard units[slot].stage != .told else { return Answer(status) }
        // A patrol takes its cameras in before anything has come of them.
        let isBegin = status.state == .connecting || status.state == .patrol && status.lastUnit == nil
        switch status.state {
        case .online, .frozen, .patrol:
            guard !isBegin else { break }
            units[slot].cause = .none
            units[slot].waits.succeeded()
            enter(slot, .overTCP)
        case .connecting: break
        case .stalled, .offline, .refused, .quarantined, .blind: return failed(slot, status, now: now)
        }
        // Of one that came back from UDP people know what is wrong, until that changes.
        return Answer(isBegin && units[slot].waits.failures > 0 ? nil : status)
    }

    /// A stream over TCP has failed.
    private mutating func failed(_ slot: Int, _ status: StreamStatus, now: Double) -> Answer {
        let isRefused = status.failure == .otherTransport
        let isSilent = status.failure == .silent && units[slot].stage != .overTCP
        if isRefused, units[slot].isPatrol, units[slot].stage == .overTCP {
            return Answer(Self.apart(status.camera, since: status.since))
        }
        guard isRefused || isSilent else {
            if units[slot].stage == .waiting { enter(slot, .fresh) }
            return Answer(status)
        }
        units[slot].cause = isRefused ? .refused : .silent
        units[slot].tryAt = max(units[slot].tryAt, now)
        var answer = Answer()
        if units[slot].waits.failures == 0, mayFollow(units[slot].host) {
            enter(slot, .following)
            answer.moves += sources(of: slot)
        } else {
            enter(slot, .waiting)
            begin(&answer, now: now)
        }
        if !units[slot].isOverUDP { answer.statuses.append(explained(slot, status, now: now)) }
        return answer
    }

    /// Takes a change of a stream that the pool reads.
    ///
    /// `random`: a number in 0..<1 for the jitter of the waits.
    public mutating func poolSaid(_ status: StreamStatus, now: Double, random: @autoclosure () -> Double) -> Answer {
        guard let slot = unit(of: status.camera) else { return Answer(status) }
        guard units[slot].isOverUDP else { return Answer() }
        let stage = units[slot].stage
        guard stage != .told else { return Answer(status) }
        let hasProof = stage == .overUDP(foundOut: true) || stage == .overUDP(foundOut: false)
        switch status.state {
        case .connecting, .online, .frozen, .patrol, .blind:
            if hasProof || status.state == .connecting && units[slot].cause == .none { return Answer(status) }
            // Open is not yet a picture: told once something comes.
            if status.state != .connecting {
                held[slot, default: Held(since: now)].statuses[status.camera] = status
            }
            return Answer()
        case .quarantined:
            guard !hasProof else { return Answer(status) }
            // Its try would last as long as the quarantine.
            enter(slot, .fresh)
            var answer = Answer(status)
            answer.moves += sources(of: slot)
            return answer
        case .stalled, .offline, .refused: break
        }
        units[slot].failures += 1
        let members = units[slot].members.count
        let patience = hasProof ? settings.patience * members : min(settings.patience, members)
        guard units[slot].failures >= patience else { return Answer(status) }
        return giveUp(slot, status, hadProof: hasProof, now: now, random: random())
    }

    /// Nothing comes over UDP: back to TCP.
    private mutating func giveUp(
        _ slot: Int,
        _ status: StreamStatus,
        hadProof: Bool,
        now: Double,
        random: Double
    ) -> Answer {
        units[slot].failures = 0
        // What was read until now may be back at once, and is not tried twice in a row else.
        units[slot].tryAt = hadProof ? now : now + units[slot].waits.failed(random: random)
        enter(slot, .fresh)
        var answer = Answer(hadProof ? status : explained(slot, status, now: now))
        answer.moves += sources(of: slot)
        begin(&answer, now: now)
        return answer
    }

    /// Takes that units of a camera came over UDP.
    public mutating func poolGave(_ camera: String, now: Double) -> Answer {
        guard let slot = unit(of: camera) else { return Answer() }
        units[slot].failures = 0
        guard units[slot].stage == .trying || units[slot].stage == .following else { return Answer() }
        var answer = Answer()
        prove(slot, &answer, now: now)
        return answer
    }

    /// Lets time pass: begins the tries that are due, once a second or so.
    public mutating func advance(now: Double) -> Answer {
        var answer = Answer()
        // Open for so long, and not one picture on which decoding could begin: it does send over UDP.
        for slot in held.filter({ now - $0.value.since >= Self.openLong }).keys.sorted() {
            prove(slot, &answer, now: now)
        }
        begin(&answer, now: now)
        return answer
    }

    /// A unit sends over UDP; the others of its host learn of it.
    private mutating func prove(_ slot: Int, _ answer: inout Answer, now: Double) {
        answer.statuses += (held[slot]?.statuses.values).map { $0.sorted { $0.camera < $1.camera } } ?? []
        units[slot].waits.succeeded()
        let foundOut = units[slot].stage == .trying
        enter(slot, .overUDP(foundOut: foundOut))
        guard foundOut else { return }
        let host = units[slot].host
        if mayFollow(host) {
            // In the order of their numbers, so that the same events give the same moves.
            for other in hosts[host].units.sorted() where mayFollow(host) {
                let isOpen = units[other].stage == .fresh || units[other].stage == .waiting
                guard isOpen, units[other].waits.failures == 0 else { continue }
                enter(other, .following)
                answer.moves += sources(of: other)
            }
        }
        begin(&answer, now: now)
    }

    /// Begins the tries that are due and for which there is room.
    mutating func begin(_ answer: inout Answer, now: Double) {
        while trying < settings.tries, let (host, at) = ready.first, at <= now, let first = hosts[host].waiting.first {
            enter(first.unit, .trying)
            answer.moves += sources(of: first.unit)
        }
    }

    /// What people hear of a camera with which neither way works.
    private func explained(_ slot: Int, _ status: StreamStatus, now: Double) -> StreamStatus {
        var status = status
        let hasTried = units[slot].waits.failures > 0
        let next = hasTried ? max(0, units[slot].tryAt - now) : nil
        switch units[slot].cause {
        case .none: return status
        case .silent:
            guard hasTried else { return status }
            status.state = .stalled
            status.failure = .silent
            status.detail = "is connected but sends no video, neither over TCP nor over UDP"
        case .refused where hasTried:
            status.state = .refused
            status.failure = .udpBlocked
            status.detail = CameraFailure.udpBlocked.explanation
        case .refused:
            status.detail = "does not send over TCP: it is tried over UDP when its turn comes"
        }
        status.retryIn = next
        return status
    }
}
