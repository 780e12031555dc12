import Flow
import Foundation
import Logging
import Settings
import Spool
import TestSupport
import Testing

@testable import Live

/// A disk that is full for a while: what cannot wait goes on, what can waits, all of it is said, and all of it ends by
/// itself.
@Suite(.serialized, .ownThread, .enabled(if: SmallDisk.isPossible, "needs root"))
struct FullDiskTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    @Test("alerts wait for room without being lost, pictures are left out and counted, and both recover by themselves")
    func alerts() async throws {
        let disk = try SmallDisk(megabytes: 8)
        let evidence = disk.path + "/evidence"
        try FileManager.default.createDirectory(atPath: evidence, withIntermediateDirectories: true)
        let (meter, health) = (Meter(), HealthBoard())
        let spool = try AlertSpool(directory: disk.path + "/spool", capacityBytes: 64 << 20, meter: meter)
        let recorder = AlertRecorder(
            spool: spool,
            evidence: EvidenceStore(directory: evidence, minimumFreeBytes: 0),
            meter: meter,
            health: health,
            logger: logger
        )
        disk.fill()
        func value(_ name: String) -> Int { meter.samples().first { $0.name == name }?.value ?? -1 }
        let jpeg = [UInt8](repeating: 7, count: 5000)
        for number in 0..<200 { #expect(recorder.offer(recorder.item(makeRecord(number), jpeg))) }
        #expect(try await eventually { health.current["spool"]?.contains("disk is full") == true })
        #expect(try await eventually { health.current["evidence"]?.contains("could not be written") == true })
        #expect(value("gridwatch_evidence_lost_total") > 0)
        #expect(try await eventually { value("gridwatch_alerts_waiting_total") > 1 })
        #expect(value("gridwatch_spool_refused_total") > 0)
        disk.free()
        #expect(try await eventually { health.current.isEmpty })
        recorder.drain()
        #expect(try spool.next(limit: 1000).map(\.record.id) == (0..<200).map { makeRecord($0).id })
        #expect(value("gridwatch_alerts_lost_total") == 0 && value("gridwatch_alerts_accepted_total") == 200)
        let parts = FileManager.default.enumerator(atPath: evidence)?.compactMap { $0 as? String } ?? []
        #expect(!parts.contains { $0.hasSuffix(".part") || $0.contains(".room") })
    }

    @Test("pictures can be written again without an alert having to come first")
    func evidenceAlone() async throws {
        let disk = try SmallDisk(megabytes: 4)
        let folder = try Folder()
        let spool = try AlertSpool(directory: folder.path + "/spool", capacityBytes: 16 << 20)
        let health = HealthBoard()
        let recorder = AlertRecorder(
            spool: spool,
            evidence: EvidenceStore(directory: disk.path, minimumFreeBytes: 0),
            meter: Meter(),
            health: health,
            logger: logger
        )
        disk.fill()
        #expect(recorder.offer(recorder.item(makeRecord(1), [UInt8](repeating: 7, count: 50_000))))
        #expect(try await eventually { health.current["evidence"] != nil })
        disk.free()
        #expect(try await eventually { health.current.isEmpty })
        recorder.drain()
        #expect(try spool.next(limit: 10).map(\.record.evidence) == [nil])
    }

    @Test("a process starts on a full disk, without the file that would name the camera that it crashes on")
    func crumbs() throws {
        let disk = try SmallDisk(megabytes: 1)
        disk.fill()
        var settings = DaemonSettings()
        settings.storage.directory = disk.path
        var crashes = CrashMemory(path: disk.path + "/crashes")
        let place = ProcessPlace(node: "node", slot: 0, version: "1", isSupervised: true)
        #expect(Pipeline.crumbs(settings, place, &crashes, logger) == nil)
    }

    @Test("a copy of the registry that cannot be written is said, counted, and written when the registry is next read")
    func registryCopy() async throws {
        let disk = try SmallDisk(megabytes: 1)
        let (meter, health) = (Meter(), HealthBoard())
        let path = disk.path + "/worker-0.fleet"
        let file = RegistryCopyFile(path: path, meter: meter, health: health, logger: logger)
        let copy = RegistryCopy(worker: "node-0", shards: [1], workers: 1, rank: 0, cameras: [])
        disk.fill()
        file.keep(copy)
        file.flush()
        #expect(health.current["registry copy"]?.contains("make room") == true)
        let failures = meter.samples().first { $0.name == "gridwatch_registry_copy_failures_total" }?.value
        #expect(try #require(failures) >= 1)
        #expect(file.load(worker: "node-0") == nil)
        disk.free()
        file.confirm()
        #expect(try await eventually { health.current.isEmpty })
        #expect(file.load(worker: "node-0")?.copy == copy)
        file.keep(RegistryCopy(worker: "node-0", shards: [2], workers: 1, rank: 0, cameras: []))
        file.forget()
        file.flush()
        #expect(file.load(worker: "node-0") == nil, "what waited is forgotten too")
    }
}
