import Flow
import Foundation
import Logging
import Postgres
import Spool
import Store
import Synchronization
import TestSupport
import Testing

@testable import Live

@Suite(.enabled(if: TestDatabase.server != nil, "set GRIDWATCH_TEST_DATABASE"))
struct EvidenceSweeperTests {
    /// Writes a file that is `days` old.
    private func write(_ path: String, days: Double, in folder: Folder) throws {
        let url = URL(filePath: folder.path + "/" + path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(repeating: 1, count: 100).write(to: url)
        let then = Date(timeIntervalSinceNow: -days * 86_400)
        for path in [url.path, url.deletingLastPathComponent().path] {
            try FileManager.default.setAttributes([.modificationDate: then], ofItemAtPath: path)
        }
    }

    private func sweeper(
        _ folder: Folder,
        _ pool: PostgresPool,
        _ meter: Meter = Meter(),
        spools: String? = nil,
        clocks: Clocks = .system
    ) -> EvidenceSweeper {
        EvidenceSweeper(
            directory: folder.path,
            spools: spools,
            retention: EvidenceRetention(pool: pool, policy: EvidencePolicy(days: 90, looseHours: 48)),
            meter: meter,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
            clocks: clocks
        )
    }

    /// The path of a picture of an alert that the database does not know, `days` old.
    private func strange(days: Double) -> String {
        let stated = Int64((Date().timeIntervalSince1970 - days * 86_400) * 1e6)
        return "2026/01/01/\(UUID().uuidString.lowercased())-\(stated).jpg"
    }

    @Test("a picture whose statement waits in a spool, a damaged one or a left one stays, however old it is")
    func waiting() async throws {
        let database = try await TestDatabase.make()
        let (folder, storage) = (try Folder(), try Folder())
        let pool = PostgresPool(conninfo: database.conninfo, size: 2)
        try await Migrations(pool: pool).migrate()
        let paths = (0..<4).map { _ in strange(days: 400) }
        for path in paths { try write(path, days: 400, in: folder) }
        let places = ["spool", "spool-7", "spool/spool.bad-1"]
        for (path, place) in zip(paths, places) {
            let spool = try AlertSpool(directory: storage.path + "/" + place, capacityBytes: 16 << 20)
            var record = makeRecord(1)
            record.evidence = EvidenceRef(path: path, sha256: String(repeating: "a", count: 64), bytes: 100)
            try spool.append([record])
            spool.close()
            // A damaged database lies in a folder of its own, without one named current.
            guard place.hasSuffix("bad-1") else { continue }
            let from = "\(storage.path)/\(place)"
            for file in try FileManager.default.contentsOfDirectory(atPath: from + "/current") {
                try FileManager.default.moveItem(atPath: "\(from)/current/\(file)", toPath: "\(from)/\(file)")
            }
        }
        let open = try AlertSpool(directory: storage.path + "/spool", capacityBytes: 16 << 20)
        let report = try await sweeper(folder, pool, spools: storage.path + "/spool").sweep()
        #expect(report.removed == ["unknown": 1])
        let left = paths.map { FileManager.default.fileExists(atPath: folder.path + "/" + $0) }
        #expect(left == [true, true, true, false])
        open.close()
        await pool.close()
        try await database.drop()
    }

    @Test("the daemon deletes nothing by a clock that has jumped, says why, and sweeps once it has gone on evenly")
    func clockJump() async throws {
        let database = try await TestDatabase.make()
        let folder = try Folder()
        let pool = PostgresPool(conninfo: database.conninfo, size: 2)
        try await Migrations(pool: pool).migrate()
        try write(strange(days: 400), days: 400, in: folder)
        let hands = Mutex((wall: Date().timeIntervalSince1970, monotonic: 0.0))
        let clocks = Clocks(
            wall: { MediaTime(seconds: hands.withLock { $0.wall }) },
            monotonic: { hands.withLock { $0.monotonic } }
        )
        func move(_ seconds: Double) { hands.withLock { $0 = ($0.wall + seconds, $0.monotonic + seconds) } }
        let meter = Meter()
        let sweeper = sweeper(folder, pool, meter, clocks: clocks)
        // Nobody knows when it was swept before.
        var rounds = sweeper.beginRounds()
        #expect(sweeper.clockProblem == nil, "a person may sweep")
        let first = try await sweeper.round(&rounds, pause: 0)
        #expect(first.held?.contains("not known") == true && first.removed.isEmpty)
        #expect(meter.exposition().contains("gridwatch_evidence_sweep_held 1"))
        move(SweepClock.hold + 60)
        #expect(try await sweeper.round(&rounds, pause: 0).removed == ["unknown": 1])
        #expect(meter.exposition().contains("gridwatch_evidence_sweep_held 0"))
        // A year is gained while the process runs, and while none runs.
        try write(strange(days: 400), days: 400, in: folder)
        hands.withLock { $0.wall += 365 * 86_400 }
        #expect(try await sweeper.round(&rounds, pause: 0).held?.contains("moved by 365 days") == true)
        var next = sweeper.beginRounds()
        #expect(try await sweeper.round(&next, pause: 0).held?.contains("365 days ago") == true)
        #expect(sweeper.clockProblem?.contains("365 days ago") == true)
        // It goes back, as it was.
        hands.withLock { $0.wall -= 365 * 86_400 }
        #expect(try await sweeper.round(&next, pause: 0).held != nil)
        move(SweepClock.hold + 60)
        #expect(try await sweeper.round(&next, pause: 0).removed == ["unknown": 1])
        await pool.close()
        try await database.drop()
    }

    @Test("one walk of the daemon removes a bounded number, the oldest first, and the next ones the rest")
    func bounded() async throws {
        let database = try await TestDatabase.make()
        let folder = try Folder()
        let pool = PostgresPool(conninfo: database.conninfo, size: 2)
        try await Migrations(pool: pool).migrate()
        for number in 0..<2100 {
            let stated = 1_700_000_000_000_000 + Int64(number)
            let alert = "00000000-0000-7000-8000-" + String(100_000_000_000 + number)
            try write("2023/11/\(14 + number / 1500)/\(alert)-\(stated).jpg", days: 400, in: folder)
        }
        try Data("\(MediaTime(seconds: Date().timeIntervalSince1970).microseconds)\n".utf8)
            .write(to: URL(filePath: folder.path + "/.swept"))
        let sweeper = sweeper(folder, pool)
        var rounds = sweeper.beginRounds()
        let first = try await sweeper.round(&rounds, pause: 0)
        #expect(first.removed == ["unknown": 2000] && first.isBounded && first.files == 2100)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/2023/11/14").isEmpty)
        let second = try await sweeper.round(&rounds, pause: 0)
        #expect(second.removed == ["unknown": 100] && !second.isBounded && second.files == 100)
        await pool.close()
        try await database.drop()
    }

    @Test("a walk finds every file once, in the order of the days, however many a turn takes")
    func walk() throws {
        let folder = try Folder()
        let paths =
            (1...7).flatMap { day in (0..<5).map { "2026/0\(day)/01/\($0).jpg" } } + ["tasks/9/a.jpg", "top.txt"]
        for path in paths { try write(path, days: 1, in: folder) }
        for count in [1, 3, 100] {
            var walk = EvidenceWalk(directory: folder.path)
            var found: [String] = []
            while true {
                let files = walk.next(count)
                if files.isEmpty { break }
                #expect(files.count <= count)
                found += files.map(\.path)
            }
            #expect(found.sorted() == paths.sorted())
            #expect(found.filter { $0.hasPrefix("2026") } == paths.filter { $0.hasPrefix("2026") })
        }
    }

    @Test(
        "files whose time is over go and are counted, a trial leaves all, and nothing goes while the database is away"
    )
    func sweeps() async throws {
        let database = try await TestDatabase.make()
        let folder = try Folder()
        let pool = PostgresPool(conninfo: database.conninfo, size: 2)
        try await Migrations(pool: pool).migrate()
        let old = Int64((Date().timeIntervalSince1970 - 100 * 86_400) * 1e6)
        let gone = "2026/01/01/\(UUID().uuidString.lowercased())-\(old).jpg"
        let young = "2026/01/01/\(UUID().uuidString.lowercased())-\(old + 20 * 86_400 * 1_000_000).jpg"
        try write(gone, days: 100, in: folder)
        try write(young, days: 80, in: folder)
        try write("2026/01/02/x.jpg.part", days: 3, in: folder)
        func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: folder.path + "/" + path) }

        let away = PostgresPool(conninfo: "host=127.0.0.1 port=1", size: 1, waitTimeout: .seconds(1))
        await #expect(throws: (any Error).self) { try await sweeper(folder, away).sweep() }
        await away.close()
        let trial = try await sweeper(folder, pool).sweep(isTrial: true)
        #expect(trial.removed == ["unknown": 1, "unfinished": 1])
        #expect(exists(gone) && exists(young))

        let meter = Meter()
        let report = try await sweeper(folder, pool, meter).sweep()
        #expect(report.removed == trial.removed && report.files == 3 && report.bytes == 200 && report.failed == 0)
        #expect(!exists(gone) && exists(young) && !exists("2026/01/02/x.jpg.part"))
        #expect(meter.exposition().contains("gridwatch_evidence_removed_total{why=\"unknown\"} 1"))
        #expect(meter.exposition().contains("gridwatch_evidence_removed_bytes_total 200"))
        let again = try await sweeper(folder, pool).sweep()
        #expect(again.removed.isEmpty && again.files == 1)
        await pool.close()
        try await database.drop()
    }
}
