import Flow
import Foundation
import Logging
import Spool
import TestSupport
import Testing

@testable import Live

@Suite struct AlertContinuationTests {
    private func statement(_ phase: AlertPhase, start: Double, at: Double, rule: String = "gate") -> AlertRecord {
        var record = makeRecord(0)
        (record.rule, record.phase) = (rule, phase)
        record.startedAt = MediaTime(seconds: start)
        record.statedAt = MediaTime(seconds: at)
        record.endedAt = phase == .end ? record.statedAt : nil
        record.id = AlertID.make(camera: record.camera, rule: rule, start: record.startedAt)
        return record
    }

    /// A recorder over the spool in `folder`, as a process has it; what it was given is durable when this returns.
    private func record(_ records: [AlertRecord], _ folder: Folder) throws -> [AlertRecord] {
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
        let recorder = AlertRecorder(
            spool: spool,
            evidence: EvidenceStore(directory: folder.path, minimumFreeBytes: 0),
            meter: Meter(),
            health: HealthBoard(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        for record in records { #expect(recorder.offer(recorder.item(record, nil))) }
        recorder.drain()
        let kept = try spool.next(limit: 1000).map(\.record)
        try spool.remove(try spool.next(limit: 1000).map(\.sequence))
        spool.close()
        return kept
    }

    @Test("what a killed process left running goes on in the next one as the same alert, to its end")
    func goesOn() throws {
        let folder = try Folder()
        let old = statement(.start, start: 100, at: 101)
        #expect(try record([old], folder) == [old])
        let seen = [
            statement(.start, start: 103.5, at: 104), statement(.update, start: 103.5, at: 114),
            statement(.end, start: 103.5, at: 116), statement(.start, start: 118, at: 118),
        ]
        let kept = try record(seen, folder)
        #expect(kept.map(\.id) == [old.id, old.id, old.id, seen[3].id])
        #expect(kept.map(\.startedAt) == [100, 100, 100, 118].map { MediaTime(seconds: $0) })
        #expect(kept.map(\.statedAt) == seen.map(\.statedAt))
        #expect(kept[2].endedAt == MediaTime(seconds: 116))
    }

    @Test("what a process ended only because it was stopped goes on too, when it is seen again at once")
    func stopped() throws {
        let folder = try Folder()
        let old = [statement(.start, start: 100, at: 100), statement(.end, start: 100, at: 101)]
        _ = try record(old, folder)
        let kept = try record([statement(.start, start: 102, at: 102), statement(.end, start: 102, at: 109)], folder)
        #expect(kept.map(\.id) == [old[0].id, old[0].id])
        #expect(kept.map(\.startedAt) == [MediaTime(seconds: 100), MediaTime(seconds: 100)])
    }

    @Test("after a long silence, for another rule, or some time after an end, it is another alert")
    func another() throws {
        let folder = try Folder()
        _ = try record(
            [
                statement(.start, start: 100, at: 101), statement(.start, start: 100, at: 101, rule: "ended"),
                statement(.end, start: 100, at: 102, rule: "ended"),
            ],
            folder
        )
        let seen = [
            statement(.start, start: 130, at: 130), statement(.start, start: 106, at: 106, rule: "ended"),
            statement(.start, start: 103, at: 103, rule: "other"),
        ]
        #expect(try record(seen, folder) == seen)
    }

    @Test("a process that is killed before it sees the alert again leaves it to the next")
    func twice() throws {
        let folder = try Folder()
        let old = statement(.start, start: 100, at: 101)
        _ = try record([old], folder)
        _ = try record([statement(.start, start: 102, at: 102, rule: "other")], folder)
        #expect(try record([statement(.start, start: 104, at: 104)], folder).map(\.id) == [old.id])
    }
}
