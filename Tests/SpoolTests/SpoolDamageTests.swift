import Flow
import Foundation
import TestSupport
import Testing

@testable import Spool

@Suite(.ownThread) struct SpoolDamageTests {
    private let wanted = (0..<400).map { record($0) }

    /// A closed spool with 400 records in it; returns the bytes of its database.
    private func filled(_ folder: String) throws -> [UInt8] {
        let spool = try openSpool(folder)
        for start in stride(from: 0, to: wanted.count, by: 50) {
            try spool.append(Array(wanted[start..<start + 50]))
        }
        spool.close()
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: databasePath(folder))))
    }

    private func place(_ bytes: [UInt8], _ folder: String) throws {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder + "/current", withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: databasePath(folder)))
    }

    @Test("a flipped bit in a row sends that row to quarantine and nothing else")
    func flippedRow() throws {
        let folder = try TemporaryFolder()
        var bytes = try filled(folder.path)
        let id = Array(wanted[123].id.utf8)
        let place = try #require(bytes.firstRange(of: id))
        bytes[place.lowerBound + 3] ^= 0x01
        try self.place(bytes, folder.path)

        let meter = Meter()
        let notices = Notices()
        let spool = try openSpool(folder.path, meter: meter, notices: notices)
        #expect(try drain(spool) == wanted.filter { $0 != wanted[123] })
        #expect(spool.count == 399)
        #expect(try spool.quarantined == 1)
        #expect(meter.counter("gridwatch_spool_quarantined_total", "").value == 1)
        #expect(notices.all.count == 1)
        #expect(notices.all.first?.contains("rows 124") == true)
    }

    @Test("a body that is no alert record goes to quarantine, those behind it come out")
    func undecodable() throws {
        let folder = try TemporaryFolder()
        let first = try openSpool(folder.path)
        try first.append([record(1)])
        first.close()
        var file = try SpoolFile(path: databasePath(folder.path))
        try file.append([Data("{\"id\":7}".utf8), Data([0xff, 0x00])])
        try file.close()
        let spool = try openSpool(folder.path)
        try spool.append([record(2)])
        #expect(try spool.next(limit: 2).map(\.record) == [record(1), record(2)])
        #expect(try spool.quarantined == 2)
        #expect(spool.count == 2)
    }

    @Test("80 single flipped bits anywhere: no crash, no altered record, almost nothing lost, new records are taken")
    func flips() throws {
        let folder = try TemporaryFolder()
        let bytes = try filled(folder.path)
        let known = Set(wanted)
        var random = SeededGenerator(state: 20_260_701)
        var missing = 0
        for _ in 0..<80 {
            var damaged = bytes
            let bit = Int.random(in: 0..<bytes.count * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try place(damaged, folder.path + "/flip")
            let notices = Notices()
            let spool = try openSpool(folder.path + "/flip", notices: notices)
            let found = try drain(spool)
            #expect(known.isSuperset(of: found), "bit \(bit) altered a record")
            #expect(Set(found).count == found.count, "bit \(bit) doubled a record")
            #expect(found.count == wanted.count || !notices.all.isEmpty, "bit \(bit) lost records silently")
            missing += wanted.count - found.count
            try spool.append([record(5000)])
            #expect(try drain(spool).last == record(5000), "bit \(bit)")
        }
        // One row per flip is what the flips themselves destroy; a lost page may hide a few more.
        #expect(missing < 80 * 8, "\(missing) of \(80 * wanted.count) records lost")
    }

    @Test("pages of zeroes: what stands on the other pages comes out", arguments: 1..<12)
    func zeroedPage(page: Int) throws {
        let folder = try TemporaryFolder()
        var bytes = try filled(folder.path)
        let count = bytes.count / 4096
        let start = (page * count / 12) * 4096
        bytes.replaceSubrange(start..<start + 4096, with: [UInt8](repeating: 0, count: 4096))
        try place(bytes, folder.path)
        let spool = try openSpool(folder.path)
        let found = try drain(spool, remove: true)
        #expect(Set(wanted).isSuperset(of: found))
        try spool.append([record(5000)])
        #expect(try drain(spool) == [record(5000)])
    }

    @Test(
        "a truncated file is replaced and keeps working",
        arguments: [0, 1, 50, 100, 4095, 4096, 4097, 20_000, 60_001]
    )
    func truncated(length: Int) throws {
        let folder = try TemporaryFolder()
        let bytes = try filled(folder.path)
        try place(Array(bytes.prefix(length)), folder.path)
        let spool = try openSpool(folder.path)
        #expect(Set(wanted).isSuperset(of: try drain(spool)))
        try spool.append([record(5000)])
        #expect(try drain(spool).last == record(5000))
        spool.close()
        #expect(try drain(try openSpool(folder.path)).last == record(5000))
    }

    @Test("a file that is no database is moved aside, kept, and told")
    func garbage() throws {
        let folder = try TemporaryFolder()
        for round in 1...2 {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/current",
                withIntermediateDirectories: true
            )
            let garbage = Data("this is not a database, round \(round)".utf8) + Data(count: 9000)
            try garbage.write(to: URL(fileURLWithPath: databasePath(folder.path)))
            let meter = Meter()
            let notices = Notices()
            let spool = try openSpool(folder.path, meter: meter, notices: notices)
            try spool.append([record(round)])
            #expect(try drain(spool) == [record(round)])
            #expect(meter.counter("gridwatch_spool_rebuilt_total", "").value == 1)
            #expect(notices.all.count == 1)
            #expect(notices.all.first?.contains("spool.bad-\(round)") == true)
            let aside = folder.path + "/spool.bad-\(round)/alerts.sqlite"
            #expect(try Data(contentsOf: URL(fileURLWithPath: aside)) == garbage)
            spool.close()
        }
    }

    @Test("damage that appears while the spool is open is repaired by the call that meets it")
    func damageWhileOpen() throws {
        let folder = try TemporaryFolder()
        _ = try filled(folder.path)
        let notices = Notices()
        let spool = try openSpool(folder.path, notices: notices)
        let handle = try FileHandle(forUpdating: URL(fileURLWithPath: databasePath(folder.path)))
        let size = Int(try handle.seekToEnd())
        try handle.seek(toOffset: UInt64(size / 4096 / 2 * 4096))
        try handle.write(contentsOf: Data(repeating: 0x5a, count: 4096 * 3))
        try handle.close()
        let found = try drain(spool)
        #expect(Set(wanted).isSuperset(of: found))
        #expect(found.count > 300)
        try spool.append([record(5000)])
        #expect(try drain(spool).last == record(5000))
        #expect(try spool.next(limit: 500).last.map { $0.sequence } == 401)
    }

    @Test("the write-ahead log of a crash is replayed; without it the spool opens with what is in the database")
    func deletedLog() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        try spool.append((0..<30).map { record($0) })
        for copy in ["whole", "without"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + copy,
                withIntermediateDirectories: true
            )
            try FileManager.default.copyItem(
                atPath: folder.path + "/current",
                toPath: folder.path + "/\(copy)/current"
            )
        }
        let log = databasePath(folder.path + "/without") + "-wal"
        #expect(FileManager.default.fileExists(atPath: log))
        try FileManager.default.removeItem(atPath: log)

        #expect(try drain(try openSpool(folder.path + "/whole")) == (0..<30).map { record($0) })
        let without = try openSpool(folder.path + "/without")
        try without.append([record(77)])
        #expect(try drain(without) == [record(77)])
    }

    @Test("a spool of a newer version is left alone and refused")
    func newerFormat() throws {
        let folder = try TemporaryFolder()
        var bytes = try filled(folder.path)
        bytes[63] = 9  // the last byte of SQLite's user_version
        try place(bytes, folder.path)
        let error = try #require(throws: SpoolError.self) { try openSpool(folder.path) }
        #expect(error.code == .newerFormat)
        #expect(error.message.contains("format 9"))
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: databasePath(folder.path)))) == bytes)
    }

    @Test("an SQLite file of something else is moved aside")
    func foreign() throws {
        let folder = try TemporaryFolder()
        var bytes = try filled(folder.path)
        bytes[68] ^= 0xff  // the first byte of SQLite's application_id
        try place(bytes, folder.path)
        let notices = Notices()
        let spool = try openSpool(folder.path, notices: notices)
        #expect(notices.all.first?.contains("not a spool") == true)
        // One flipped bit in the header must not cost the rows.
        #expect(try drain(spool) == wanted)
    }

    @Test("a rebuild that was interrupted between its two renames is finished at the next start")
    func interruptedRebuild() throws {
        let folder = try TemporaryFolder()
        _ = try filled(folder.path)
        let files = FileManager.default
        try files.moveItem(atPath: folder.path + "/current", toPath: folder.path + "/rebuilding")
        #expect(try drain(try openSpool(folder.path)) == wanted)
        try files.createDirectory(atPath: folder.path + "/rebuilding", withIntermediateDirectories: true)
        #expect(try drain(try openSpool(folder.path)) == wanted)
        #expect(!files.fileExists(atPath: folder.path + "/rebuilding"))
    }
}
