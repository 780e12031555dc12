/// Decides which camera may connect now, so that a reconnect of everything is neither a storm nor a queue for ever.
///
/// A pure value: monotonic seconds in, decisions out. Bounds the rate and the concurrent handshakes, of all and of each
/// host. Among the cameras that are due, class I goes before II before III, but a class is only worth so many seconds
/// (`Settings.classAdvantage`): who waits longer than that goes first, so nobody starves.
///
/// A host on which handshakes fail one after the other counts as down: it is tried with one camera at a time, more and
/// more rarely. The first handshake that reaches it makes all its waiting cameras due at once, paced by the same
/// bounds. The same holds for the network as a whole, when handshakes fail on all hosts. This is what brings thousands of
/// cameras back within a minute or two although each of them waits up to two minutes between its own tries.
///
/// In any `t` seconds at most `connectsPerSecond · (t + 0.1)` connects begin (ten per cent are the burst); of one host
/// `hostRate · (t + 0.1)`, at least one. Every call is O(log n), amortised; a host's return costs O(its cameras · log n).
/// 160 bytes per camera, 300 when each has a host of its own.
public struct ConnectPacer<Key: Hashable & Sendable>: Sendable {
    /// What the owner should do.
    public enum Decision: Sendable {
        /// Begin the handshake of this camera, and tell its end with `handshakeEnded`.
        case connect(Key)
        /// Nothing may begin now; ask again after so many seconds, or after any other call.
        case wait(Double)
        /// Nothing will be due by the passing of time alone; ask again after any other call.
        case idle
    }

    private enum Phase: UInt8 {
        case parked
        case waiting
        case due
        case shaking
    }

    private struct Camera {
        var dueAt = 0.0
        var host: Int32
        var previousDue: Int32 = -1
        var nextDue: Int32 = -1
        var previousOfHost: Int32 = -1
        var nextOfHost: Int32 = -1
        var classIndex: UInt8
        var phase = Phase.parked
        var canHurry = true
    }

    private struct Host {
        var pace = Pace()
        var probeAt = -Double.infinity
        /// First and last due camera of each class, in the order in which they became due.
        var heads = SIMD4<Int32>(repeating: -1)
        var tails = SIMD4<Int32>(repeating: -1)
        var firstCamera: Int32 = -1
        var cameras: Int32 = 0
        var shaking: Int32 = 0
        var failures: Int32 = 0
        var probes: Int32 = 0
    }

    /// The bounds.
    public let settings: ConnectPacerSettings
    /// Share of the rate and of the concurrent handshakes of all cameras that is allowed now, above 0 and at most 1.
    ///
    /// Less than 1 while the owner is late: connects that it cannot follow up would only fail.
    public var share = 1.0 {
        didSet { share = min(max(share, 0.01), 1) }
    }
    /// Handshakes under way.
    public private(set) var handshakes = 0

    private var keys = SlotTable<Key>()
    private var hostNames = SlotTable<String>()
    private var cameras: [Camera] = []
    private var hosts: [Host] = []
    /// Cameras by the time at which they become due.
    private var waiting = SlotHeap()
    /// Hosts with a due camera that may connect, by the rank of that camera.
    private var ready = SlotHeap()
    /// Hosts with a due camera that may not connect yet, by the time at which they may.
    private var blocked = SlotHeap()
    private var pace = Pace()
    private var failuresInARow = 0

    /// Makes a pacer without cameras.
    public init(settings: ConnectPacerSettings = .init()) {
        self.settings = settings
    }

    /// Cameras that the pacer knows.
    public var count: Int { keys.count }

    /// Cameras that wait for their time or their turn.
    public var waitingCount: Int { waiting.count + dueCount }

    /// Cameras that are due and wait for their turn.
    public private(set) var dueCount = 0

    /// Hosts that count as down.
    public private(set) var hostsDown = 0

    /// Takes a camera in; one that is known is moved to the host and class that are given, whatever it was doing.
    ///
    /// For each further wait use `schedule`, which keeps what is known of the host.
    ///
    /// - Parameters:
    ///   - key: The camera.
    ///   - host: Where it connects to: address and port, since behind one address several devices may answer.
    ///   - pointClass: Class I, II or III as 1…3.
    ///   - dueAt: When it may connect, monotonic seconds.
    ///   - canHurry: Whether the return of its host ends the wait.
    public mutating func add(_ key: Key, host: String, pointClass: Int, dueAt: Double, canHurry: Bool = true) {
        remove(key)
        let slot = keys.insert(key).slot
        let (hostSlot, isNew) = hostNames.insert(host)
        if isNew {
            if hostSlot < hosts.count { hosts[hostSlot] = Host() } else { hosts.append(Host()) }
        }
        var camera = Camera(host: Int32(hostSlot), classIndex: UInt8(ClassShares.index(of: pointClass)))
        camera.nextOfHost = hosts[hostSlot].firstCamera
        if camera.nextOfHost >= 0 { cameras[Int(camera.nextOfHost)].previousOfHost = Int32(slot) }
        hosts[hostSlot].firstCamera = Int32(slot)
        hosts[hostSlot].cameras += 1
        if slot < cameras.count { cameras[slot] = camera } else { cameras.append(camera) }
        wait(slot, until: dueAt, canHurry: canHurry)
    }

    /// Lets a known camera wait until it is due (again); a handshake of it that is under way counts as given up.
    public mutating func schedule(_ key: Key, dueAt: Double, canHurry: Bool = true) {
        guard let slot = keys.slot(of: key) else { return }
        leave(slot)
        wait(slot, until: dueAt, canHurry: canHurry)
    }

    /// Takes a camera out of the wait, but keeps it: online, or not wanted for now.
    public mutating func park(_ key: Key) {
        guard let slot = keys.slot(of: key) else { return }
        leave(slot)
    }

    /// Forgets a camera.
    public mutating func remove(_ key: Key) {
        guard let slot = keys.slot(of: key) else { return }
        leave(slot)
        let camera = cameras[slot]
        let host = Int(camera.host)
        if camera.previousOfHost >= 0 {
            cameras[Int(camera.previousOfHost)].nextOfHost = camera.nextOfHost
        } else {
            hosts[host].firstCamera = camera.nextOfHost
        }
        if camera.nextOfHost >= 0 { cameras[Int(camera.nextOfHost)].previousOfHost = camera.previousOfHost }
        hosts[host].cameras -= 1
        _ = keys.remove(key)
        guard hosts[host].cameras == 0 else { return }
        if isDown(host) { hostsDown -= 1 }
        ready.remove(host)
        blocked.remove(host)
        if let name = hostNames.key(at: host) { _ = hostNames.remove(name) }
    }

    /// Takes the end of a handshake; the camera is parked until it is scheduled again.
    ///
    /// - Parameters:
    ///   - key: The camera; ignored when it had no handshake.
    ///   - reached: Whether the host answered, be it with a refusal. False: no route, refused port, time-out.
    ///   - now: Monotonic seconds.
    public mutating func handshakeEnded(_ key: Key, reached: Bool, now: Double) {
        guard let slot = keys.slot(of: key), cameras[slot].phase == .shaking else { return }
        leave(slot)
        let host = Int(cameras[slot].host)
        if reached {
            let networkWasDown = failuresInARow >= settings.networkDownAfter
            failuresInARow = 0
            cameBack(host, now: now)
            if networkWasDown { hurryAll(now: now) }
        } else {
            failuresInARow += 1
            failed(host, now: now)
        }
        place(host, now: now)
    }

    /// Makes every waiting camera that may hurry due, and every host worth a try: the network is back.
    public mutating func hurryAll(now: Double) {
        for host in hosts.indices where hostNames.key(at: host) != nil {
            hosts[host].probeAt = min(hosts[host].probeAt, now)
            hurry(host, now: now)
            place(host, now: now)
        }
    }

    /// The camera that may connect now.
    public mutating func next(now: Double) -> Decision {
        while let (slot, dueAt) = waiting.first, dueAt <= now {
            waiting.remove(slot)
            becomeDue(slot)
            place(Int(cameras[slot].host), now: now)
        }
        while let (host, openAt) = blocked.first, openAt <= now {
            place(host, now: now)
        }
        guard handshakes < max(1, Int(Double(settings.handshakes) * share)) else { return .idle }
        guard let host = ready.first?.slot, let slot = bestDue(of: host), let key = keys.key(at: slot) else {
            let soonest = min(waiting.first?.rank ?? .infinity, blocked.first?.rank ?? .infinity)
            return soonest.isFinite ? .wait(max(soonest - now, ConnectPacerSettings.shortestWait)) : .idle
        }
        let connects = settings.connectsPerSecond * share
        let opensAt = pace.opensAt(rate: connects, burst: connects / 10)
        guard opensAt <= now else { return .wait(max(opensAt - now, ConnectPacerSettings.shortestWait)) }
        leave(slot)
        cameras[slot].phase = .shaking
        handshakes += 1
        hosts[host].shaking += 1
        pace.spend(rate: connects, now: now)
        hosts[host].pace.spend(rate: hostRate(host), now: now)
        place(host, now: now)
        return .connect(key)
    }

    /// Connects a second that a host gets now.
    public func rate(ofHost host: String) -> Double {
        hostNames.slot(of: host).map(hostRate) ?? settings.hostConnectsPerSecond
    }

    /// Concurrent handshakes that a host gets while it is up.
    public func handshakeLimit(ofHost host: String) -> Int {
        settings.hostHandshakes(cameras: hostNames.slot(of: host).map { Int(hosts[$0].cameras) } ?? 0)
    }

    private func hostRate(_ host: Int) -> Double {
        settings.hostRate(cameras: Int(hosts[host].cameras))
    }

    private func isDown(_ host: Int) -> Bool {
        hosts[host].failures >= settings.hostDownAfter
    }

    private func rank(_ slot: Int) -> Double {
        cameras[slot].dueAt + Double(cameras[slot].classIndex) * settings.classAdvantage
    }

    /// The due camera of a host that goes first: the first of one of its three queues.
    private func bestDue(of host: Int) -> Int? {
        var best: Int?
        for index in 0..<ClassShares.count {
            let head = Int(hosts[host].heads[index])
            guard head >= 0 else { continue }
            if let current = best, rank(current) <= rank(head) { continue }
            best = head
        }
        return best
    }

    /// Puts a host where it belongs: ready, blocked until a time, or neither.
    private mutating func place(_ host: Int, now: Double) {
        let limit = isDown(host) ? 1 : settings.hostHandshakes(cameras: Int(hosts[host].cameras))
        guard let slot = bestDue(of: host), hosts[host].shaking < limit else {
            ready.remove(host)
            blocked.remove(host)
            return
        }
        let rate = hostRate(host)
        var openAt = hosts[host].pace.opensAt(rate: rate, burst: rate / 10)
        if isDown(host) { openAt = max(openAt, hosts[host].probeAt) }
        if openAt <= now {
            blocked.remove(host)
            ready.set(host, rank: rank(slot))
        } else {
            ready.remove(host)
            blocked.set(host, rank: openAt)
        }
    }

    private mutating func wait(_ slot: Int, until dueAt: Double, canHurry: Bool) {
        cameras[slot].phase = .waiting
        cameras[slot].dueAt = dueAt
        cameras[slot].canHurry = canHurry
        waiting.set(slot, rank: dueAt)
    }

    private mutating func becomeDue(_ slot: Int) {
        let host = Int(cameras[slot].host)
        let index = Int(cameras[slot].classIndex)
        let tail = hosts[host].tails[index]
        cameras[slot].phase = .due
        cameras[slot].previousDue = tail
        cameras[slot].nextDue = -1
        if tail >= 0 { cameras[Int(tail)].nextDue = Int32(slot) } else { hosts[host].heads[index] = Int32(slot) }
        hosts[host].tails[index] = Int32(slot)
        dueCount += 1
    }

    /// Takes a camera out of whatever it is in, and parks it.
    private mutating func leave(_ slot: Int) {
        let camera = cameras[slot]
        let host = Int(camera.host)
        let index = Int(camera.classIndex)
        cameras[slot].phase = .parked
        switch camera.phase {
        case .parked: break
        case .waiting: waiting.remove(slot)
        case .shaking:
            handshakes -= 1
            hosts[host].shaking -= 1
            // Whether the host may go on now depends on its pace: the next look at the time decides.
            blocked.set(host, rank: -.infinity)
        case .due:
            dueCount -= 1
            if camera.previousDue >= 0 {
                cameras[Int(camera.previousDue)].nextDue = camera.nextDue
            } else {
                hosts[host].heads[index] = camera.nextDue
            }
            if camera.nextDue >= 0 {
                cameras[Int(camera.nextDue)].previousDue = camera.previousDue
            } else {
                hosts[host].tails[index] = camera.previousDue
            }
            blocked.set(host, rank: -.infinity)
        }
    }

    private mutating func failed(_ host: Int, now: Double) {
        let wasDown = isDown(host)
        hosts[host].failures = min(hosts[host].failures + 1, Int32(settings.hostDownAfter))
        guard isDown(host) else { return }
        if !wasDown { hostsDown += 1 }
        // The handshakes that were under way when the host went down fail together: they count as one probe.
        guard now >= hosts[host].probeAt else { return }
        let step = Double(UInt64(1) << UInt64(min(hosts[host].probes, 16)))
        hosts[host].probes += 1
        hosts[host].probeAt = now + min(step, settings.longestProbeWait)
    }

    private mutating func cameBack(_ host: Int, now: Double) {
        let wasDown = isDown(host)
        hosts[host].failures = 0
        hosts[host].probes = 0
        hosts[host].probeAt = -.infinity
        guard wasDown else { return }
        hostsDown -= 1
        hurry(host, now: now)
    }

    private mutating func hurry(_ host: Int, now: Double) {
        var next = Int(hosts[host].firstCamera)
        while next >= 0 {
            let camera = cameras[next]
            if camera.phase == .waiting, camera.canHurry, camera.dueAt > now {
                cameras[next].dueAt = now
                waiting.set(next, rank: now)
            }
            next = Int(camera.nextOfHost)
        }
    }
}
