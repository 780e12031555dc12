import Flow
import Foundation
import Ingest
import Logging
import Postgres
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

/// Cameras that stay out of service become cases that say why.
@Suite struct OutageMonitorTests {
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

    private final class Desk {
        let hands = Hands()
        let watch: OutageMonitor
        private let folder: Folder
        private let spool: AlertSpool
        private let recorder: AlertRecorder

        init() throws {
            folder = try Folder()
            let evidence = folder.path + "/evidence"
            try FileManager.default.createDirectory(atPath: evidence, withIntermediateDirectories: true)
            spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 64 << 20)
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            let health = HealthBoard()
            recorder = AlertRecorder(
                spool: spool,
                evidence: EvidenceStore(directory: evidence, minimumFreeBytes: 0),
                meter: Meter(),
                health: health,
                logger: logger
            )
            // Nobody connects to it: no incident is written here.
            let pool = PostgresPool(conninfo: "host=/nonexistent", size: 1)
            watch = OutageMonitor(
                faults: FaultDetectorSettings(beginsAfter: 60, endsAfter: 10, apart: 100),
                outages: OutageSettings(),
                recorder: recorder,
                incidents: IncidentOutbox(
                    incidents: Incidents(pool: pool),
                    worker: "w",
                    health: health,
                    logger: logger,
                    clocks: hands.clocks
                ),
                loops: LoopMonitor(meter: Meter(), health: health),
                meter: Meter(),
                standing: LeaseStanding(),
                clocks: hands.clocks
            )
            watch.replace(with: ["c": nil])
        }

        func say(_ state: StreamState, _ failure: CameraFailure? = nil, sight: SightReason? = nil) {
            var status = StreamStatus(camera: "c", state: state, since: .zero, failure: failure)
            status.sight = sight
            watch.changed(status)
        }

        func pass(_ seconds: Double) {
            hands.move(seconds)
            watch.look()
        }

        /// What was told, `start damaged` and so on.
        func told() throws -> [String] {
            recorder.drain()
            return try spool.next(limit: 100).map { "\($0.record.phase.rawValue) \($0.record.reason ?? "-")" }
        }
    }

    @Test(
        "a fault says why its camera is out of service, from its start to its end",
        arguments: [
            (StreamState.blind, nil, SightReason.damaged, "damaged"),
            (.blind, nil, .noKeyframe, "no_keyframe"), (.blind, nil, .tooLarge, "too_large"),
            (.blind, nil, .decoder, "decoder"), (.refused, .unauthorized, nil, "unauthorized"),
            (.offline, .timedOut, nil, "timed_out"), (.frozen, .samePicture, nil, "same_picture"),
            (.quarantined, .crashes, nil, "crashes"), (.offline, nil, nil, "offline"),
        ] as [(StreamState, CameraFailure?, SightReason?, String)]
    )
    func reasons(state: StreamState, failure: CameraFailure?, sight: SightReason?, word: String) throws {
        let desk = try Desk()
        desk.say(.online)
        desk.pass(5)
        desk.say(state, failure, sight: sight)
        // Between two tries nothing is known.
        desk.say(.connecting)
        desk.pass(61)
        desk.say(.online)
        desk.pass(11)
        #expect(try desk.told() == ["start \(word)", "end \(word)"])
    }

    @Test("what changes while a fault lasts is told, but not more often than once in ten minutes")
    func changes() throws {
        let desk = try Desk()
        desk.say(.offline, .timedOut)
        desk.pass(61)
        desk.say(.offline, .closed)
        desk.pass(600)
        desk.say(.refused, .unauthorized)
        desk.say(.refused, .unauthorized)
        desk.pass(5)
        desk.say(.offline, .timedOut)
        desk.pass(5)
        desk.say(.online)
        desk.pass(11)
        #expect(try desk.told() == ["start timed_out", "update unauthorized", "end unauthorized"])
    }

    @Test("a camera that comes and goes is called that")
    func unsteady() throws {
        let desk = try Desk()
        for _ in 0..<8 {
            desk.say(.offline, .closed)
            desk.pass(8)
            desk.say(.online)
            desk.pass(1)
        }
        desk.say(.offline, .closed)
        desk.pass(61)
        desk.pass(700)
        desk.say(.offline, .unreachable)
        desk.pass(1)
        #expect(try desk.told() == ["start unsteady"])
    }
}
