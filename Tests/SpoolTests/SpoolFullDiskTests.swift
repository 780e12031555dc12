import Flow
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Spool

/// A full disk, when a spool is opened or mended: it waits, and loses nothing.
@Suite(.serialized, .ownThread, .enabled(if: SmallDisk.isPossible, "needs root"))
struct SpoolFullDiskTests {
    @Test("a spool of an older version opens on a full disk, and learns of last alerts once there is room")
    func openFull() throws {
        let disk = try SmallDisk(megabytes: 8)
        let path = disk.path + "/spool"
        let before = try openSpool(path)
        try before.append((0..<100).map { record($0) })
        before.close()
        let old = try DatabaseQueue(path: databasePath(path))
        try old.write { try $0.execute(sql: "DROP TABLE last_alert") }
        try old.close()
        disk.fill()

        let notices = Notices()
        let spool = try openSpool(path, notices: notices)
        #expect(spool.count == 100 && notices.all.isEmpty)
        #expect(try spool.lastAlerts.isEmpty)
        let refusal = #expect(throws: SpoolError.self) { try spool.append((100..<300).map { record($0) }) }
        #expect(refusal?.code == .full && refusal?.isRetriable == true)
        #expect(try drain(spool) == (0..<100).map { record($0) })
        disk.free()
        try spool.append((100..<300).map { record($0) })
        #expect(try drain(spool) == (0..<300).map { record($0) })
        #expect(try spool.lastAlerts.count == 1)
    }

    @Test("a damaged spool on a full disk stays as it is, leaves nothing half made, and is saved once there is room")
    func salvageFull() throws {
        let disk = try SmallDisk(megabytes: 12)
        let path = disk.path + "/spool"
        let before = try openSpool(path)
        try before.append((0..<2000).map { record($0, padding: 400) })
        before.close()
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: databasePath(path)))
        try file.seek(toOffset: 40 * 4096)
        try file.write(contentsOf: Data(repeating: 0xa5, count: 4096))
        try file.close()
        disk.fill(leaving: 256 << 10)

        let error = #expect(throws: SpoolError.self) { try openSpool(path) }
        #expect(error?.code == .full && error?.message.contains("make room") == true)
        #expect(!FileManager.default.fileExists(atPath: path + "/rebuilding"))
        #expect(!FileManager.default.fileExists(atPath: path + "/spool.bad-1"))
        disk.free()
        let notices = Notices()
        let spool = try openSpool(path, notices: notices)
        #expect(notices.all.count == 1 && notices.all[0].contains("spool.bad-1"))
        let saved = try drain(spool)
        #expect(saved.count >= 1980 && saved.count < 2000, "one page of rows is gone: \(saved.count)")
        #expect(Set(saved).isSubset(of: Set((0..<2000).map { record($0, padding: 400) })))
    }
}
