import Flow
import Testing

@testable import Ingest

/// Cameras that all lost their connection at time 0, and hosts that refuse until a given time.
private struct Herd {
    let cameras: Int
    let hosts: Int
    let returnAt: Double
    var pacer: ConnectPacer<Int>
    var random = SeededRandom(7)
    var starts: [Double] = []
    var backAt: [Double?]
    var attempts = 0
    var mostOfHost = 0
    private var backoffs: [Backoff]
    private var ends = SlotHeap()
    private var handshakesOfHost: [Int]
    private(set) var now = 0.0

    init(cameras: Int, hosts: Int, returnAt: Double, settings: ConnectPacerSettings = .init()) {
        self.cameras = cameras
        self.hosts = hosts
        self.returnAt = returnAt
        pacer = ConnectPacer(settings: settings)
        backAt = Array(repeating: nil, count: cameras)
        backoffs = Array(repeating: Backoff(), count: cameras)
        handshakesOfHost = Array(repeating: 0, count: hosts)
        for camera in 0..<cameras {
            // A lost connection is a failure like any other: the first wait is half a second to a second.
            let wait = backoffs[camera].failed(random: random.unit())
            pacer.add(camera, host: "10.0.0.\(camera % hosts):554", pointClass: camera % 3 + 1, dueAt: wait)
        }
    }

    /// Runs until everybody is back; handshakes take as long as said.
    mutating func run(handshake: ClosedRange<Double>, limit: Double) {
        while now < limit {
            var wait = Double.infinity
            switch pacer.next(now: now) {
            case .connect(let camera):
                attempts += 1
                starts.append(now)
                handshakesOfHost[camera % hosts] += 1
                mostOfHost = max(mostOfHost, handshakesOfHost[camera % hosts])
                ends.set(camera, rank: now + Double.random(in: handshake, using: &random))
                continue
            case .wait(let seconds): wait = now + seconds
            case .idle: break
            }
            let next = min(wait, ends.first?.rank ?? .infinity)
            guard next.isFinite else { return }
            now = next
            while let (camera, at) = ends.first, at <= now { end(camera) }
        }
    }

    private mutating func end(_ camera: Int) {
        ends.remove(camera)
        handshakesOfHost[camera % hosts] -= 1
        let reached = now >= returnAt
        pacer.handshakeEnded(camera, reached: reached, now: now)
        if reached {
            backAt[camera] = now
        } else {
            pacer.schedule(camera, dueAt: now + backoffs[camera].failed(random: random.unit()))
        }
    }

    /// Most starts in any window of one second.
    var busiestSecond: Int {
        var most = 0
        var first = 0
        for (index, at) in starts.enumerated() {
            while at - starts[first] > 1 { first += 1 }
            most = max(most, index - first + 1)
        }
        return most
    }
}

@Suite struct SupervisionConnectPacerTests {
    struct Outage: CustomTestStringConvertible, Sendable {
        let hosts: Int
        let seconds: Double
        var testDescription: String { "\(hosts) host(s) away for \(seconds) s" }
    }

    @Test(
        "10,000 cameras that lost their hosts are all back within two minutes of the hosts' return, paced",
        arguments: [
            Outage(hosts: 1, seconds: 0), Outage(hosts: 1, seconds: 20), Outage(hosts: 1, seconds: 300),
            Outage(hosts: 64, seconds: 20), Outage(hosts: 64, seconds: 300),
            Outage(hosts: 10_000, seconds: 20), Outage(hosts: 10_000, seconds: 300),
        ]
    )
    func recovery(outage: Outage) {
        var herd = Herd(cameras: 10_000, hosts: outage.hosts, returnAt: outage.seconds)
        herd.run(handshake: 0.05...0.3, limit: outage.seconds + 1000)
        let settings = herd.pacer.settings
        #expect(herd.backAt.allSatisfy { $0 != nil })
        let last = herd.backAt.compactMap { $0 }.max() ?? .infinity
        let bound = settings.recoveryBound(cameras: 10_000, largestHost: 10_000 / outage.hosts)
        // Failed handshakes that were under way take part of the first second's rate.
        #expect(last - outage.seconds <= bound + 2)
        #expect(last - outage.seconds <= 120)
        #expect(Double(herd.busiestSecond) <= settings.connectsPerSecond * 1.1)
        #expect(herd.mostOfHost <= herd.pacer.handshakeLimit(ofHost: "10.0.0.0:554"))
        #expect(herd.pacer.handshakes == 0)
        #expect(herd.pacer.waitingCount == 0)
    }

    @Test("a host that is down is tried rarely, not by each of its cameras")
    func probing() {
        var herd = Herd(cameras: 2000, hosts: 1, returnAt: 600)
        herd.run(handshake: 0.05...0.1, limit: 599)
        #expect(herd.attempts < 200)
        #expect(herd.pacer.hostsDown == 1)
    }

    @Test("a host never has more handshakes at once than its limit, nor more connects than its rate")
    func hostBounds() {
        let settings = ConnectPacerSettings(hostRecovery: .infinity)
        var herd = Herd(cameras: 200, hosts: 2, returnAt: 0, settings: settings)
        herd.run(handshake: 3...5, limit: 1000)
        #expect(herd.backAt.allSatisfy { $0 != nil })
        #expect(herd.mostOfHost == 8)
        var quick = Herd(cameras: 100, hosts: 1, returnAt: 0, settings: settings)
        quick.run(handshake: 0.01...0.02, limit: 1000)
        #expect(quick.busiestSecond <= 22)
        #expect(quick.backAt.allSatisfy { $0 != nil })
    }

    @Test("never more handshakes in all than the limit, and a free place is used")
    func allHandshakes() {
        var pacer = ConnectPacer<Int>(settings: .init(connectsPerSecond: 1e6, handshakes: 5))
        for camera in 0..<20 { pacer.add(camera, host: "h\(camera)", pointClass: 1, dueAt: 0) }
        var open: [Int] = []
        while case .connect(let camera) = pacer.next(now: 1) { open.append(camera) }
        #expect(open.count == 5)
        pacer.handshakeEnded(open[0], reached: true, now: 1)
        guard case .connect = pacer.next(now: 1) else {
            Issue.record("the free place stays empty")
            return
        }
        #expect(pacer.handshakes == 5)
    }

    @Test("class I goes before II before III among those that are due")
    func classes() {
        var pacer = ConnectPacer<Int>(settings: .init(connectsPerSecond: 1e6, hostConnectsPerSecond: 1e6))
        for camera in 0..<30 { pacer.add(camera, host: "h\(camera % 5)", pointClass: camera % 3 + 1, dueAt: 0) }
        var order: [Int] = []
        while case .connect(let camera) = pacer.next(now: 10) { order.append(camera % 3) }
        #expect(order == order.sorted())
        #expect(order.count == 30)
    }

    @Test("class III connects although class I never ends")
    func noStarvation() {
        var pacer = ConnectPacer<Int>(settings: .init(connectsPerSecond: 10, hostConnectsPerSecond: 1e6))
        for camera in 1...100 { pacer.add(camera, host: "one", pointClass: 1, dueAt: 0) }
        pacer.add(0, host: "three", pointClass: 3, dueAt: 0)
        var now = 0.0
        var connectedAt: Double?
        while now < 400, connectedAt == nil {
            switch pacer.next(now: now) {
            case .connect(0): connectedAt = now
            case .connect(let camera):
                pacer.handshakeEnded(camera, reached: true, now: now)
                pacer.schedule(camera, dueAt: now)
            case .wait(let seconds): now += seconds
            case .idle: now = 400
            }
        }
        let waited = connectedAt ?? .infinity
        #expect(waited <= 2 * pacer.settings.classAdvantage + 100 / 10 + 1)
        #expect(waited > 2 * pacer.settings.classAdvantage - 1)
    }

    @Test("the return of a host ends the waits of its cameras, but not of those that may not hurry or of other hosts")
    func hint() {
        var pacer = ConnectPacer<String>(settings: .init(hostDownAfter: 2))
        pacer.add("probe", host: "h", pointClass: 1, dueAt: 0)
        pacer.add("hurries", host: "h", pointClass: 1, dueAt: 100)
        pacer.add("refused", host: "h", pointClass: 1, dueAt: 100, canHurry: false)
        pacer.add("elsewhere", host: "other", pointClass: 1, dueAt: 100)
        var now = 0.0
        for reached in [false, false, true] {
            now += 5
            guard case .connect("probe") = pacer.next(now: now) else {
                Issue.record("no probe at \(now)")
                return
            }
            pacer.handshakeEnded("probe", reached: reached, now: now)
            if !reached { pacer.schedule("probe", dueAt: now) }
        }
        guard case .connect("hurries") = pacer.next(now: now + 1) else {
            Issue.record("the wait goes on")
            return
        }
        guard case .wait(let seconds) = pacer.next(now: now + 1) else {
            Issue.record("somebody hurries who should not")
            return
        }
        #expect(abs(seconds - (100 - now - 1)) < 0.01)
    }

    @Test("random calls leave no camera behind and no place taken")
    func randomCalls() {
        var random = SeededRandom(11)
        var pacer = ConnectPacer<Int>(settings: .init(connectsPerSecond: 50, handshakes: 6, hostHandshakes: 2))
        var known: Set<Int> = []
        var shaking: Set<Int> = []
        var parked: Set<Int> = []
        var now = 0.0
        for _ in 0..<20_000 {
            let camera = Int.random(in: 0..<60, using: &random)
            now += random.unit() * 0.2
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                pacer.add(camera, host: "h\(camera % 7)", pointClass: camera % 5, dueAt: now + random.unit() * 5)
                known.insert(camera)
                shaking.remove(camera)
                parked.remove(camera)
            case 1:
                pacer.remove(camera)
                known.remove(camera)
                shaking.remove(camera)
                parked.remove(camera)
            case 2:
                pacer.park(camera)
                if known.contains(camera) { parked.insert(camera) }
                shaking.remove(camera)
            case 3, 4:
                guard let ended = shaking.min() else { continue }
                pacer.handshakeEnded(ended, reached: random.unit() < 0.6, now: now)
                shaking.remove(ended)
                pacer.schedule(ended, dueAt: now + random.unit())
            default:
                guard case .connect(let chosen) = pacer.next(now: now) else { continue }
                #expect(known.contains(chosen) && !shaking.contains(chosen) && !parked.contains(chosen))
                shaking.insert(chosen)
            }
            #expect(pacer.handshakes == shaking.count && shaking.count <= 6)
            #expect(pacer.count == known.count)
            #expect(pacer.waitingCount == known.count - shaking.count - parked.count)
        }
        for camera in 0..<60 { pacer.remove(camera) }
        #expect(pacer.count == 0 && pacer.handshakes == 0 && pacer.waitingCount == 0 && pacer.hostsDown == 0)
    }
}
