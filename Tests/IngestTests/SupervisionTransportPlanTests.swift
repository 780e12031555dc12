import Flow
import TestSupport
import Testing

@testable import Ingest

/// Which way each camera goes, event by event on a virtual clock.
@Suite(.ownThread) struct SupervisionTransportPlanTests {
    /// A plan, where it has put the cameras, and what people have heard.
    private struct Site {
        var plan: TransportPlan
        var now = 0.0
        private(set) var overUDP: Set<String> = []
        private(set) var overTCP: Set<String> = []
        private(set) var heard: [StreamStatus] = []
        /// Moves to UDP, in order.
        private(set) var went: [String] = []

        init(_ settings: TransportPlan.Settings = .init()) {
            plan = TransportPlan(settings: settings)
        }

        mutating func replace(_ sources: [StreamSource]) {
            let placement = plan.replace(with: sources)
            overTCP = Set(placement.fleet.map(\.camera))
            overUDP = Set(placement.pool.filter(\.overUDP).map(\.camera))
            heard += placement.statuses
        }

        mutating func replace(_ cameras: [String], at host: String = "h") {
            replace(cameras.map { StreamSource(camera: $0, url: "rtsp://\(host)/\($0)") })
        }

        private mutating func take(_ answer: TransportPlan.Answer) {
            for source in answer.moves {
                if source.overUDP {
                    overTCP.remove(source.camera)
                    overUDP.insert(source.camera)
                    went.append(source.camera)
                } else {
                    overUDP.remove(source.camera)
                    overTCP.insert(source.camera)
                }
            }
            heard += answer.statuses
        }

        mutating func fleet(
            _ camera: String,
            _ state: StreamState,
            _ failure: CameraFailure? = nil,
            enrolled: Bool = false
        ) {
            let lastUnit = failure == nil && state != .connecting && !enrolled ? MediaTime.zero : nil
            let status = StreamStatus(
                camera: camera,
                state: state,
                since: .zero,
                lastUnit: lastUnit,
                detail: failure?.explanation,
                failure: failure
            )
            take(plan.fleetSaid(status, now: now))
        }

        mutating func refusesTCP(_ camera: String) { fleet(camera, .refused, .otherTransport) }

        mutating func isSilent(_ camera: String) { fleet(camera, .stalled, .silent) }

        mutating func pool(_ camera: String, _ state: StreamState) {
            let isFailure = state == .offline || state == .stalled || state == .refused
            let status = StreamStatus(
                camera: camera,
                state: state,
                since: .zero,
                detail: isFailure ? "no answer in time" : nil,
                comesWhole: false
            )
            take(plan.poolSaid(status, now: now, random: 1))
        }

        mutating func gives(_ camera: String) { take(plan.poolGave(camera, now: now)) }

        mutating func wait(_ seconds: Double) {
            now += seconds
            take(plan.advance(now: now))
        }

        func last(_ camera: String) -> StreamStatus? { heard.last { $0.camera == camera } }
    }

    private func names(_ count: Int) -> [String] { (0..<count).map { "c\($0)" } }

    @Test("cameras begin over TCP; one that does not send so goes over UDP, and stays there while it sends")
    func moves() {
        var site = Site()
        site.replace(["a", "b"])
        #expect(site.overTCP == ["a", "b"])
        site.fleet("a", .online)
        site.refusesTCP("b")
        #expect(site.overTCP == ["a"] && site.overUDP == ["b"])
        site.gives("b")
        site.replace(["a", "b"])
        #expect(site.overUDP == ["b"], "the registry was read once more")
        for _ in 0..<10 {
            site.pool("b", .offline)
            site.pool("b", .offline)
            site.gives("b")
        }
        #expect(site.overUDP == ["b"])
        site.replace([StreamSource(camera: "b", url: "rtsp://h/other")])
        #expect(site.overTCP == ["b"], "another address")
    }

    @Test("what is no RTSP, and what no address is, is read as ever")
    func others() {
        var site = Site()
        site.replace([
            StreamSource(camera: "clip", url: "/clip.mp4"), StreamSource(camera: "web", url: "http://h/a.flv"),
            StreamSource(camera: "bad", url: "rtsp://h:port/"),
        ])
        #expect(site.overTCP == ["bad"] && site.overUDP.isEmpty)
        site.pool("web", .offline)
        site.fleet("bad", .refused, .badAddress)
        #expect(site.heard.map(\.camera) == ["web", "bad"])
    }

    @Test("one that is silent over TCP says so once, and is tried over UDP again and again, at last once an hour")
    func silent() {
        var site = Site()
        site.replace(["a"])
        site.fleet("a", .connecting)
        var times: [Double] = []
        for _ in 0..<86_400 {
            if site.overUDP == ["a"] {
                times.append(site.now)
                site.wait(10)
                site.pool("a", .offline)
                // A new life over TCP, which is silent and says so only once.
                site.fleet("a", .connecting)
                site.wait(20)
                site.isSilent("a")
            } else if times.isEmpty {
                site.isSilent("a")
            } else {
                site.wait(1)
            }
        }
        let waits = zip(times, times.dropFirst()).map { $1 - $0 }
        #expect(waits.first == 70 && waits.dropFirst().first == 130)
        #expect((3600...3640).contains(waits.last ?? 0))
        #expect(waits == waits.sorted())
        #expect(site.last("a")?.state == .stalled && site.last("a")?.detail?.contains("neither") == true)
        let states = site.heard.map(\.state)
        #expect(Set(states) == [.connecting, .stalled] && states.count { $0 == .connecting } == 1, "nothing flickers")
    }

    @Test("one that has sent over TCP and falls silent is not tried over UDP, one that fails otherwise neither")
    func notTried() {
        var site = Site()
        site.replace(["a", "b"])
        site.fleet("a", .online)
        site.isSilent("a")
        site.isSilent("b")
        #expect(site.overUDP == ["b"])
        site.pool("b", .offline)
        site.isSilent("b")
        site.fleet("b", .offline, .unreachable)
        site.wait(7200)
        #expect(site.overTCP == ["a", "b"], "while it cannot be reached there is nothing to try")
        site.fleet("a", .refused, .unauthorized)
        #expect(site.overUDP.isEmpty && site.last("a")?.failure == .unauthorized)
    }

    @Test("it does not send over TCP, and UDP is blocked: tried more and more rarely, and people read what to do")
    func blocked() {
        var site = Site()
        site.replace(["a"])
        site.fleet("a", .connecting)
        site.refusesTCP("a")
        var tries = 0
        for _ in 0..<86_400 where site.now < 86_400 {
            if site.overUDP == ["a"] {
                tries += 1
                site.wait(10)
                site.pool("a", .offline)
                site.fleet("a", .connecting)
                site.refusesTCP("a")
            } else {
                site.wait(1)
            }
        }
        #expect((20...32).contains(tries), "\(tries) in a day")
        let last = site.last("a")
        #expect(last?.state == .refused && last?.failure == .udpBlocked)
        #expect(last?.detail?.contains("firewall") == true && last?.retryIn != nil)
        #expect(!site.heard.contains { $0.state == .offline })
        site.wait(3600)
        #expect(site.overUDP == ["a"])
        site.gives("a")
        site.pool("a", .online)
        #expect(site.last("a")?.state == .online, "the firewall was opened")
    }

    @Test("few are tried at once, fewer of one host, and each gets its turn in the order in which it came")
    func bounded() {
        var site = Site()
        site.replace(names(100).enumerated().map { StreamSource(camera: $1, url: "rtsp://h\($0 % 10)/\($1)") })
        for name in names(100) { site.isSilent(name) }
        var most = 0
        for _ in 0..<100 where site.went.count < 100 {
            most = max(most, site.overUDP.count)
            #expect(site.plan.trying == site.overUDP.count && site.plan.overUDP == site.overUDP.count)
            for host in 0..<10 { #expect(site.overUDP.count { $0.hasSuffix("\(host)") } <= 2) }
            site.now += 1
            if let next = site.went.first(where: site.overUDP.contains) { site.pool(next, .offline) }
        }
        #expect(most == 16 && site.plan.waiting == 0)
        #expect(Set(site.went) == Set(names(100)))
        for host in 0..<10 {
            let order = site.went.filter { $0.hasSuffix("\(host)") }
            #expect(order == names(100).filter { $0.hasSuffix("\(host)") })
        }
    }

    @Test("of 32,000 that are silent none is tried twice before each was tried once")
    func fair() {
        var site = Site()
        let count = 32_000
        site.replace(names(count).enumerated().map { StreamSource(camera: $1, url: "rtsp://h\($0 % 400)/\($1)") })
        for name in names(count) {
            site.now += 0.001
            site.isSilent(name)
        }
        var done = 0
        var late = 0
        while done < count, late < count {
            site.now += 10
            let running = site.went[done...]
            done = site.went.count
            if running.isEmpty { late += 1 }
            for name in running {
                site.pool(name, .offline)
                site.isSilent(name)
            }
        }
        #expect(Set(site.went.prefix(count)).count == count)
        #expect(site.now / 3600 < 6, "sixteen at once, ten seconds each: \(site.now) s")
    }

    @Test("500 cameras of a recorder that knows UDP only: few find out, the others follow without a try of their own")
    func recorder() {
        var site = Site()
        site.replace(names(500))
        var own = 0
        for name in names(500) where site.overTCP.contains(name) {
            own += 1
            site.refusesTCP(name)
            site.pool(name, .online)
            site.gives(name)
        }
        #expect(site.overUDP.count == 500)
        #expect(own <= 5, "\(own) failed first")
        site.replace(names(501))
        #expect(site.overUDP.contains("c500"), "a new one goes the way of the others at once")
        site.replace([StreamSource(camera: "x", url: "rtsp://other/x")])
        site.replace([StreamSource(camera: "y", url: "rtsp://h/y")])
        #expect(site.overTCP == ["y"], "what was known of the host is gone with its cameras")
    }

    @Test("where one camera of a host sends over TCP none follows another over UDP")
    func mixedRecorder() {
        var site = Site()
        site.replace(names(20))
        site.fleet("c0", .online)
        site.refusesTCP("c1")
        site.gives("c1")
        #expect(site.overUDP == ["c1"])
        site.fleet("c0", .refused, .otherTransport)
        site.gives("c0")
        #expect(site.overUDP.count > 2, "its setting was changed")
    }

    @Test("one that followed and gets nothing over UDP begins over TCP, and follows nobody again")
    func wrongLesson() {
        var site = Site()
        site.replace(["a", "b"])
        site.refusesTCP("a")
        site.gives("a")
        #expect(site.overUDP == ["a", "b"])
        site.pool("b", .offline)
        #expect(site.overTCP == ["b"] && site.last("b")?.state == .offline)
        site.replace(["a", "b", "c"])
        #expect(site.overTCP == ["b"])
        site.fleet("b", .online)
        site.replace(["a", "b", "c", "d"])
        #expect(site.overTCP == ["b", "d"], "not all of the host send over UDP")
    }

    @Test("when those that found UDP are back over TCP nobody follows them")
    func forgotten() {
        var site = Site()
        site.replace(["a"])
        site.refusesTCP("a")
        site.gives("a")
        for _ in 0..<3 { site.pool("a", .offline) }
        #expect(site.overTCP == ["a"])
        site.replace(["a", "b"])
        #expect(site.overTCP == ["a", "b"])
        site.refusesTCP("a")
        #expect(site.overUDP == ["a"], "it was read so before: no wait")
    }

    @Test("what a person says of a camera or of all holds, whatever the camera says")
    func told() {
        func source(_ camera: String, _ transport: RTSPTransport?) -> StreamSource {
            var source = StreamSource(camera: camera, url: "rtsp://h/\(camera)")
            source.transport = transport
            return source
        }
        var site = Site(TransportPlan.Settings(usual: .tcp))
        site.replace([source("t", nil), source("u", .udp), source("auto", .automatic)])
        #expect(site.overTCP == ["t", "auto"] && site.overUDP == ["u"])
        for name in ["t", "auto"] { site.refusesTCP(name) }
        #expect(site.overTCP == ["t"] && site.last("t")?.failure == .otherTransport)
        for _ in 0..<9 { site.pool("u", .offline) }
        #expect(site.overUDP == ["u", "auto"])
        site.replace([source("t", .udp), source("u", .tcp), source("auto", nil)])
        #expect(site.overTCP == ["u", "auto"] && site.overUDP == ["t"])
    }

    private func patrol(_ cameras: [String], _ transport: [String: RTSPTransport] = [:]) -> [StreamSource] {
        cameras.map { camera in
            var source = StreamSource(camera: camera, url: "rtsp://platform/\(camera)")
            source.patrolSessions = 2
            source.transport = transport[camera]
            return source
        }
    }

    @Test("a platform that is visited goes over UDP as a whole, and back as a whole when nothing comes of it")
    func patrols() {
        var site = Site()
        site.replace(patrol(names(5)))
        #expect(site.overTCP.count == 5)
        site.refusesTCP("c3")
        #expect(site.overUDP.count == 5)
        site.pool("c0", .patrol)
        site.pool("c1", .patrol)
        #expect(site.heard.isEmpty)
        site.gives("c0")
        #expect(site.last("c0")?.state == .patrol && site.last("c1")?.state == .patrol)
        for _ in 0..<4 { for name in ["c1", "c2", "c4"] { site.pool(name, .offline) } }
        #expect(site.overUDP.count == 5, "three that are dead are not all")
        for _ in 0..<3 { site.pool("c1", .offline) }
        #expect(site.overTCP.count == 5)
        site.refusesTCP("c1")
        for _ in 0..<3 { site.pool("c1", .offline) }
        #expect(site.overTCP.count == 5 && site.last("c1")?.failure == .udpBlocked)
        site.fleet("c1", .patrol, enrolled: true)
        #expect(site.last("c1")?.failure == .udpBlocked, "nothing has come yet of what is taken in anew")
    }

    @Test("a camera over UDP on a platform that is visited over TCP is said, with what to do")
    func patrolsMixed() {
        var site = Site()
        site.replace(patrol(["a", "b"]))
        site.fleet("a", .patrol)
        site.refusesTCP("b")
        #expect(site.overTCP == ["a", "b"])
        #expect(site.last("b")?.failure == .patrolOverUDP && site.last("b")?.detail?.contains("patrol") == true)
        site.replace(patrol(["a", "b", "c"], ["a": .tcp, "c": .udp]))
        #expect(site.overTCP == ["a", "b"] && site.overUDP.isEmpty)
        #expect(site.last("c")?.state == .refused && site.last("c")?.failure == .patrolOverUDP)
        site.replace(patrol(["a", "c"], ["c": .udp]))
        #expect(site.overUDP == ["a", "c"], "nobody says TCP")
    }

    @Test("half of a platform with 20,000 cameras leaves at once: the rest stay where they are")
    func patrolsLeave() {
        var site = Site()
        site.replace(patrol(names(20_000)))
        site.refusesTCP("c3")
        #expect(site.overUDP.count == 20_000)
        site.replace(patrol(names(10_000)))
        #expect(site.overUDP == Set(names(10_000)) && site.overTCP.isEmpty)
        site.replace([])
        #expect(site.overUDP.isEmpty && site.plan.overUDP == 0)
    }

    @Test("an open stream is told once something comes of it, at the latest after half a minute")
    func held() {
        var site = Site()
        site.replace(["a", "b"], at: "h")
        site.refusesTCP("a")
        site.pool("a", .connecting)
        site.pool("a", .online)
        #expect(site.heard.isEmpty)
        site.wait(29)
        #expect(site.heard.isEmpty && site.plan.trying == 1)
        site.wait(1)
        #expect(site.last("a")?.state == .online && site.last("a")?.comesWhole == false)
        #expect(site.plan.trying == 0, "a camera without keyframes holds no place among the tries")
        #expect(site.overUDP == ["a", "b"])
    }

    @Test("a quarantine ends a try: it would last as long")
    func quarantine() {
        var site = Site()
        site.replace(["a"])
        site.isSilent("a")
        site.pool("a", .quarantined)
        #expect(site.plan.trying == 0 && site.overTCP == ["a"] && site.last("a")?.state == .quarantined)
    }

    @Test("who no longer reads a camera is not heard")
    func late() {
        var site = Site()
        site.replace(["a"])
        site.refusesTCP("a")
        site.fleet("a", .offline, .closed)
        #expect(site.heard.isEmpty && site.overUDP == ["a"])
        site.pool("a", .offline)
        let count = site.heard.count
        site.pool("a", .offline)
        site.gives("a")
        #expect(site.heard.count == count && site.overTCP == ["a"])
    }
}
