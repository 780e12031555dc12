import Flow
import Foundation
import Logging
import Postgres
import Store
import Testing

@testable import Pipeline

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

    private func sweeper(_ folder: Folder, _ pool: PostgresPool, _ meter: Meter = Meter()) -> EvidenceSweeper {
        EvidenceSweeper(
            directory: folder.path,
            retention: EvidenceRetention(pool: pool, policy: EvidencePolicy(days: 90, looseHours: 48)),
            meter: meter,
            logger: Logger(label: "test")
        )
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
