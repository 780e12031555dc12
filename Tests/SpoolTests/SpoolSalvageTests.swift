import Flow
import Foundation
import TestSupport
import Testing

@testable import Spool

@Suite(.ownThread) struct SpoolSalvageTests {
    private let wanted = (0..<400).map { record($0, padding: $0 % 90) }

    /// A closed spool with 400 records; returns the bytes of its database.
    private func filled(_ folder: String, removing: Int = 0) throws -> [UInt8] {
        let spool = try openSpool(folder)
        for start in stride(from: 0, to: wanted.count, by: 25) { try spool.append(Array(wanted[start..<start + 25])) }
        if removing > 0 { try spool.remove((1...Int64(removing)).map { $0 }) }
        spool.close()
        return try bytes(databasePath(folder))
    }

    private func bytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(fileURLWithPath: path))) }

    private func place(_ bytes: [UInt8], _ folder: String) throws {
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder + "/current", withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(fileURLWithPath: databasePath(folder)))
    }

    /// Where the row of each record stands, with its head.
    private func places(_ bytes: [UInt8]) throws -> [Range<Int>] {
        let data = Data(bytes)
        return try wanted.map { record in
            let body = try SpoolCoding.encoder().encode(record)
            let found = try #require(data.range(of: body))
            return found.lowerBound - 20..<found.upperBound
        }
    }

    @Test(
        "of 20 flipped bits none costs an alert whose own bytes are whole, and each damaged one is counted",
        arguments: 1...6
    )
    func flips(seed: Int) throws {
        let folder = try TemporaryFolder()
        var damaged = try filled(folder.path)
        let places = try places(damaged)
        var random = SeededGenerator(state: UInt64(seed))
        var hit: Set<Int> = []
        for _ in 0..<20 {
            let bit = Int.random(in: 0..<damaged.count * 8, using: &random)
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            hit.insert(bit / 8)
        }
        try place(damaged, folder.path)
        let meter = Meter()
        let spool = try openSpool(folder.path, meter: meter)
        let found = try drain(spool)
        let whole = zip(wanted, places).filter { pair in !pair.1.contains(where: hit.contains) }.map(\.0)
        #expect(Set(found).isSuperset(of: whole))
        #expect(Set(wanted).isSuperset(of: found))
        let counted = SpoolFindings.Damage.allCases.reduce(0) { sum, reason in
            sum + meter.counter("gridwatch_spool_damaged_total", "", labels: [("reason", reason.rawValue)]).value
        }
        // One more or less: the first row leaves no gap behind, and a number may be damaged into another gap.
        #expect(abs(counted - (wanted.count - found.count)) <= 1)
    }

    @Test(
        "a kind of page, a header or a list that is damaged hides no row",
        arguments: ["kind", "branch", "header", "count", "twice"]
    )
    func structure(what: String) throws {
        let folder = try TemporaryFolder()
        var damaged = try filled(folder.path)
        let leaves = stride(from: 4096, to: damaged.count, by: 4096).filter {
            damaged[$0] == 0x0d && damaged[$0 + 4] > 3
        }
        for leaf in leaves.dropFirst(2).prefix(3) {
            switch what {
            case "kind": damaged[leaf] ^= 0x40
            case "branch": damaged[leaf] ^= 0x08
            case "count": damaged[leaf + 4] -= 2
            case "twice": damaged.replaceSubrange(leaf + 10..<leaf + 12, with: damaged[leaf + 8..<leaf + 10])
            default: damaged.replaceSubrange(0..<100, with: [UInt8](repeating: 0xa5, count: 100))
            }
        }
        try place(damaged, folder.path)
        let (meter, notices) = (Meter(), Notices())
        let spool = try openSpool(folder.path, meter: meter, notices: notices)
        #expect(try drain(spool) == wanted)
        #expect(meter.counter("gridwatch_spool_rebuilt_total", "").value == 1)
        #expect(notices.all.first?.contains("400 alerts that are whole") == true)
    }

    @Test("rows that are whole but hold no alert that this version knows are counted, not passed over in silence")
    func strange() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/alerts.sqlite"
        var file = try SpoolFile(path: path)
        try file.append([Data(#"{"later": true}"#.utf8), try SpoolCoding.encoder().encode(record(1))])
        try file.close()
        var taken: [AlertRecord] = []
        let found = try SpoolSalvage(path: path).read { taken.append($0) }
        #expect(taken == [record(1)])
        #expect(found.intact == 2 && found.strange == 1 && !found.isForeign)
        #expect(found.summary.contains("(1 of them in a form that this version does not know: left out)"))
    }

    @Test("of a file that was cut the rows before the cut come out, and the others are counted as unreadable")
    func cut() throws {
        let folder = try TemporaryFolder()
        let whole = try filled(folder.path)
        let places = try places(whole)
        let length = whole.count / 2 + 777
        try place(Array(whole[..<length]), folder.path)
        let meter = Meter()
        let found = Set(try drain(try openSpool(folder.path, meter: meter)))
        let left = zip(wanted, places).filter { $0.1.upperBound <= length }.map(\.0)
        #expect(found.isSuperset(of: left))
        #expect(found.count > 150)
        let unreadable = meter.counter("gridwatch_spool_damaged_total", "", labels: [("reason", "unreadable")]).value
        let broken = meter.counter("gridwatch_spool_damaged_total", "", labels: [("reason", "checksum")]).value
        #expect(unreadable + broken == wanted.count - found.count)
    }

    @Test("a database that is empty or gone is told, not taken for a new one", arguments: [true, false])
    func empty(isThere: Bool) throws {
        let folder = try TemporaryFolder()
        _ = try filled(folder.path)
        try place([], folder.path)
        if !isThere { try FileManager.default.removeItem(atPath: databasePath(folder.path)) }
        let (meter, notices) = (Meter(), Notices())
        let spool = try openSpool(folder.path, meter: meter, notices: notices)
        #expect(notices.all.first?.contains(isThere ? "is empty" : "is gone") == true)
        #expect(meter.counter("gridwatch_spool_rebuilt_total", "").value == 1)
        try spool.append([record(1)])
        spool.close()
        let again = Notices()
        #expect(try drain(try openSpool(folder.path, notices: again)) == [record(1)])
        #expect(again.all.isEmpty)
    }

    @Test("a start that was interrupted before the database was complete leaves no trace")
    func interruptedBeginning() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/beginning", withIntermediateDirectories: true)
        try Data().write(to: URL(fileURLWithPath: folder.path + "/beginning/alerts.sqlite"))
        let notices = Notices()
        try openSpool(folder.path, notices: notices).append([record(1)])
        #expect(notices.all.isEmpty)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/beginning"))
    }

    @Test("a flipped bit in the write-ahead log hides nothing of what stands behind it")
    func log() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        for start in stride(from: 0, to: 200, by: 20) { try spool.append(Array(wanted[start..<start + 20])) }
        // As a kill leaves it: everything is in the log still.
        let copy = folder.path + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder.path + "/current", toPath: copy + "/current")
        let path = databasePath(copy) + "-wal"
        var damaged = try bytes(path)
        damaged[32 + 2 * 4120 + 24 + 9] ^= 0x10
        try Data(damaged).write(to: URL(fileURLWithPath: path))
        let notices = Notices()
        let found = try drain(try openSpool(copy, notices: notices))
        #expect(found == Array(wanted[..<200]))
        #expect(notices.all.first?.contains("write-ahead log is damaged") == true)
        // Without damage the log is SQLite's own affair.
        let whole = folder.path + "/whole"
        try FileManager.default.createDirectory(atPath: whole, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder.path + "/current", toPath: whole + "/current")
        let quiet = Notices()
        #expect(try drain(try openSpool(whole, notices: quiet)) == Array(wanted[..<200]))
        #expect(quiet.all.isEmpty)
    }

    @Test("rows that were removed do not come back out of a damaged file")
    func removed() throws {
        let folder = try TemporaryFolder()
        var damaged = try filled(folder.path, removing: 250)
        let place = try #require(Data(damaged).range(of: Data(wanted[300].id.utf8))).lowerBound
        damaged[place / 4096 * 4096] ^= 0x08
        try self.place(damaged, folder.path)
        #expect(try drain(try openSpool(folder.path)) == Array(wanted[250...]))
    }

    @Test("long rows, which go on on other pages, are followed")
    func longRows() throws {
        let folder = try TemporaryFolder()
        let long = (0..<20).map { record($0, padding: 3000 + 2000 * $0) }
        let spool = try openSpool(folder.path)
        try spool.append(long)
        spool.close()
        var damaged = try bytes(databasePath(folder.path))
        damaged[50] ^= 0xff
        damaged[18] = 9
        try place(damaged, folder.path)
        #expect(try drain(try openSpool(folder.path)) == long)
    }

    @Test("salvage reads what was put aside, changes nothing in it, and says what is damaged")
    func salvage() throws {
        let folder = try TemporaryFolder()
        var damaged = try filled(folder.path)
        let body = try #require(Data(damaged).range(of: Data(wanted[123].id.utf8))).lowerBound
        damaged[body] ^= 0x02
        damaged.replaceSubrange(0..<16, with: [UInt8](repeating: 0, count: 16))
        try place(damaged, folder.path)
        try openSpool(folder.path).close()
        let aside = folder.path + "/spool.bad-1"
        var found: [AlertRecord] = []
        let findings = try SpoolSalvage(path: aside).read { found.append($0) }
        #expect(found == wanted.filter { $0 != wanted[123] })
        #expect(findings.damaged == [.checksum: 1])
        #expect(!findings.headerIsWhole)
        #expect(findings.numbers == 1...400)
        #expect(try bytes(aside + "/alerts.sqlite") == damaged)
        #expect(try SpoolSalvage(path: folder.path).read().damaged == [:])
        #expect(throws: SpoolError.self) { try SpoolSalvage(path: folder.path + "/nothing") }
    }
}

@Suite struct NumberSetTests {
    @Test("numbers in any order are kept as ranges, each once")
    func ranges() {
        var random = SeededGenerator(state: 7)
        for _ in 0..<50 {
            var (set, model) = (NumberSet(), Set<Int64>())
            for _ in 0..<200 {
                let number = Int64.random(in: 1...120, using: &random)
                set.insert(number)
                model.insert(number)
            }
            #expect(set.ranges.flatMap { Array($0) } == model.sorted())
            #expect(set.first == model.min())
            #expect((0...121).allSatisfy { set.contains($0) == model.contains($0) })
            #expect(zip(set.ranges, set.ranges.dropFirst()).allSatisfy { $0.upperBound + 1 < $1.lowerBound })
        }
    }
}
