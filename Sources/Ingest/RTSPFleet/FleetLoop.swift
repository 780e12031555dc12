import Flow
import Foundation
import NIOCore
import RTSP
import Synchronization

/// The event loop's side of `RTSPFleet`: all cameras, their lives, the pacing of connects and the rhythm of reads.
///
/// Safety: every member is used on `eventLoop` only, except `eventLoop` itself and `hasEnded`.
final class FleetLoop: @unchecked Sendable {
    /// Seconds between two turns of the wheel.
    private static let tick = 0.02
    /// Most connects begun in one turn, so that reads go on meanwhile.
    private static let connectsPerTick = 64
    /// Seconds that cameras get for the answer to TEARDOWN when the fleet stops.
    private static let farewell = 1.0

    let eventLoop: any EventLoop
    let settings: RTSPFleet.Settings
    let sink: any StreamSink
    let clocks: Clocks
    private let crumbs: Breadcrumbs?
    private var trail: BreadcrumbTrail?
    let gauges: FleetGauges
    private let dialer: FleetDialer
    private let origin: Double
    var cameras: [String: FleetCamera] = [:]
    private var wheel: [[FleetCamera]]
    private var turn = 0
    var pacer: ConnectPacer<String>
    /// Time as this loop was there to see it; what it missed is nobody's silence.
    private var attention = PatientClock(longestStep: 2 * FleetLoop.tick)
    private var load = LoopLoad()
    /// Cameras that are read more often than once in a turn of the wheel, because they send so much.
    private var hurried: [FleetCamera] = []
    /// The cameras of platforms that are visited in turn, by host.
    var patrols: [String: PatrolPlan<String>] = [:]
    private var lessons = LessonBook()
    private var isStopping = false
    private let hasEnded = Atomic<Bool>(false)
    /// What came in this turn of the wheel: handed over at once, because waking a worker costs more than one camera's work.
    private var arrived: [StreamBatch] = []

    init(
        settings: RTSPFleet.Settings,
        sink: any StreamSink,
        meter: Meter,
        crumbs: Breadcrumbs?,
        clocks: Clocks,
        eventLoop: any EventLoop
    ) {
        self.settings = settings
        self.sink = sink
        self.clocks = clocks
        self.crumbs = crumbs
        self.eventLoop = eventLoop
        self.gauges = FleetGauges(meter)
        self.dialer = FleetDialer(settings: settings, eventLoop: eventLoop)
        self.origin = clocks.monotonic()
        self.wheel = Array(repeating: [], count: max(1, Int((settings.readInterval / Self.tick).rounded())))
        self.pacer = ConnectPacer(settings: settings.pace)
    }

    /// Starts the wheel; it ends with the event loop.
    func start() {
        trail = crumbs?.attach()
        let interval = TimeAmount.nanoseconds(Int64(Self.tick * 1e9))
        eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { [self] _ in advance() }
    }

    /// Takes the new list of cameras.
    func replace(with sources: [StreamSource]) {
        let wanted = Dictionary(sources.map { ($0.camera, $0) }) { first, _ in first }
        for camera in cameras.values where wanted[camera.source.camera].map(camera.follow) != true { remove(camera) }
        for source in sources where cameras[source.camera] == nil { add(source) }
        lessons.keep(cameras: { wanted[$0] != nil }, hosts: Set(cameras.values.map(\.host)))
        gauges.cameras.set(cameras.count)
    }

    /// Takes one camera in.
    func take(_ source: StreamSource) {
        if let camera = cameras[source.camera] {
            guard !camera.follow(source) else { return }
            remove(camera)
        }
        add(source)
        gauges.cameras.set(cameras.count)
    }

    /// Ends one camera.
    func remove(_ id: String) {
        if let camera = cameras[id] { remove(camera) }
        gauges.cameras.set(cameras.count)
    }

    /// Calls `body` on the event loop, and not at all once the fleet has been stopped; any thread.
    ///
    /// Workers still hand in pictures after the leave-taking: nobody is there to hear of them.
    func run(_ body: @escaping @Sendable () -> Void) {
        guard !hasEnded.load(ordering: .acquiring) else { return }
        eventLoop.execute(body)
    }

    /// Nobody is there any more; before the event loop is shut down.
    func end() { hasEnded.store(true, ordering: .releasing) }

    /// Ends all sessions in order.
    func stop() -> EventLoopFuture<Void> {
        isStopping = true
        for camera in cameras.values { camera.connection?.stop() }
        return eventLoop.scheduleTask(in: .nanoseconds(Int64(Self.farewell * 1e9))) { [self] in
            for camera in cameras.values { drop(camera) }
            cameras = [:]
            handOver()
        }.futureResult
    }

    private func add(_ source: StreamSource) {
        do throws(RTSPError) {
            let url = try RTSPURL(source.url)
            let place = HostPlace(ofLiteral: url.host)
            guard settings.localAddresses.allow(place) else {
                return report(
                    source.camera,
                    .refused,
                    "its address " + LocalAddresses.refusal(place),
                    because: .badAddress,
                    reconnects: 0
                )
            }
            let camera = FleetCamera(source: source, url: url, settings: settings.life)
            camera.excused = attention.lateness
            cameras[source.camera] = camera
            wheel[Int(StableHash.of(source.camera) % UInt64(wheel.count))].append(camera)
            if let until = source.quarantinedUntil, until > clocks.wall() {
                pacer.add(source.camera, host: camera.host, pointClass: source.pointClass, dueAt: .infinity)
                handle(.quarantined(until: now() + until.seconds(since: clocks.wall())), camera)
            } else if let sessions = source.patrolSessions {
                enroll(camera, sessions: sessions)
            } else {
                pacer.add(source.camera, host: camera.host, pointClass: source.pointClass, dueAt: now())
            }
        } catch {
            report(
                source.camera,
                .refused,
                "\(error.message): correct the address in the registry",
                because: .badAddress,
                reconnects: 0
            )
        }
    }

    private func remove(_ camera: FleetCamera) {
        let id = camera.source.camera
        learn(from: camera)
        if let connection = camera.connection {
            camera.connection = nil
            connection.leave()
        }
        pacer.remove(id)
        leavePatrol(camera)
        cameras[id] = nil
        let slot = Int(StableHash.of(id) % UInt64(wheel.count))
        wheel[slot].removeAll { $0 === camera }
    }

    /// One turn of the wheel: connects what may, visits the cameras of this turn.
    private func advance() {
        guard !isStopping else { return }
        noteLateness()
        beginVisits()
        connectDue()
        turn = (turn + 1) % wheel.count
        for camera in wheel[turn] { visit(camera) }
        readHurried()
        handOver()
        if turn == 0 {
            gauges.update(pacer, cameras: cameras.values)
            countPatrols()
        }
    }

    private func noteLateness() {
        let before = attention
        attention.look(now())
        let late = attention.lateness - before.lateness
        load.turned(late: late)
        pacer.share = load.connectShare
        if late > 0 { for host in patrols.keys { patrols[host]?.excuse(late) } }
        gauges.count(lateness: attention.lateness, since: before.lateness)
    }

    /// Reads the cameras that send so much that once in a turn of the wheel is not enough.
    private func readHurried() {
        let now = now()
        hurried.removeAll { camera in
            guard let connection = camera.connection, connection.isPlaying, camera.pace?.isHurried == true else {
                camera.isHurried = false
                return true
            }
            guard camera.readAt <= now else { return false }
            camera.pace?.due(after: connection.bytesRead, now: now)
            camera.readAt = now + (camera.pace?.interval ?? 0)
            read(camera, connection, now)
            return false
        }
        gauges.hurried.set(hurried.count)
    }

    private func read(_ camera: FleetCamera, _ connection: CameraConnection, _ now: Double) {
        camera.readTimes = (last: now, before: camera.readTimes.last)
        connection.read()
    }

    private func hurry(_ camera: FleetCamera) {
        guard !camera.isHurried else { return }
        camera.isHurried = true
        hurried.append(camera)
    }

    private func handOver() {
        guard !arrived.isEmpty else { return }
        sink.accept(arrived)
        arrived.removeAll(keepingCapacity: true)
    }

    private func connectDue() {
        for _ in 0..<Self.connectsPerTick {
            guard case .connect(let id) = pacer.next(now: now()) else { return }
            guard let camera = cameras[id] else {
                pacer.remove(id)
                continue
            }
            handle(.due, camera)
            if camera.life.isConnected { dial(camera) } else { pacer.park(id) }
        }
    }

    private func dial(_ camera: FleetCamera) {
        camera.isStarted = false
        camera.origin = nil
        var options = ClientSession.Options()
        options.responseTimeout = settings.responseTimeout
        options.localAddresses = settings.localAddresses
        let session = ClientSession(
            url: camera.url,
            options: options,
            lessons: lessons.lessons(for: camera),
            clientNonce: FleetDialer.nonce(),
            now: elapsed()
        )
        dial(camera, to: camera.url, session)
    }

    private func dial(_ camera: FleetCamera, to url: RTSPURL, _ session: ClientSession) {
        let keeping: RTPDepacketiser.Keeping = camera.source.keepsPictures ? .everything : .keyframes
        let connection = CameraConnection(
            camera: camera,
            session: session,
            keeping: keeping,
            reads: url.isSecure ? nil : dialer.reads,
            owner: self
        )
        camera.connection = connection
        camera.counted = RTPDepacketiser.Counters()
        gauges.opens.add()
        dialer.dial(url, connection) { [weak connection] reason in connection?.connectFailed(reason) }
    }

    /// What a camera needs once per turn of the wheel.
    private func visit(_ camera: FleetCamera) {
        let late = attention.lateness - camera.excused
        camera.excused = attention.lateness
        camera.life.excuse(late)
        camera.connection?.excuse(late)
        if camera.newUnits > 0 {
            let count = camera.newUnits
            camera.newUnits = 0
            handle(.units(count), camera)
        }
        if camera.life.checkAt(settings.life) <= now() { handle(.timePassed, camera) }
        guard let connection = camera.connection else { return }
        connection.timePassed(to: elapsed())
        guard connection.isPlaying else { return }
        if !camera.isHurried { read(camera, connection, now()) }
        if let counters = connection.counters { gauges.count(counters, since: &camera.counted) }
    }

    /// Gives the life of a camera an event and does what it says.
    func handle(_ event: CameraLife.Event, _ camera: FleetCamera) {
        let wasConnecting = camera.connection != nil && !camera.isStarted
        let actions = camera.life.handle(
            event,
            now: now(),
            random: Double.random(in: 0..<1),
            settings: settings.life
        )
        let id = camera.source.camera
        if actions.closes {
            if wasConnecting { pacer.handshakeEnded(id, reached: false, now: now()) }
            if event == .timePassed, !wasConnecting { gauges.givenUp.add() }
            drop(camera)
        }
        if let connectAt = actions.connectAt {
            pacer.schedule(id, dueAt: connectAt, canHurry: actions.report?.state != .refused)
        }
        if let change = actions.report {
            let detail = change.reason.map { camera.detail ?? $0.explanation }
            let retryIn = actions.connectAt.map { $0 - now() }
            report(
                id,
                change.state,
                detail,
                because: change.reason,
                retryIn: retryIn,
                reconnects: camera.life.reconnects,
                isGiving: change.reason == nil && change.state != .connecting
            )
        }
    }

    func report(
        _ camera: String,
        _ state: StreamState,
        _ detail: String?,
        because failure: CameraFailure? = nil,
        retryIn: Double? = nil,
        reconnects: Int,
        isGiving: Bool = false
    ) {
        sink.changed(
            StreamStatus(
                camera: camera,
                state: state,
                since: clocks.wall(),
                lastUnit: isGiving ? clocks.wall() : nil,
                detail: detail,
                retryIn: retryIn,
                reconnects: reconnects,
                failure: failure
            )
        )
    }

    private func learn(from camera: FleetCamera) {
        if let connection = camera.connection { lessons.learn(connection.lessons, from: camera) }
    }

    /// Ends the connection of a camera without a word to the life of it.
    private func drop(_ camera: FleetCamera) {
        learn(from: camera)
        camera.connection?.abandon()
        camera.connection = nil
        camera.isStarted = false
    }

    private func now() -> Double { clocks.monotonic() }
}

extension FleetLoop: CameraConnectionOwner {
    func elapsed() -> MediaTime {
        MediaTime(seconds: clocks.monotonic() - origin)
    }

    func agreed(on track: PlayedTrack, camera: FleetCamera) {
        camera.format = StreamFormat(track: track.media)
        var limits = SenderClock.Limits()
        limits.arrivalTolerance += 2 * settings.readInterval
        camera.clock = SenderClock(clockRate: track.media.clockRate, limits: limits)
    }

    func refusal(of place: HostPlace, camera: FleetCamera) -> String? {
        guard let origin = camera.origin else {
            camera.origin = place
            return settings.localAddresses.allow(place) ? nil : "its address " + LocalAddresses.refusal(place)
        }
        return settings.localAddresses.allow(place, sentBy: origin)
            ? nil : "sends its clients on to the machine that asks or to its own wire, which is not followed"
    }

    func started(camera: FleetCamera) {
        camera.isStarted = true
        camera.detail = nil
        // The kernel doubles what a socket asks for.
        camera.pace = ReadPace(
            shortest: Self.tick,
            longest: settings.readInterval,
            capacity: 2 * settings.receiveBuffer
        )
        camera.readAt = now()
        camera.readTimes = (last: camera.readAt, before: camera.readAt)
        hurry(camera)
        pacer.handshakeEnded(camera.source.camera, reached: true, now: now())
        handle(.opened, camera)
    }

    func working(on camera: FleetCamera) {
        trail?.enter(camera.source.camera, .depacketising)
    }

    func workDone() {
        trail?.leave()
    }

    func hasRead(_ bytes: Int, camera: FleetCamera) {
        let before = camera.pace
        let now = now()
        camera.pace?.found(bytes, after: now - camera.readTimes.before, now: now)
        guard let pace = camera.pace, pace != before, pace.isHurried else { return }
        camera.readAt = min(camera.readAt, now + pace.interval)
        hurry(camera)
    }

    func received(_ pictures: [CodedUnit], camera: FleetCamera) {
        camera.newUnits += pictures.count
        gauges.units.add(pictures.count)
        let arrival = clocks.steady()
        let units = pictures.map { camera.unit(of: $0, arrival: arrival) }
        arrived.append(StreamBatch(camera: camera.source.camera, units: units, listener: self))
        if camera.isVisited, pictures.contains(where: { $0.isKeyframe && $0.bytes != nil }) {
            endVisit(camera, isSeen: true)
        }
    }

    func received(_ report: SenderReport, camera: FleetCamera) {
        // The camera tells wall time, its pictures are stamped with ours as it was before anybody moved it.
        var report = report
        report.time = report.time.shifted(by: -clocks.shift())
        camera.clock.take(report, arrival: clocks.steady())
    }

    func redirected(to url: RTSPURL, session: ClientSession, camera: FleetCamera) {
        dial(camera, to: url, session)
    }

    func closed(_ failure: RTSPError?, camera: FleetCamera) {
        learn(from: camera)
        camera.connection = nil
        if failure != nil { gauges.failures.add() }
        if failure?.code == .timedOut, camera.isStarted { gauges.givenUp.add() }
        guard !isStopping, cameras[camera.source.camera] === camera else { return }
        camera.detail = failure?.message
        let kind = failure.map(CameraFailure.init) ?? .closed
        if !camera.isStarted {
            pacer.handshakeEnded(camera.source.camera, reached: kind.reachedHost, now: now())
        }
        camera.isStarted = false
        if camera.isVisited { endVisit(camera, isSeen: false) }
        handle(.failed(kind), camera)
    }
}

extension FleetLoop: SampleListener {
    func sampled(_ id: String, isSame: Bool) {
        run { [self] in
            guard let camera = cameras[id] else { return }
            handle(.sample(isSame: isSame), camera)
        }
    }
}
