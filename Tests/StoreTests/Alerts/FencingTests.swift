import Cases
import Flow
import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct FencingTests {
    private static let all = Array(0..<LeaseView.shardCount)

    /// Another worker takes every shard from the town's.
    private func takeOver(_ database: StoreDatabase, as name: String = "next") async throws -> Authority {
        let leases = ShardLeases(pool: database.pool, timeToLive: 600)
        let worker = WorkerIdentity(id: name)
        _ = try await leases.join(worker, host: "box", capacity: 9000, version: "1")
        try await database.pool.query("UPDATE ingest_worker SET lease_until = now() WHERE id <> $1", [.text(name)])
        return Authority(worker: worker, epochs: try await leases.claim(Self.all, by: worker))
    }

    private func consequences(_ database: StoreDatabase) async throws -> String? {
        try await database.value(
            """
            SELECT concat_ws(' ', (SELECT count(*) FROM alert), (SELECT count(*) FROM alert WHERE orphan),
                (SELECT count(*) FROM hazard_case), (SELECT count(*) FROM task), (SELECT count(*) FROM case_event))
            """
        )
    }

    @Test("a writer that lost its shards stores facts only; the owner makes one case of them")
    func staleWriter() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            let owner = try await takeOver(database)
            let alert = statement("a", auto: true)
            let report = try await writer.write([alert], authority: .town)
            #expect((report.stored, report.late, report.casesOpened, report.tasksOpened) == (1, 1, 0, 0))
            #expect(try await consequences(database) == "1 1 0 0 0")
            #expect(try await writer.adopt(.town) == WriteReport())
            #expect(try await consequences(database) == "1 1 0 0 0")
            let adopted = try await writer.adopt(owner)
            #expect((adopted.casesOpened, adopted.tasksOpened, adopted.stored) == (1, 1, 0))
            #expect(try await consequences(database) == "1 0 1 1 3")
            #expect(try await writer.adopt(owner) == WriteReport())
            // The spool delivers it again, the old process tells its end, the owner hears of it too.
            for authority in [.town, owner, .town] {
                let again = [alert, statement("a", ended: 2, auto: true)]
                _ = try await writer.write(again, authority: authority)
            }
            _ = try await writer.adopt(owner)
            #expect(try await consequences(database) == "1 0 1 1 3")
            #expect(try await database.value("SELECT late AND ended_at IS NOT NULL FROM alert") == "true")
        }
    }

    @Test("a late alert joins the open case of its identity, and the owner may write it before it adopts it")
    func joining() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            let owner = try await takeOver(database)
            _ = try await writer.write([statement("a")], authority: owner)
            let late = [statement("a", minutes: 1), statement("a", minutes: 2), statement("d", minutes: 3)]
            #expect(try await writer.write(late, authority: .town).late == 3)
            #expect(try await writer.write([late[1]], authority: owner).alertsAttached == 1)
            let adopted = try await writer.adopt(owner, limit: 1)
            #expect((adopted.alertsAttached, adopted.casesOpened) == (1, 0))
            #expect(try await writer.adopt(owner, limit: 1).casesOpened == 1)
            #expect(try await database.value("SELECT alert_count FROM hazard_case WHERE camera_id = 'a'") == "3")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE orphan OR case_id IS NULL") == "0")
        }
    }

    @Test("of a batch the cameras whose shards are owned are served, the others are left")
    func partly() async throws {
        try await StoreDatabase.with { (database) async throws in
            let shard = try await database.value("SELECT shard FROM camera WHERE id = 'd'").flatMap { Int($0) }
            var epochs = Authority.town.epochs
            epochs[try #require(shard)] = nil
            let partly = Authority(worker: .town, epochs: epochs)
            let report = try await AlertWriter(pool: database.pool).write(
                [statement("a"), statement("d")],
                authority: partly
            )
            #expect((report.stored, report.casesOpened, report.late) == (2, 1, 1))
            #expect(try await database.value("SELECT camera_id FROM alert WHERE late") == "d")
            let stranger = Authority(worker: WorkerIdentity(id: "town"), epochs: Authority.town.epochs)
            let other = try await AlertWriter(pool: database.pool).write([statement("b")], authority: stranger)
            #expect((other.late, other.casesOpened) == (1, 0))
        }
    }

    @Test("storing late alerts does not read the history of their cases, which may be long")
    func lateWithoutHistory() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a")])
            _ = try await takeOver(database)
            let late = [statement("a", stated: 2, score: 0.9), statement("a", minutes: 5), statement("d")]
            try await database.pool.transaction { connection in
                try await connection.query("LOCK TABLE case_event IN ACCESS EXCLUSIVE MODE")
                let hasty = PostgresPool(conninfo: database.conninfo, size: 1, statementTimeout: .seconds(5))
                let report = try await AlertWriter(pool: hasty).write(late, authority: .town)
                #expect((report.late, report.stored) == (3, 2))
                await hasty.close()
            }
            #expect(try await consequences(database) == "3 2 1 0 1")
        }
    }

    @Test("a take-over waits for a write that has begun, and the next write of the old owner is late")
    func takeOverWaits() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    CREATE TABLE probe (silence text);
                    CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                        INSERT INTO probe VALUES (current_setting('idle_in_transaction_session_timeout'));
                        PERFORM pg_sleep(0.7);
                        RETURN NEW;
                    END $$;
                    CREATE TRIGGER dawdle BEFORE INSERT ON hazard_case FOR EACH ROW EXECUTE FUNCTION dawdle();
                    """
                )
            }
            let writer = AlertWriter(pool: database.pool)
            async let writing = writer.write([statement("a")], authority: .town)
            while try await database.value(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
            ) == "0" {
                try await Task.sleep(for: .milliseconds(10))
            }
            let owner = try await takeOver(database)
            #expect(try await database.value("SELECT count(*) FROM hazard_case") == "1")
            #expect(owner.epochs.count == LeaseView.shardCount)
            #expect(try await writing.casesOpened == 1)
            #expect(try await writer.write([statement("d")], authority: .town).late == 1)
            #expect(try await database.value("SELECT silence FROM probe") == "10s")
        }
    }

    @Test("a write waits for a take-over that has begun, and then has no consequences")
    func takeOverWins() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            let report = try await database.pool.transaction { connection in
                try await connection.query("UPDATE ingest_shard SET epoch = epoch + 1")
                async let writing = writer.write([statement("a")], authority: .town)
                while try await database.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
                ) == "0" { try await Task.sleep(for: .milliseconds(10)) }
                try await connection.query("COMMIT")
                try await connection.query("BEGIN")
                return try await writing
            }
            #expect((report.stored, report.late, report.casesOpened) == (1, 1, 0))
        }
    }

    @Test("take-overs and writes at the same time lose nothing and double nothing")
    func races() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            var authority = Authority.town
            for round in 0..<20 {
                let (old, minutes) = (authority, Double(round * 100))
                async let writing: Void = withThrowingTaskGroup(of: Void.self) { group in
                    for camera in ["a", "d", "far", "lost"] {
                        group.addTask {
                            let alert = statement(camera, rule: "r\(round)", minutes: minutes, auto: true)
                            _ = try await writer.write([alert], authority: old)
                        }
                    }
                    try await group.waitForAll()
                }
                if !round.isMultiple(of: 3) { try await Task.sleep(for: .milliseconds(round)) }
                authority = try await takeOver(database, as: "w\(round)")
                try await writing
                _ = try await writer.adopt(authority)
            }
            #expect(try await database.value("SELECT count(*) FROM hazard_case") == "80")
            #expect(try await database.value("SELECT sum(alert_count) FROM hazard_case") == "80")
            #expect(try await database.value("SELECT count(*) FROM task") == "60")
            #expect(try await database.value("SELECT count(*) FROM case_event WHERE kind = 'opened'") == "80")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE orphan OR case_id IS NULL") == "0")
            #expect(try await database.value("SELECT count(*) FROM alert WHERE late") != "80")
        }
    }
}
