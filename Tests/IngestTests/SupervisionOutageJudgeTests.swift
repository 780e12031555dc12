import Testing

@testable import Ingest

/// A city of cameras on hosts of platforms, and a judge with a clock.
private struct City {
    var judge: OutageJudge<Int>
    var now = 0.0
    var said: [(at: Double, action: OutageJudge<Int>.Action)] = []
    let cameras: Int
    let hosts: Int

    /// Every fourth host belongs to the same one of four platforms.
    init(cameras: Int, hosts: Int, online: Bool = true, settings: OutageSettings = .init()) {
        self.cameras = cameras
        self.hosts = hosts
        judge = OutageJudge(settings: settings)
        for camera in 0..<cameras {
            let host = camera % hosts
            judge.add(camera, platform: "p\(host % 4)", host: "h\(host)")
        }
        guard online else { return }
        set(0..<cameras, .online)
        pass(100)
    }

    mutating func set(_ some: some Sequence<Int>, _ state: StreamState) {
        for camera in some { judge.changed(camera, to: state, now: now) }
    }

    mutating func pass(_ seconds: Int) {
        for _ in 0..<seconds {
            now += 1
            for action in judge.advance(now: now) { said.append((now, action)) }
        }
    }

    func of(host: Int) -> [Int] { (0..<cameras).filter { $0 % hosts == host } }

    var begun: [Outage] {
        said.compactMap { if case .incidentBegan(let incident) = $0.action { incident } else { nil } }
    }

    var ended: [(Outage, Outage.Ending)] {
        said.compactMap {
            if case .incidentEnded(let incident, let ending) = $0.action { (incident, ending) } else { nil }
        }
    }
}

@Suite struct SupervisionOutageJudgeTests {
    @Test(
        "many cameras of many hosts that go out together are one incident within five seconds, over when they are back"
    )
    func wide() {
        var city = City(cameras: 1000, hosts: 100)
        let out = (0..<1000).filter { $0 % 3 == 0 }
        for part in 0..<10 {
            city.set(out.filter { $0 % 10 == part }, .offline)
            city.pass(1)
        }
        #expect(city.begun.map(\.scope) == [.all])
        // The share is crossed with the sixth tenth or so of a third.
        #expect((city.said.first?.at ?? 0) <= 100 + 7 + 5)
        city.pass(300)
        #expect(city.judge.open.first?.affected == out.count)
        #expect(out.allSatisfy { city.judge.explainedUntil($0) == .infinity })
        #expect(city.judge.explainedUntil(1) == nil)
        city.set(out.dropLast(40), .online)
        city.pass(60)
        #expect(city.ended.isEmpty, "less than nine tenths are back")
        city.set(out.dropLast(20), .online)
        city.pass(60)
        #expect(city.ended.count == 1 && city.ended.first?.1 == .recovered)
        #expect(city.begun.count == 1 && city.judge.open.isEmpty)
        #expect((city.judge.explainedUntil(out.last ?? 0) ?? 0) > 400)
        let updates = city.said.count { if case .incidentUpdated = $0.action { true } else { false } }
        #expect((1...6).contains(updates))
    }

    @Test("cameras that do not connect at the start are no outage")
    func start() {
        var city = City(cameras: 500, hosts: 50, online: false)
        city.set(0..<500, .connecting)
        city.set(0..<500, .offline)
        city.pass(600)
        city.set(0..<500, .online)
        city.pass(600)
        #expect(city.said.isEmpty)
    }

    @Test("an outage that goes on over a restart is found, if the judge is told who was in service")
    func restart() {
        var judge = OutageJudge<Int>()
        for camera in 0..<100 { judge.add(camera, platform: nil, host: "h\(camera)", wasInService: true) }
        for camera in 0..<90 { judge.changed(camera, to: .offline, now: 20) }
        let said = judge.advance(now: 20) + judge.advance(now: 23)
        guard case .incidentBegan(let incident) = said.first else {
            Issue.record("not found")
            return
        }
        #expect(incident.affected == 90 && incident.share == 0.9)
    }

    @Test("cameras that go out one by one over ten minutes are no outage, nor are few cameras at once")
    func trickle() {
        var city = City(cameras: 400, hosts: 400)
        for camera in 0..<200 {
            city.set([camera], .offline)
            city.pass(3)
        }
        city.set(200..<219, .offline)
        city.pass(30)
        #expect(city.said.isEmpty)
    }

    @Test("the incident names the narrowest scope that explains it", arguments: ["host", "platform"])
    func narrow(scope: String) {
        // Host 1 has a third of all cameras, so that its loss is also a loss of a fifth of everything.
        var city = City(cameras: 0, hosts: 1, online: false)
        for camera in 0..<300 {
            let platform = camera < 150 ? "a" : "b"
            let host = camera < 100 ? "a1" : camera < 150 ? "a2" : "b\(camera)"
            city.judge.add(camera, platform: platform, host: host)
        }
        city.set(0..<300, .online)
        city.pass(100)
        city.set(scope == "host" ? 0..<100 : 0..<150, .stalled)
        city.pass(60)
        #expect(city.begun.map(\.scope) == [scope == "host" ? .host("a1") : .platform("a")])
        #expect(city.begun.first?.share == 1)
    }

    @Test("a wide incident swallows the narrow one in it; nobody is explained twice")
    func swallowing() {
        var city = City(cameras: 1000, hosts: 20)
        city.set(city.of(host: 3), .offline)
        city.pass(20)
        #expect(city.begun.map(\.scope) == [.host("h3")])
        city.set((0..<1000).filter { $0 % 20 < 15 && $0 % 20 != 3 }, .offline)
        city.pass(20)
        #expect(city.begun.map(\.scope) == [.host("h3"), .all])
        #expect(city.ended.first?.1 == .swallowed(by: city.begun[1].id))
        #expect(city.judge.open.map(\.affected) == [750])
        #expect(city.begun[1].since == 100)
    }

    @Test("what a wide outage leaves behind on one host is that host's incident")
    func leftOver() {
        var city = City(cameras: 1000, hosts: 20)
        city.set(0..<1000, .offline)
        city.pass(300)
        city.set((0..<1000).filter { $0 % 20 != 7 }, .online)
        city.pass(30)
        #expect(city.begun.map(\.scope) == [.all, .host("h7")])
        #expect(city.judge.open.map(\.affected) == [50])
        #expect(city.judge.explainedUntil(7) == .infinity)
        city.set(city.of(host: 7), .online)
        city.pass(30)
        #expect(city.ended.count == 2 && city.judge.open.isEmpty)
    }

    @Test("an incident without an end is closed after its longest time, and what is out counts singly then")
    func tooLong() {
        var city = City(cameras: 100, hosts: 100, settings: .init(longest: 600))
        city.set(0..<80, .offline)
        city.pass(700)
        #expect(city.ended.map(\.1) == [.tooLong])
        #expect(city.begun.count == 1)
        #expect((city.judge.explainedUntil(0) ?? .infinity) <= 701)
    }

    @Test("the database counts as away, and as back, after a quarter of a minute")
    func database() {
        var city = City(cameras: 0, hosts: 1, online: false)
        city.judge.database(isAway: true, now: 0)
        city.pass(14)
        city.judge.database(isAway: false, now: 14)
        city.judge.database(isAway: true, now: 14)
        city.pass(14)
        #expect(city.said.isEmpty)
        city.pass(2)
        #expect(city.begun.map(\.kind) == [.database])
        city.judge.database(isAway: false, now: city.now)
        city.pass(14)
        #expect(city.ended.isEmpty)
        city.pass(2)
        #expect(city.ended.count == 1)
    }

    @Test("a moved clock is an incident until it ran steadily for a minute; drift is none")
    func clock() {
        var city = City(cameras: 0, hosts: 1, online: false)
        var offset = 1_700_000_000.0
        for second in 0..<300 {
            offset += 0.1
            if second == 100 { offset += 3600 }
            if second == 130 { offset -= 3600 }
            city.judge.clocks(wall: offset + city.now, monotonic: city.now)
            city.pass(1)
        }
        #expect(city.begun.map(\.kind) == [.clock])
        #expect(abs((city.begun.first?.jump ?? 0) - 3600) < 1)
        #expect(city.ended.count == 1)
        #expect((190...192).contains(city.said.last?.at ?? 0))
    }

    @Test("random changes: one open incident per scope, none in another, numbers in range, every begin has one end")
    func randomChanges() {
        var random = SeededRandom(17)
        var city = City(cameras: 600, hosts: 12)
        let states: [StreamState] = [.online, .offline, .stalled, .connecting, .online]
        var open: [Int: OutageScope] = [:]
        var read = 0
        for step in 0..<1500 {
            let host = Int.random(in: 0..<12, using: &random)
            let state = states[Int.random(in: 0..<states.count, using: &random)]
            let some = step % 50 == 0 ? Array(0..<600) : city.of(host: host)
            city.set(some.filter { _ in random.unit() < 0.9 }, state)
            if random.unit() < 0.2 {
                let camera = Int.random(in: 0..<600, using: &random)
                city.judge.remove(camera)
                city.judge.add(camera, platform: "p\(camera % 4)", host: "h\(camera % 12)")
            }
            city.pass(Int.random(in: 1...8, using: &random))
            for (_, action) in city.said[read...] {
                switch action {
                case .incidentBegan(let incident):
                    #expect(!open.values.contains(incident.scope))
                    open[incident.id] = incident.scope
                case .incidentUpdated(let incident): #expect(open[incident.id] != nil)
                case .incidentEnded(let incident, _): #expect(open.removeValue(forKey: incident.id) != nil)
                }
            }
            read = city.said.count
            #expect(open.count == 1 || !open.values.contains(.all))
            for incident in city.judge.open {
                #expect(open[incident.id] == incident.scope)
                #expect(incident.out >= 0 && incident.out <= incident.affected && incident.share <= 1)
            }
        }
        #expect(city.begun.count >= 10)
    }

    @Test("with the judge, a city's outage makes one incident and faults only for what stays out")
    func together() {
        var city = City(cameras: 2000, hosts: 2000)
        var watch = FaultDetector<Int>()
        var faults: [Int] = []
        func run(_ seconds: Int) {
            for _ in 0..<seconds {
                city.pass(1)
                for action in watch.advance(now: city.now, explainedUntil: city.judge.explainedUntil) {
                    if case .faultBegan(let camera, _, _) = action { faults.append(camera) }
                }
            }
        }
        for camera in 0..<1000 { watch.changed(camera, to: .offline, now: city.now) }
        city.set(0..<1000, .offline)
        run(1800)
        #expect(faults.isEmpty && city.begun.count == 1)
        for camera in 0..<995 { watch.changed(camera, to: .online, now: city.now) }
        city.set(0..<995, .online)
        run(590)
        #expect(faults.isEmpty && city.ended.count == 1)
        run(60)
        #expect(faults.sorted() == Array(995..<1000))
    }
}
