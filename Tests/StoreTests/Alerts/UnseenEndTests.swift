import Flow
import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct UnseenEndTests {
    /// Makes the town's worker the owner of every shard since so many minutes after the statements' noon.
    private func own(_ database: StoreDatabase, sinceMinute minute: Double) async throws {
        try await database.pool.query(
            "UPDATE ingest_shard SET since = to_timestamp($1::float8)",
            [.double(1_785_816_000 + minute * 60)]
        )
        // What came before the take-over was received before it too.
        try await database.pool.query("UPDATE alert SET received_at = stated_at")
    }

    private func rows(_ database: StoreDatabase) async throws -> [String?] {
        try await database.pool.query(
            """
            SELECT camera_id || ' ' || coalesce((extract(epoch FROM ended_at)::bigint - 1785816000)::text, 'runs')
                || CASE WHEN end_unseen THEN ' unseen' ELSE '' END AS line
            FROM alert ORDER BY camera_id, started_at
            """
        ).rows.map { $0["line"] }
    }

    @Test("an alert of a process that is gone ends when it was last seen; what was stated since the take-over runs on")
    func takenOver() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([
                statement("a", stated: 1), statement("b", minutes: 2, ended: 3), statement("d", minutes: 8),
            ])
            // Just taken over: who took over may still say that they run.
            try await database.pool.query("UPDATE ingest_shard SET since = now()")
            #expect(try await writer.endUnseen(.town) == 0)
            try await own(database, sinceMinute: 5)
            #expect(try await writer.endUnseen(Authority(worker: WorkerIdentity(id: "town"), epochs: [:])) == 0)
            let stranger = Authority(worker: WorkerIdentity(id: "next"), epochs: Authority.town.epochs)
            #expect(try await writer.endUnseen(stranger) == 0)
            let listener = try await PostgresConnection.connect(database.conninfo)
            try await listener.listen(ChangeReader.channel)
            #expect(try await writer.endUnseen(.town) == 1)
            #expect(try await rows(database) == ["a 60 unseen", "b 180", "d runs"])
            #expect(try await writer.endUnseen(.town) == 0)
            try await database.pool.query("SELECT pg_notify($1, 'end')", [.text(ChangeReader.channel)])
            var heard: [String] = []
            for await notification in listener.notifications {
                if notification.payload == "end" { break }
                heard.append(notification.payload)
            }
            #expect(heard == ["case 1"])
            await listener.close()
        }
    }

    @Test("a statement that comes late out of a spool puts a supposed end right, a repeated old one does not")
    func putRight() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            let first = [statement("a", stated: 1), statement("b", stated: 1), statement("d", stated: 1)]
            _ = try await writer.write(first)
            try await own(database, sinceMinute: 5)
            #expect(try await writer.endUnseen(.town) == 3)
            _ = try await writer.write(first)
            #expect(try await rows(database) == ["a 60 unseen", "b 60 unseen", "d 60 unseen"])
            _ = try await writer.write([statement("a", ended: 0.5), statement("b", stated: 6)])
            #expect(try await rows(database) == ["a 30", "b runs", "d 60 unseen"])
            _ = try await writer.write([statement("b", ended: 7)])
            #expect(try await rows(database) == ["a 30", "b 420", "d 60 unseen"])
        }
    }

    @Test("a camera's fault that nobody watched ends when the camera works, and its case hears of it")
    func fault() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                "INSERT INTO hazard_type VALUES ('01050', 'LOCAL', 'SBGZ', '异常', 'Out of order', 3, 1440, false)"
            )
            var fault = statement("a", rule: CameraFault.rule, hazard: CameraFault.hazardType, stated: 1)
            fault.kind = CameraFault.kind
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([fault])
            try await own(database, sinceMinute: 5)
            #expect(try await writer.endUnseen(.town) == 0)
            try await database.pool.query(
                """
                INSERT INTO camera_state (camera_id, state, since, worker_id)
                VALUES ('a', 'online', to_timestamp(1785816000 + 600), 'town')
                """
            )
            #expect(try await writer.endUnseen(.town) == 1)
            #expect(try await rows(database) == ["a 600"])
            _ = try await writer.adopt(.town)
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'recovered'") == "1")
        }
    }

    @Test("a camera's fault that nobody watched ends unseen when the camera is not to be watched any more")
    func switchedOff() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                "INSERT INTO hazard_type VALUES ('01050', 'LOCAL', 'SBGZ', '异常', 'Out of order', 3, 1440, false)"
            )
            var fault = statement("a", rule: CameraFault.rule, hazard: CameraFault.hazardType, stated: 1)
            fault.kind = CameraFault.kind
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([fault])
            try await own(database, sinceMinute: 5)
            #expect(try await writer.endUnseen(.town) == 0)
            try await database.pool.query("UPDATE camera SET enabled = false WHERE id = 'a'")
            #expect(try await writer.endUnseen(.town) == 1)
            #expect(try await rows(database) == ["a 60 unseen"])
            _ = try await writer.adopt(.town)
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'recovered'") == "0")
        }
    }

    @Test("a camera's fault that a newer one replaces ends unseen, and its case does not hear that it works")
    func newerFault() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                "INSERT INTO hazard_type VALUES ('01050', 'LOCAL', 'SBGZ', '异常', 'Out of order', 3, 1440, false)"
            )
            let writer = AlertWriter(pool: database.pool)
            for minute in [0.0, 10] {
                var fault = statement("a", rule: CameraFault.rule, hazard: CameraFault.hazardType, minutes: minute)
                fault.kind = CameraFault.kind
                _ = try await writer.write([fault])
            }
            try await own(database, sinceMinute: 5)
            #expect(try await writer.endUnseen(.town) == 1)
            #expect(try await rows(database) == ["a 0 unseen", "a runs"])
            _ = try await writer.adopt(.town)
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'recovered'") == "0")
        }
    }
}
