import Foundation
import Postgres
import Testing

@Suite(.enabled(if: Server.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct PostgresPoolTests {
    @Test("200 statements at once over 8 connections all get their own answer")
    func many() async throws {
        let pool = Server.pool(size: 8)
        let answers = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for number in 0..<200 {
                group.addTask {
                    let row = try await pool.query("SELECT $1::int AS n, pg_sleep(0.001)", [.int(number)]).rows[0]
                    return (number, try row.requireInt("n"))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 200)
        #expect(answers.allSatisfy { $0.0 == $0.1 })
        let sessions = try await pool.query(
            "SELECT count(DISTINCT pg_backend_pid()) AS n FROM generate_series(1, 3)"
        ).rows[0].requireInt("n")
        #expect(sessions == 1)
        await pool.close()
    }

    @Test("who finds no free connection in time is told that the pool is exhausted")
    func exhausted() async throws {
        let pool = Server.pool(size: 1, wait: .milliseconds(100))
        let error = try await pool.withConnection { _ in
            await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("exhausted") == true)
        #expect(try await pool.query("SELECT 1 AS n").rows.count == 1)
        await pool.close()
    }

    @Test("a borrower that gives up waiting leaves the line")
    func cancelWaiting() async throws {
        let pool = Server.pool(size: 1)
        try await pool.withConnection { _ in
            let waiting = Task { try await pool.query("SELECT 1") }
            try await Task.sleep(for: .milliseconds(50))
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
        }
        #expect(try await pool.query("SELECT 1 AS n").rows.count == 1)
        await pool.close()
    }

    @Test("statements cancelled at any moment never mix up the answers of others, nor lose a connection for good")
    func cancelledAtRandom() async throws {
        let pool = Server.pool(size: 4)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<400 {
                group.addTask {
                    let task = Task {
                        try await pool.transaction { connection in
                            try await connection.query("SELECT pg_sleep(0.002)")
                            return try await connection.query("SELECT $1::int AS n", [.int(number)]).rows[0].requireInt(
                                "n"
                            )
                        }
                    }
                    if !number.isMultiple(of: 3) {
                        try await Task.sleep(for: .microseconds(number * 137 % 90_000))
                        task.cancel()
                    }
                    do {
                        #expect(try await task.value == number)
                    } catch is CancellationError {
                        #expect(!number.isMultiple(of: 3))
                    }
                }
            }
            try await group.waitForAll()
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 { group.addTask { try await pool.query("SELECT pg_sleep(0.05)") } }
            try await group.waitForAll()
        }
        await pool.close()
    }

    @Test("a transaction left open by its borrower is rolled back")
    func leftOpen() async throws {
        let pool = Server.pool(size: 1)
        let before = try await pool.withConnection { connection in
            try await connection.script("CREATE TEMP TABLE left_open (n int)")
            try await connection.query("BEGIN")
            try await connection.query("INSERT INTO left_open VALUES (1)")
            return try await connection.query("SELECT pg_backend_pid() AS pid").rows[0].requireInt("pid")
        }
        let row = try await pool.query("SELECT pg_backend_pid() AS pid, count(*) AS n FROM left_open").rows[0]
        #expect(try row.requireInt("pid") == before)
        #expect(try row.requireInt("n") == 0)
        await pool.close()
    }

    @Test("a connection that the server ended while idle is replaced without an error")
    func endedWhileIdle() async throws {
        let pool = Server.pool(size: 3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<3 { group.addTask { try await pool.query("SELECT pg_sleep(0.1)") } }
            try await group.waitForAll()
        }
        let killer = try await PostgresConnection.connect(Server.conninfo)
        let pid = try await pool.query("SELECT pg_backend_pid() AS pid").rows[0].requireInt("pid")
        try await killer.query("SELECT pg_terminate_backend($1, 5000)", [.int(pid)])
        for _ in 0..<6 {
            let now = try await pool.query("SELECT pg_backend_pid() AS pid").rows[0].requireInt("pid")
            #expect(now != pid)
        }
        await killer.close()
        await pool.close()
    }

    @Test("a connection that the server ends under a statement is lost, retriable and replaced")
    func endedWhileBusy() async throws {
        let pool = Server.pool(size: 1)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.query("SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(5)")
        }
        #expect(error?.code == .connectionLost)
        #expect(error?.isRetriable == true)
        #expect(try await pool.query("SELECT 1 AS n").rows.count == 1)
        await pool.close()
    }

    @Test("a closed pool refuses, and close waits for what runs")
    func close() async throws {
        let pool = Server.pool(size: 2)
        let running = Task { try await pool.query("SELECT pg_sleep(0.3), 7 AS n") }
        try await Task.sleep(for: .milliseconds(100))
        await pool.close()
        #expect(try await running.value.rows[0].requireInt("n") == 7)
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(error?.code == .poolClosed)
        await pool.close()
    }

    @Test("a server that stops under its clients and comes back is used again")
    func restart() async throws {
        let cluster = try OwnCluster()
        defer { cluster.remove() }
        let pool = PostgresPool(conninfo: cluster.conninfo, size: 4)
        try await pool.query("CREATE TABLE t (n int)")
        let busy = Task { try await pool.query("SELECT pg_sleep(30)") }
        try await Task.sleep(for: .milliseconds(200))
        try cluster.stop()
        let lost = await #expect(throws: PostgresError.self) { try await busy.value }
        #expect(lost?.code == .connectionLost)
        let away = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
        #expect(away?.code == .connectionFailed)
        #expect(away?.isRetriable == true)
        try cluster.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<20 { group.addTask { try await pool.query("INSERT INTO t VALUES ($1)", [.int(number)]) } }
            try await group.waitForAll()
        }
        #expect(try await pool.query("SELECT count(*) AS n FROM t").rows[0].requireInt("n") == 20)
        await pool.close()
    }
}
