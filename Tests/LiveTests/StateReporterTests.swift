import Detection
import Flow
import Ingest
import Logging
import Postgres
import Store
import Synchronization
import Testing

@testable import Live

/// What is shown of a camera: what its stream says, and whether anybody looks at it.
@Suite struct StateReporterTests {
    /// A clock that stands until it is moved.
    private final class Hands: Sendable {
        private let seconds = Mutex(1000.0)

        var clocks: Clocks {
            Clocks(
                wall: { [self] in MediaTime(seconds: 1_790_000_000 + seconds.withLock { $0 }) },
                monotonic: { [self] in seconds.withLock { $0 } }
            )
        }

        func move(_ by: Double) { seconds.withLock { $0 += by } }
    }

    private struct Site {
        let hands = Hands()
        let states: StateReporter
        let meter = Meter()
        let heard = Heard()

        init() {
            // Nobody connects to it: what is to be written is looked at before it is.
            let pool = PostgresPool(conninfo: "host=/nonexistent", size: 1)
            states = StateReporter(
                table: CameraStates(pool: pool),
                worker: "w",
                outages: heard,
                loops: LoopMonitor(meter: meter, health: HealthBoard()),
                meter: meter,
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                clocks: hands.clocks
            )
        }

        /// A look of the reporter; what it asks for is kept.
        func look() {
            let unseen = states.look()
            heard.asked.withLock { $0 += unseen }
        }

        func stream(_ state: StreamState, _ failure: CameraFailure? = nil) {
            let detail = failure.map(\.explanation)
            states.stream(
                StreamStatus(camera: "c", state: state, since: .zero, detail: detail, failure: failure)
            )
        }

        func seen(gap: Double? = nil) {
            let look = CameraLook(scene: .steady, interval: 10, time: .zero, keyframeGap: gap)
            states.picture("c", look)
        }

        var shown: CameraStateRecord? { states.record(of: "c") }

        func metric(_ name: String, _ labels: String = "") -> Int? {
            meter.samples().first { $0.name == name && $0.labels.contains(labels) }?.value
        }
    }

    private final class Heard: StatusListener {
        let states = Mutex<[StreamState]>([])
        let asked = Mutex<[String]>([])

        func changed(_ status: StreamStatus) { states.withLock { $0.append(status.state) } }
    }

    private func damaged() -> SightTally {
        var tally = SightTally()
        let format = StreamFormat(codec: .h264, avCodecID: 0, width: 0, height: 0, extradata: [])
        tally.took(
            AccessUnit(format: format, time: .zero, decodeTime: .zero, isKeyframe: true, isDamaged: true, bytes: [1])
        )
        return tally
    }

    @Test("a camera that sends and cannot be looked at is blind for people, faults and metrics, with the reason")
    func blind() {
        let site = Site()
        site.states.watch(["c": Sight.Expectation(interval: 10)])
        site.stream(.connecting)
        site.stream(.online)
        site.look()
        #expect(site.shown?.state == "online" && site.metric("gridwatch_cameras_online") == 1)
        #expect(site.heard.asked.withLock { $0 }.isEmpty)
        site.hands.move(21)
        site.look()
        #expect(site.heard.asked.withLock { $0 } == ["c"])
        site.states.unseen("c", damaged(), isLosing: false)
        site.look()
        #expect(site.shown?.state == "blind" && site.shown?.reason == "damaged 21")
        #expect(site.shown?.detail?.contains("packets missing") == true)
        #expect(site.metric("gridwatch_cameras_online") == 0 && site.metric("gridwatch_cameras_blind") == 1)
        #expect(site.metric("gridwatch_cameras_unseen", "damaged") == 1)
        #expect(site.metric("gridwatch_camera_states", "blind") == 1)
        // The stream breaks and comes back: still nobody has seen anything.
        site.stream(.offline, .closed)
        #expect(site.shown?.state == "offline" && site.shown?.reason == "closed")
        site.stream(.online)
        #expect(site.shown?.state == "blind")
        site.seen()
        #expect(site.shown?.state == "online" && site.shown?.detail == nil && site.shown?.reason == nil)
        #expect(site.heard.states.withLock { $0 } == [.connecting, .online, .blind, .offline, .blind, .online])
    }

    @Test("samples that are left because there is too much to do make a camera late, which is no fault")
    func late() {
        let site = Site()
        site.states.watch(["c": Sight.Expectation(interval: 10)])
        site.stream(.online)
        site.hands.move(50)
        site.states.unseen("c", SightTally(), isLosing: true)
        site.look()
        #expect(site.shown?.state == "online" && site.shown?.reason == "behind 50")
        #expect(site.metric("gridwatch_cameras_unseen", "behind") == 1 && site.metric("gridwatch_cameras_blind") == 0)
        #expect(site.heard.states.withLock { $0.allSatisfy { $0 == .online } })
    }

    @Test("keyframes too far from each other are told of a camera that is looked at")
    func apart() {
        let site = Site()
        site.states.watch(["c": Sight.Expectation(interval: 10)])
        site.stream(.online)
        site.hands.move(3)
        site.seen(gap: 90)
        #expect(site.shown?.state == "online" && site.shown?.reason == "keyframes_apart 90")
        site.stream(.online)
        #expect(site.shown?.reason == "keyframes_apart 90")
    }

    @Test("a camera without rules is shown as its stream is")
    func unruled() {
        let site = Site()
        site.states.watch(["c": nil])
        site.stream(.online)
        site.hands.move(1000)
        site.look()
        #expect(site.heard.asked.withLock { $0 }.isEmpty && site.shown?.state == "online")
        site.states.watch([:])
        site.seen()
        #expect(site.shown == nil, "a picture of a camera that is watched no more brings it not back")
    }

    @Test("a camera that has moved over UDP and sends no keyframe is blind, not behind")
    func blindOverUDP() {
        let site = Site()
        site.states.watch(["c": Sight.Expectation(interval: 10)])
        site.stream(.connecting)
        site.states.stream(StreamStatus(camera: "c", state: .online, since: .zero, comesWhole: false))
        site.hands.move(21)
        site.states.unseen("c", SightTally(), isLosing: false)
        #expect(site.shown?.state == "blind" && site.shown?.reason == "no_keyframe 21")
    }
}
