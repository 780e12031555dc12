import Cases
import Flow
import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct AlertWriterTests {
    private static let rows = """
        SELECT string_agg((to_jsonb(a) - 'received_at' - 'case_id')::text, E'\\n' ORDER BY id) FROM alert a
        """
    private static let batch = (0..<40).flatMap { index in
        let minute = Double(index)
        return [
            statement(
                index.isMultiple(of: 2) ? "a" : "d",
                rule: "r\(index % 5)",
                minutes: minute,
                score: 0.3,
                picture: "a"
            ),
            statement(
                index.isMultiple(of: 2) ? "a" : "d",
                rule: "r\(index % 5)",
                minutes: minute,
                stated: minute + 1,
                score: 0.8,
                box: NormalizedRect(x: 0.31, y: 0.1, width: 0.2, height: 0.2),
                picture: "b"
            ),
            statement(
                index.isMultiple(of: 2) ? "a" : "d",
                rule: "r\(index % 5)",
                minutes: minute,
                ended: minute + 2,
                score: 0.1,
                picture: index.isMultiple(of: 3) ? "c" : nil
            ),
        ]
    }

    @Test("a batch written twice, backwards, one by one or in pieces gives the same rows and counts")
    func replay() async throws {
        var seen: Set<String> = []
        for way in 0..<4 {
            try await StoreDatabase.with { (database) async throws in
                let writer = AlertWriter(pool: database.pool)
                switch way {
                case 0:
                    let first = try await writer.write(Self.batch)
                    #expect(first.stored == 40)
                    let again = try await writer.write(Self.batch)
                    #expect((again.stored, again.folded, again.casesOpened, again.alertsAttached) == (0, 40, 0, 0))
                case 1: _ = try await writer.write(Self.batch.reversed())
                case 2: for record in Self.batch.reversed() { _ = try await writer.write([record]) }
                default:
                    for start in stride(from: 0, to: Self.batch.count, by: 7) {
                        let piece = Array(Self.batch[start..<min(start + 11, Self.batch.count)])
                        _ = try await writer.write(piece + piece.reversed())
                    }
                }
                seen.insert(try await database.value(Self.rows) ?? "")
                let counted = try await database.value("SELECT sum(alert_count) FROM hazard_case")
                #expect(counted == "40")
                #expect(try await database.value("SELECT count(*) FROM alert WHERE case_id IS NULL") == "0")
                #expect(
                    try await database.value(
                        "SELECT count(*) FROM case_event WHERE kind IN ('opened', 'alert', 'merged')"
                    ) == "40"
                )
            }
        }
        #expect(seen.count == 1)
    }

    @Test("the picture's time goes with the picture, the end stays once it came")
    func folding() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a", ended: 5, picture: "b")])
            _ = try await writer.write([statement("a", stated: 1, score: 0.9, picture: "a", severity: 1)])
            let row = try await database.pool.query("SELECT *, left(evidence_sha256, 1) AS hash FROM alert").rows[0]
            #expect(row["hash"] == "b")
            #expect(try row.double("score") == 0.9)
            #expect(try row.int("severity") == 2)
            #expect(try row.timestamp("ended_at") == row.timestamp("evidence_at"))
            #expect(try row.doubleArray("box") == [0.1, 0.2, 0.3, 0.4])
        }
    }

    @Test("what cannot be stored goes to the quarantine, the rest is stored")
    func quarantine() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            var broken = statement("b", minutes: 3)
            broken.score = .nan
            broken.settingsVersion = "a\0b"
            var nameless = statement("b", minutes: 4)
            nameless.id = "no uuid\0"
            let batch = [
                statement("a"), statement("nobody"), statement("b", hazard: "FNS-99"), broken, nameless,
                statement("b", minutes: 5),
            ]
            for _ in 0..<2 {
                let report = try await writer.write(batch)
                #expect(report.quarantined == 4)
                #expect(report.quarantineReasons.contains("unknown camera nobody"))
            }
            #expect(try await database.value("SELECT count(*) FROM alert") == "2")
            #expect(
                try await database.pool.query("SELECT reason FROM alert_quarantine ORDER BY reason").rows.map {
                    $0["reason"]
                } == [
                    "a text holds a NUL character", "the id is not a UUID: no uuid\u{fffd}", "unknown camera nobody",
                    "unknown hazard type FNS-99",
                ]
            )
            #expect(
                try await database.value("SELECT body ->> 'score' FROM alert_quarantine WHERE reason LIKE 'a text%'")
                    == "NaN"
            )
            #expect(try await writer.write([]) == WriteReport())
        }
    }

    @Test("a row that only the database refuses is found by halving and put aside")
    func refusedByDatabase() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query("ALTER TABLE alert ADD CONSTRAINT odd CHECK (rule_id <> 'odd')")
            let batch = (0..<20).map { statement("a", rule: $0 == 13 ? "odd" : "r\($0)", minutes: Double($0)) }
            let report = try await AlertWriter(pool: database.pool).write(batch)
            #expect((report.stored, report.quarantined) == (19, 1))
            #expect(report.quarantineReasons.first?.contains("odd") == true)
        }
    }

    @Test("writers at the same time open one case per identity and count every alert")
    func concurrent() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<4 {
                    group.addTask {
                        let writer = AlertWriter(pool: database.pool)
                        for round in 0..<10 {
                            let batch = (0..<5).map {
                                statement(
                                    "a",
                                    rule: "r\($0)",
                                    hazard: $0 < 2 ? "FNS-01" : "DLJT-01",
                                    minutes: Double(round * 4 + worker),
                                    auto: true
                                )
                            }
                            _ = try await writer.write(worker.isMultiple(of: 2) ? batch : batch.reversed())
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await database.value("SELECT count(*) FROM hazard_case") == "2")
            #expect(try await database.value("SELECT sum(alert_count) FROM hazard_case") == "200")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE case_id IS NULL") == "0")
            #expect(try await database.value("SELECT count(*) FROM task") == "2")
        }
    }

    @Test("a case that someone closes while alerts for it are written is not extended after its end")
    func closingRace() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a")])
            let id = try await database.caseID("a")
            async let closing: Void = database.pool.transaction { connection in
                try await connection.query(
                    "UPDATE hazard_case SET outcome = 'false_alarm', closed_at = now() WHERE id = $1",
                    [.int(id)]
                )
                try await connection.query("SELECT pg_sleep(0.3)")
            }
            try await Task.sleep(for: .milliseconds(100))
            let report = try await writer.write([statement("a", minutes: 1)])
            try await closing
            #expect(report.casesOpened == 1)
            #expect(try await database.value("SELECT recurs_case_id FROM hazard_case WHERE id <> \(id)") == "\(id)")
        }
    }

    @Test("10,000 alerts are stored; the rate is printed")
    func throughput() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                """
                INSERT INTO camera (id, name, geom, grid_id, mapping_method)
                SELECT 'load-' || n, 'load', ST_SetSRID(ST_MakePoint(110 + n * 0.00000299, 26.001), 4326), g.id, 'point'
                FROM generate_series(1, 10000) n JOIN grid g ON g.level = 4
                    AND ST_Covers(g.geom, ST_SetSRID(ST_MakePoint(110 + n * 0.00000299, 26.001), 4326))
                ON CONFLICT DO NOTHING
                """
            )
            let writer = AlertWriter(pool: database.pool)
            let merging = (1...10_000).map { statement("load-\($0)", minutes: Double($0) / 100, auto: true) }
            let opening = (1...2000).map { statement("lost", rule: "r\($0)", minutes: Double($0) / 100) }
            for all in [merging, opening] {
                var cases = 0
                let time = try await ContinuousClock().measure {
                    for start in stride(from: 0, to: all.count, by: 500) {
                        cases += try await writer.write(Array(all[start..<start + 500])).casesOpened
                    }
                }
                let rate = Int(Double(all.count) / (time / .seconds(1)))
                FileHandle.standardError.write(Data("AlertWriter: \(rate) alerts a second, \(cases) cases\n".utf8))
            }
            #expect(try await database.value("SELECT count(*) FROM alert WHERE case_id IS NOT NULL") == "12000")
        }
    }
}
