import Flow
import RTSP

/// How the packets of an RTSP camera may travel.
public enum RTSPTransport: String, Sendable, Hashable, Codable, CaseIterable {
    /// Within the connection.
    case tcp
    /// As packets of their own, read through libavformat.
    case udp
    /// As the camera can.
    case automatic = "auto"
}

/// Which way each RTSP camera goes: over TCP on the event loop, or over UDP through libavformat.
///
/// A pure value, told what the readers say, answering which cameras move and what people hear. A camera begins over TCP
/// unless a person says otherwise. One that says that it does not send so, and one that agrees and sends nothing, waits for
/// a try over UDP: few at once, of all and of each host, who waits longest first, and after a try that brought nothing
/// longer and longer. Cameras at one host and port (a recorder, a platform) behave alike: while one that found UDP by
/// itself is read so, and none of them sends over TCP, four others go over UDP without a try of their own, with two that
/// found it sixteen, and so on; what is known of a host is what its cameras do now, so nothing of it outlives them.
///
/// Cameras of a patrol move together, because their platform counts the sessions of both readers.
///
/// Monotonic seconds; one owner at a time. Each event costs O(log n) beside what moves, `replace` O(n).
public struct TransportPlan: Sendable {
    /// Tunables; the defaults suit 64 threads of the pool.
    public struct Settings: Sendable, Hashable {
        /// What holds for cameras that say nothing.
        public var usual = RTSPTransport.automatic
        /// Tries over UDP at once; each holds a thread.
        public var tries = 16
        /// Of them at one host and port.
        public var triesPerHost = 2
        /// Failures in a row of a camera that was read over UDP, before TCP is tried again.
        public var patience = 3
        /// First wait after a try over UDP that brought nothing, seconds; each further one is twice as long.
        public var firstWait = 60.0
        /// Longest such wait, seconds.
        public var longestWait = 3600.0

        /// Makes settings.
        public init(usual: RTSPTransport = .automatic, tries: Int = 16) {
            self.usual = usual
            self.tries = max(1, tries)
        }
    }

    /// Where all cameras belong.
    public struct Placement: Sendable {
        /// On the event loop.
        public var fleet: [StreamSource] = []
        /// In the pool of libavformat.
        public var pool: [StreamSource] = []
        /// What people hear of cameras that nobody can read.
        public var statuses: [StreamStatus] = []
    }

    /// What to do after an event.
    public struct Answer: Sendable {
        /// Cameras that change their reader; `overUDP` says to which.
        public var moves: [StreamSource] = []
        /// What people hear, in order.
        public var statuses: [StreamStatus] = []

        init(_ status: StreamStatus? = nil) {
            if let status { statuses.append(status) }
        }
    }

    /// What is known of a camera, or of the cameras of a patrol.
    enum Stage: Sendable, Hashable {
        /// A person has said how.
        case told
        /// Over TCP, by which nothing has come yet.
        case fresh
        /// Over TCP, and it sends.
        case overTCP
        /// Over TCP, which does not work; wants a try over UDP.
        case waiting
        /// Over UDP, to see whether anything comes.
        case trying
        /// Over UDP, because others of its host are.
        case following
        /// Over UDP, and it sends.
        case overUDP(foundOut: Bool)
    }

    /// Why TCP does not work.
    enum Cause: Sendable, Hashable {
        case none
        case silent
        case refused
    }

    struct Unit: Sendable {
        var host: Int
        var members: [String]
        var isPatrol: Bool
        var stage = Stage.fresh
        /// What a person has said.
        var transport = RTSPTransport.automatic
        var cause = Cause.none
        /// Failures over UDP in a row.
        var failures = 0
        /// Tries that brought nothing.
        var waits: Backoff
        /// When it may be tried over UDP again.
        var tryAt = -Double.infinity
        /// Its place among those of its host that wait.
        var place: Place?

        var isOverUDP: Bool {
            switch stage {
            case .told: transport == .udp
            case .fresh, .overTCP, .waiting: false
            case .trying, .following, .overUDP: true
            }
        }
    }

    /// Order among those that wait: the time from which, then who came first.
    struct Place: Sendable, Hashable, Comparable {
        var at: Double
        var number: UInt64

        static func < (left: Place, right: Place) -> Bool { (left.at, left.number) < (right.at, right.number) }
    }

    /// What the pool said of streams from which nothing has come yet, by camera, and when it did first.
    struct Held: Sendable {
        var statuses: [String: StreamStatus] = [:]
        var since: Double
    }

    struct Host: Sendable {
        var units: Set<Int> = []
        /// Those that wait for a try, in order.
        var waiting: [(place: Place, unit: Int)] = []
        var trying = 0
        var overTCP = 0
        /// Those that found out by themselves that they send over UDP.
        var teachers = 0
        /// Those that went over UDP after them.
        var followers = 0
    }

    private struct Camera: Sendable {
        var source: StreamSource
        /// Nil for what is not RTSP, or cannot be read at all.
        var unit: Int?
    }

    let settings: Settings
    private var cameras: [String: Camera] = [:]
    private var unitNames = SlotTable<String>()
    var units: [Unit] = []
    private var hostNames = SlotTable<String>()
    var hosts: [Host] = []
    /// Hosts of which a unit may be tried, by the time from which it may.
    var ready = SlotHeap()
    /// Tries under way.
    public internal(set) var trying = 0
    /// Cameras that wait for a try over UDP; those of a patrol count once.
    public private(set) var waiting = 0
    /// Cameras that go over UDP without having been told to, tries among them; those of a patrol count once.
    public private(set) var overUDP = 0
    /// Units whose stream over UDP is open, and of which nothing has come yet.
    var held: [Int: Held] = [:]
    private var numbers: UInt64 = 0

    /// Makes a plan without cameras.
    public init(settings: Settings = .init()) {
        self.settings = settings
    }

    /// Whether the packets of a camera travel over UDP now.
    public func isOverUDP(_ camera: String) -> Bool {
        cameras[camera]?.unit.map { units[$0].isOverUDP } ?? false
    }

    /// Takes the wanted cameras; what is known of one lasts as long as its address and its place in a patrol.
    public mutating func replace(with sources: [StreamSource]) -> Placement {
        let wanted = Dictionary(sources.map { ($0.camera, $0) }) { first, _ in first }
        var left: [Int: Set<String>] = [:]
        for (id, camera) in cameras {
            if let source = wanted[id], Self.isSame(source, camera.source) {
                cameras[id]?.source = source
            } else {
                cameras[id] = nil
                if let unit = camera.unit { left[unit, default: []].insert(id) }
            }
        }
        // Of a patrol all leave at once: a platform has thousands.
        for (unit, members) in left { leave(unit, members) }
        var touched: Set<Int> = []
        for source in wanted.values where cameras[source.camera] == nil {
            if let unit = join(source) { touched.insert(unit) }
        }
        for unit in touched { settle(unit) }
        var placement = Placement()
        for camera in cameras.values { place(camera, &placement) }
        return placement
    }

    private static func isSame(_ left: StreamSource, _ right: StreamSource) -> Bool {
        left.url == right.url && left.transport == right.transport
            && (left.patrolSessions == nil) == (right.patrolSessions == nil)
    }

    private func place(_ camera: Camera, _ placement: inout Placement) {
        guard let slot = camera.unit else {
            // An address that the fleet says to be none.
            if camera.source.isRTSP {
                placement.fleet.append(camera.source)
            } else {
                placement.pool.append(camera.source)
            }
            return
        }
        var source = camera.source
        source.overUDP = units[slot].isOverUDP
        if units[slot].isPatrol, !source.overUDP, (source.transport ?? settings.usual) == .udp {
            placement.statuses.append(Self.apart(source.camera))
        } else if source.overUDP {
            placement.pool.append(source)
        } else {
            placement.fleet.append(source)
        }
    }

    /// What people hear of a camera over UDP on a platform that is visited over TCP.
    static func apart(_ camera: String, since: MediaTime = .zero) -> StreamStatus {
        StreamStatus(
            camera: camera,
            state: .refused,
            since: since,
            detail: CameraFailure.patrolOverUDP.explanation,
            failure: .patrolOverUDP
        )
    }
}

/// Cameras come and go.
extension TransportPlan {
    /// Takes a camera in; its unit, which must be settled.
    private mutating func join(_ source: StreamSource) -> Int? {
        guard source.isRTSP, let url = try? RTSPURL(source.url) else {
            cameras[source.camera] = Camera(source: source)
            return nil
        }
        let name = "\(url.host):\(url.port)"
        let (host, isNewHost) = hostNames.insert(name)
        if isNewHost { Self.put(Host(), at: host, &hosts) }
        let isPatrol = source.patrolSessions != nil
        // No id of a camera has a blank in it.
        let (slot, isNew) = unitNames.insert(isPatrol ? "patrol of \(name)" : source.camera)
        if isNew {
            let waits = Backoff(base: settings.firstWait, cap: settings.longestWait)
            Self.put(Unit(host: host, members: [], isPatrol: isPatrol, waits: waits), at: slot, &units)
            hosts[host].units.insert(slot)
        }
        units[slot].members.append(source.camera)
        cameras[source.camera] = Camera(source: source, unit: slot)
        return slot
    }

    private static func put<Value>(_ value: Value, at slot: Int, _ values: inout [Value]) {
        if slot < values.count { values[slot] = value } else { values.append(value) }
    }

    /// Cameras of a unit are gone; without any it goes, too.
    private mutating func leave(_ slot: Int, _ gone: Set<String>) {
        units[slot].members.removeAll { gone.contains($0) }
        guard units[slot].members.isEmpty else { return settle(slot) }
        enter(slot, .told)
        let host = units[slot].host
        hosts[host].units.remove(slot)
        if let name = unitNames.key(at: slot) { _ = unitNames.remove(name) }
        if hosts[host].units.isEmpty, let name = hostNames.key(at: host) {
            ready.remove(host)
            _ = hostNames.remove(name)
        }
    }

    /// What people have said of a unit, and what it begins with.
    private mutating func settle(_ slot: Int) {
        let said = units[slot].members.map { cameras[$0]?.source.transport ?? settings.usual }
        // Of a platform with both, those over TCP are read: the event loop visits more of them at less cost.
        let transport: RTSPTransport =
            said.contains(.tcp) ? .tcp : said.contains(.udp) ? .udp : .automatic
        let wasTold = units[slot].stage == .told
        units[slot].transport = transport
        if transport != .automatic {
            enter(slot, .told)
        } else if wasTold {
            enter(slot, .fresh)
        }
        if units[slot].stage == .fresh, units[slot].waits.failures == 0, mayFollow(units[slot].host) {
            enter(slot, .following)
        }
    }

    /// Whether one more unit of a host goes over UDP without a try of its own.
    func mayFollow(_ host: Int) -> Bool {
        let known = hosts[host]
        return known.teachers > 0 && known.overTCP == 0 && known.followers < 1 << min(2 * known.teachers, 30)
    }

    /// The members of a unit, for the reader that they belong to now.
    func sources(of slot: Int) -> [StreamSource] {
        units[slot].members.compactMap { id in
            guard var source = cameras[id]?.source else { return nil }
            source.overUDP = units[slot].isOverUDP
            return source
        }
    }

    /// The unit of a camera; nil when it is not one that may move.
    func unit(of camera: String) -> Int? { cameras[camera]?.unit }

    /// Changes what is known of a unit, and keeps the counts of its host.
    mutating func enter(_ slot: Int, _ stage: Stage) {
        let host = units[slot].host
        count(units[slot].stage, host, -1)
        count(stage, host, 1)
        if units[slot].stage == .waiting { unqueue(slot) }
        units[slot].stage = stage
        held[slot] = nil
        if stage == .waiting { queue(slot) }
        rank(host)
    }

    private mutating func count(_ stage: Stage, _ host: Int, _ step: Int) {
        switch stage {
        case .told, .fresh, .overTCP: break
        case .waiting: waiting += step
        case .trying, .following, .overUDP: overUDP += step
        }
        switch stage {
        case .told, .fresh, .waiting: break
        case .overTCP: hosts[host].overTCP += step
        case .trying:
            hosts[host].trying += step
            trying += step
        case .overUDP(foundOut: true): hosts[host].teachers += step
        case .following, .overUDP(foundOut: false): hosts[host].followers += step
        }
    }

    private mutating func queue(_ slot: Int) {
        numbers += 1
        let place = Place(at: units[slot].tryAt, number: numbers)
        units[slot].place = place
        let host = units[slot].host
        hosts[host].waiting.insert((place, slot), at: position(of: place, host))
    }

    private mutating func unqueue(_ slot: Int) {
        guard let place = units[slot].place else { return }
        let host = units[slot].host
        hosts[host].waiting.remove(at: position(of: place, host))
        units[slot].place = nil
    }

    private func position(of place: Place, _ host: Int) -> Int {
        var (low, high) = (0, hosts[host].waiting.count)
        while low < high {
            let middle = (low + high) / 2
            if hosts[host].waiting[middle].place < place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func rank(_ host: Int) {
        if hosts[host].trying < settings.triesPerHost, let first = hosts[host].waiting.first {
            ready.set(host, rank: first.place.at)
        } else {
            ready.remove(host)
        }
    }
}
