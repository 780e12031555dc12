import Flow
import Foundation
import Testing

@testable import Spool

@Suite struct AlertSpoolTests {
    @Test("records come out in the order in which they went in, also after closing and opening")
    func order() throws {
        let folder = try TemporaryFolder()
        let wanted = (0..<100).map { record($0) }
        let first = try openSpool(folder.path)
        for start in stride(from: 0, to: 100, by: 9) { try first.append(Array(wanted[start..<min(start + 9, 100)])) }
        #expect(try drain(first, bite: 7) == wanted)
        let uuid = try first.uuid
        first.close()

        let second = try openSpool(folder.path)
        #expect(try drain(second) == wanted)
        #expect(try second.uuid == uuid)
        #expect(second.count == 100)
        #expect(try second.oldest == MediaTime(microseconds: 1))
    }

    @Test("removed records do not come back and their numbers are never given again")
    func removal() throws {
        let folder = try TemporaryFolder()
        let meter = Meter()
        let spool = try openSpool(folder.path, meter: meter)
        try spool.append((0..<10).map { record($0) })
        let all = try spool.next(limit: 100)
        #expect(all.map(\.sequence) == Array(1...10))
        try spool.remove(all.prefix(4).map(\.sequence))
        try spool.remove(all.prefix(4).map(\.sequence))
        #expect(try drain(spool) == (4..<10).map { record($0) })
        try spool.remove(all.map(\.sequence))
        #expect(spool.count == 0)
        #expect(try spool.oldest == nil)
        spool.close()

        let again = try openSpool(folder.path, meter: meter)
        try again.append([record(10)])
        #expect(try again.next(limit: 5).map(\.sequence) == [11])
        #expect(meter.counter("gridwatch_spool_appended_total", "").value == 11)
        #expect(meter.counter("gridwatch_spool_removed_total", "").value == 10)
        #expect(meter.gauge("gridwatch_spool_rows", "").value == 1)
    }

    @Test("a full spool takes nothing more, says so, loses nothing, and takes again after a removal")
    func capacity() throws {
        let folder = try TemporaryFolder()
        let meter = Meter()
        let spool = try openSpool(folder.path, capacity: 1 << 20, meter: meter)
        var accepted: [AlertRecord] = []
        var refusal: SpoolError?
        for number in 0..<4000 where refusal == nil {
            do throws(SpoolError) {
                try spool.append([record(number, padding: 500)])
                accepted.append(record(number, padding: 500))
            } catch {
                refusal = error
            }
        }
        let error = try #require(refusal)
        #expect(error.code == .full)
        #expect(error.isRetriable)
        #expect(error.message.contains("storage.spool_max_mb"))
        #expect(accepted.count > 500)
        #expect(spool.bytes <= 1 << 20)
        #expect(try drain(spool) == accepted)
        #expect(meter.counter("gridwatch_spool_refused_total", "").value == 1)

        try spool.remove(spool.next(limit: accepted.count / 2).map(\.sequence))
        try spool.append([record(9999)])
        #expect(try drain(spool).last == record(9999))
    }

    @Test("a group that does not fit is refused whole")
    func wholeGroup() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path, capacity: 1 << 20)
        try spool.append([record(0)])
        #expect(throws: SpoolError.self) { try spool.append((1..<3000).map { record($0, padding: 500) }) }
        #expect(try drain(spool) == [record(0)])
    }

    @Test("a second opener is refused and told who holds the spool; after a close it may")
    func secondOpener() throws {
        let folder = try TemporaryFolder()
        let first = try openSpool(folder.path)
        let error = try #require(throws: SpoolError.self) { try openSpool(folder.path) }
        #expect(error.code == .locked)
        #expect(error.message.contains("process \(getpid())"))
        #expect(error.message.contains(folder.path))
        first.close()
    }

    @Test("the lock is free again when the spool is gone")
    func lockReleased() throws {
        let folder = try TemporaryFolder()
        for number in 0..<3 {
            let spool = try openSpool(folder.path)
            try spool.append([record(number)])
        }
        #expect(try drain(try openSpool(folder.path)).count == 3)
    }

    @Test("calls on a closed spool are refused")
    func closed() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        spool.close()
        spool.close()
        let error = try #require(throws: SpoolError.self) { try spool.append([record(1)]) }
        #expect(error.code == .closed)
    }

    @Test("a folder that cannot be made is named")
    func cannotOpen() throws {
        let folder = try TemporaryFolder()
        try Data("x".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
        let error = try #require(throws: SpoolError.self) { try openSpool(folder.path + "/file/spool") }
        #expect(error.code == .cannotOpen)
        #expect(error.message.contains(folder.path + "/file/spool"))
    }

    @Test("only the owner may read the spool")
    func permissions() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path + "/a/b")
        _ = spool.count
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.path + "/a/b")
        #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
    }

    @Test("appends from many threads are all there, each once")
    func threads() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        DispatchQueue.concurrentPerform(iterations: 8) { thread in
            for number in 0..<20 { try? spool.append([record(thread * 100 + number)]) }
        }
        let found = try drain(spool)
        #expect(found.count == 160)
        #expect(Set(found).count == 160)
    }

    @Test("a record with a number that JSON does not know is kept like the others")
    func oddNumbers() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        var odd = record(1)
        odd.score = .infinity
        odd.box.x = -.infinity
        try spool.append([odd, record(2)])
        #expect(try drain(spool) == [odd, record(2)])
    }

    @Test("the newest alert of each rule is remembered over a kill, and over what is delivered meanwhile")
    func lastAlerts() throws {
        let folder = try TemporaryFolder()
        let spool = try openSpool(folder.path)
        func statement(_ rule: String, _ phase: AlertPhase, start: Int, at: Int) -> AlertRecord {
            var record = record(start)
            (record.rule, record.phase, record.statedAt) = (rule, phase, MediaTime(seconds: Double(at)))
            return record
        }
        try spool.append([statement("a", .start, start: 1, at: 1), statement("b", .start, start: 1, at: 1)])
        try spool.append([statement("a", .update, start: 1, at: 9), statement("b", .end, start: 1, at: 8)])
        try spool.append([statement("c", .end, start: 2, at: 9), statement("c", .start, start: 7, at: 10)])
        try spool.remove(try spool.next(limit: 100).map(\.sequence))
        let copy = folder.path + "/copy"
        try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: folder.path + "/current", toPath: copy + "/current")
        let left = try openSpool(copy).lastAlerts.sorted { $0.statedAt < $1.statedAt }
        let expected = [("b", 1, 8.0, true), ("a", 1, 9.0, false), ("c", 7, 10.0, false)].map {
            rule,
            start,
            at,
            hasEnded in
            LastAlert(
                key: LastAlert.key(camera: record(1).camera, rule: rule),
                startedAt: record(start).startedAt,
                statedAt: MediaTime(seconds: at),
                hasEnded: hasEnded
            )
        }
        #expect(left == expected)
    }
}
