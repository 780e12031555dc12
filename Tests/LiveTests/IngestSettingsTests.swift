import Flow
import Settings
import TestSupport
import Testing

@testable import Ingest
@testable import Live

/// Settings of reading streams, each with two values that make a difference; on clocks of the test's own.
@Suite struct IngestSettingsTests {
    private func fleet(_ name: String, _ value: String) throws -> RTSPFleet.Settings {
        RTSPFleet.Settings(try .with([name: value]))
    }

    /// What a camera's life asks for, event by event, with the jitter at its longest.
    private func live(
        _ name: String,
        _ value: String,
        _ events: [(at: Double, event: CameraLife.Event)]
    ) throws -> [CameraLife.Actions] {
        let settings = try fleet(name, value).life
        var life = CameraLife(isPatrol: false, settings: settings)
        return events.map { life.handle($0.event, now: $0.at, random: 1, settings: settings) }
    }

    @Test(
        "ingest.open_timeout_s: a connection may take twice as long to open",
        arguments: [("5", .offline), ("30", nil)] as [(String, StreamState?)]
    )
    func openTimeout(value: String, state: StreamState?) throws {
        let told = try live("ingest.open_timeout_s", value, [(0, .due), (21, .timePassed)])
        #expect(told.last?.report?.state == state)
    }

    @Test(
        "supervision.stall_s: an open stream may be silent for so long",
        arguments: [("20", .stalled), ("60", nil)] as [(String, StreamState?)]
    )
    func stall(value: String, state: StreamState?) throws {
        let told = try live("supervision.stall_s", value, [(0, .due), (1, .opened), (2, .units(1)), (32, .timePassed)])
        #expect(told.last?.report?.state == state)
    }

    @Test("supervision.freeze_s: equal pictures for so long are frozen", arguments: [("30", true), ("600", false)])
    func freeze(value: String, isFrozen: Bool) throws {
        var events: [(at: Double, event: CameraLife.Event)] = [(0, .due), (1, .opened), (2, .units(1))]
        for second in 3...90 {
            events.append((Double(second), .units(1)))
            if second.isMultiple(of: 10) { events.append((Double(second), .sample(isSame: second > 10))) }
        }
        let told = try live("supervision.freeze_s", value, events)
        #expect(told.contains { $0.report?.state == .frozen } == isFrozen)
    }

    @Test("ingest.reconnect_base_s: the first wait after a failure", arguments: ["3", "20"])
    func reconnectBase(value: String) throws {
        let told = try live("ingest.reconnect_base_s", value, [(0, .due), (1, .failed(.unreachable))])
        let at = try #require(told.last?.connectAt)
        #expect(at - 1 == Double(value))
    }

    @Test("ingest.reconnect_cap_s: the longest wait after many failures", arguments: ["15", "300"])
    func reconnectCap(value: String) throws {
        let tries = (0..<20).flatMap { attempt in
            let start = Double(attempt) * 1000
            return [(at: start, event: CameraLife.Event.due), (at: start + 1, event: .failed(.unreachable))]
        }
        let told = try live("ingest.reconnect_cap_s", value, tries)
        let at = try #require(told.last?.connectAt)
        #expect(at - 19_001 == Double(value))
    }

    /// Cameras that connect within a second, each with its handshake ended at once or not at all.
    private func connects(_ settings: ConnectPacerSettings, cameras: Int, hosts: Int, end: Bool) -> Int {
        var pacer = ConnectPacer<Int>(settings: settings)
        for camera in 0..<cameras { pacer.add(camera, host: "h\(camera % hosts)", pointClass: 1, dueAt: 0) }
        var (now, count) = (0.0, 0)
        while now < 1 {
            switch pacer.next(now: now) {
            case .connect(let camera):
                count += 1
                if end { pacer.handshakeEnded(camera, reached: true, now: now) }
            case .wait(let seconds): now += max(seconds, 0.001)
            case .idle: return count
            }
        }
        return count
    }

    @Test("ingest.connects_per_second: connects of all cameras in a second")
    func connectsPerSecond() throws {
        let few = connects(try fleet("ingest.connects_per_second", "10").pace, cameras: 300, hosts: 300, end: true)
        let many = connects(try fleet("ingest.connects_per_second", "100").pace, cameras: 300, hosts: 300, end: true)
        #expect((9...12).contains(few) && (90...120).contains(many), "\(few), \(many)")
    }

    @Test("ingest.connects_per_host: connects to one address in a second")
    func connectsPerHost() throws {
        let few = connects(try fleet("ingest.connects_per_host", "2").pace, cameras: 100, hosts: 1, end: true)
        let many = connects(try fleet("ingest.connects_per_host", "40").pace, cameras: 100, hosts: 1, end: true)
        #expect((2...4).contains(few) && (36...48).contains(many), "\(few), \(many)")
    }

    @Test("ingest.handshakes_per_host: connections to one address that are being set up at once", arguments: [2, 8])
    func handshakesPerHost(limit: Int) throws {
        let pace = try fleet("ingest.handshakes_per_host", "\(limit)").pace
        #expect(connects(pace, cameras: 30, hosts: 1, end: false) == limit)
    }

    @Test(
        "ingest.read_interval_ms: seconds between two reads of a small stream",
        arguments: [("200", 0.2), ("2000", 2)]
    )
    func readInterval(value: String, seconds: Double) throws {
        let settings = try fleet("ingest.read_interval_ms", value)
        var pace = ReadPace(shortest: 0.05, longest: settings.readInterval, capacity: settings.receiveBuffer)
        for read in 0..<100 { pace.due(after: 1000, now: Double(read)) }
        #expect(pace.interval == seconds)
    }

    @Test(
        "supervision.fault_after_s: a camera that is away for so long is a fault",
        arguments: [("60", 1), ("600", 0)]
    )
    func faultAfter(value: String, faults: Int) throws {
        let settings = try DaemonSettings.with(["supervision.fault_after_s": value]).supervision
        var watch = FaultDetector<String>(settings: FaultDetectorSettings(settings))
        watch.changed("cam", to: .online, now: 0)
        watch.changed("cam", to: .offline, now: 10)
        #expect(watch.advance(now: 100, explainedUntil: { _ in nil }).count == faults)
    }

    @Test("supervision.outage_percent: so many that fail together are one incident", arguments: [("10", 1), ("40", 0)])
    func outage(value: String, incidents: Int) throws {
        let settings = try DaemonSettings.with(["supervision.outage_percent": value]).supervision
        var judge = OutageJudge<Int>(settings: OutageSettings(settings))
        for camera in 0..<1000 {
            judge.add(camera, platform: nil, host: "h\(camera % 100)")
            judge.changed(camera, to: .online, now: 0)
        }
        _ = judge.advance(now: 100)
        for camera in stride(from: 0, to: 1000, by: 7) { judge.changed(camera, to: .offline, now: 100) }
        let said = (101...110).flatMap { judge.advance(now: Double($0)) }
        let begun = said.count { if case .incidentBegan = $0 { true } else { false } }
        #expect(begun == incidents)
    }
}
