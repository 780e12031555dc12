import Flow
import Foundation
import Logging
import Spool
import Synchronization
import TestSupport
import Testing

@testable import Live

@Suite struct RecorderTests {
    private func recorder(_ folder: Folder, free: Int, health: HealthBoard) throws -> (AlertRecorder, AlertSpool) {
        try FileManager.default.createDirectory(
            atPath: folder.path + "/evidence",
            withIntermediateDirectories: true
        )
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 64 << 20)
        let recorder = AlertRecorder(
            spool: spool,
            evidence: EvidenceStore(directory: folder.path + "/evidence", minimumFreeBytes: free),
            meter: Meter(),
            health: health,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        return (recorder, spool)
    }

    @Test("alerts become durable in order, each with its picture on disk and the picture's hash")
    func durable() throws {
        let folder = try Folder()
        let (recorder, spool) = try recorder(folder, free: 0, health: HealthBoard())
        for number in 0..<40 {
            #expect(recorder.offer(recorder.item(makeRecord(number), [0xff, 0xd8, UInt8(number)])))
        }
        recorder.drain()
        let kept = try spool.next(limit: 100).map(\.record)
        #expect(kept.map(\.id) == (0..<40).map { makeRecord($0).id })
        for (number, record) in kept.enumerated() {
            let evidence = try #require(record.evidence)
            let data = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/evidence/" + evidence.path))
            #expect(Array(data) == [0xff, 0xd8, UInt8(number)])
            #expect(evidence.bytes == 3)
            #expect(evidence.sha256.count == 64)
        }
    }

    @Test("with no room for pictures the alert goes on without one, and health says so")
    func fullDisk() throws {
        let folder = try Folder()
        let health = HealthBoard()
        let (recorder, spool) = try recorder(folder, free: .max, health: health)
        #expect(recorder.offer(recorder.item(makeRecord(1), [0xff, 0xd8])))
        recorder.drain()
        let kept = try spool.next(limit: 10)
        #expect(kept.count == 1)
        #expect(kept.first?.record.evidence == nil)
        #expect(health.current["evidence"]?.contains("evidence_min_free_mb") == true)
    }

    @Test("a disk that neither takes nor refuses is told after half a minute, until it answers")
    func hungDisk() async throws {
        let folder = try Folder()
        let seconds = Mutex(0.0)
        let health = HealthBoard()
        let day = folder.path + "/evidence/" + EvidenceStore.day(of: makeRecord(1).statedAt)
        try FileManager.default.createDirectory(atPath: day, withIntermediateDirectories: true)
        // A pipe that nobody reads: opening it waits, as a file on a server that has gone does.
        let part = "\(day)/\(makeRecord(1).id)-\(makeRecord(1).statedAt.microseconds).jpg.part"
        try #require(mkfifo(part, 0o600) == 0)
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
        let recorder = AlertRecorder(
            spool: spool,
            evidence: EvidenceStore(directory: folder.path + "/evidence", minimumFreeBytes: 0),
            meter: Meter(),
            health: health,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clocks: Clocks(wall: { .zero }, monotonic: { seconds.withLock { $0 } })
        )
        #expect(recorder.offer(recorder.item(makeRecord(1), [0xff, 0xd8])))
        #expect(recorder.offer(recorder.item(makeRecord(2), nil)))
        // Only a group that is under way counts: its picture is being written when the queue is taken from.
        for _ in 0..<600 where !recorder.isBusy { try await Task.sleep(for: .milliseconds(100)) }
        recorder.lookForStandstill()
        #expect(health.current["recorder"] == nil)
        seconds.withLock { $0 += 31 }
        recorder.lookForStandstill()
        #expect(health.current["recorder"]?.contains("has not answered for 31 s") == true)
        let reader = open(part, O_RDONLY | O_CLOEXEC)
        defer { close(reader) }
        recorder.drain()
        recorder.lookForStandstill()
        #expect(health.current["recorder"] == nil)
        #expect(try spool.next(limit: 10).map(\.record.id) == [1, 2].map { makeRecord($0).id })
    }

    @Test("evidence lies in the folder of its day in Asia/Shanghai")
    func days() {
        // 2026-06-30 15:59:59 and 16:00:00 UTC are either side of midnight in Wugang.
        #expect(EvidenceStore.day(of: MediaTime(seconds: 1_782_835_199)) == "2026/06/30")
        #expect(EvidenceStore.day(of: MediaTime(seconds: 1_782_835_200)) == "2026/07/01")
    }
}
