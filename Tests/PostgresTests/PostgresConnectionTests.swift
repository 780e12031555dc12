import Foundation
import Postgres
import Testing

@Suite(.enabled(if: Server.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct PostgresConnectionTests {
    @Test("values of every type come back as they were sent")
    func roundTrip() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let text = "武冈 🚨 'quote' \"double\" \\ back\nline"
        let result = try await connection.query(
            """
            SELECT $1::text AS t, $2::bigint AS i, $3::float8 AS d, $4::bool AS b, $5::bytea AS y,
                   $6::timestamptz AS z, $7::jsonb ->> 'a' AS j, $8::text AS n, $9::float8 AS inf
            """,
            [
                .text(text), .int(.min), 0.1, true, .bytes([0, 255, 10]),
                .timestamp(microsecondsSinceEpoch: 1_795_397_638_123_456), .json(#"{"a":"\"x\""}"#), nil,
                .double(-.infinity),
            ]
        )
        let row = try #require(result.rows.first)
        #expect(try row.requireText("t") == text)
        #expect(try row.int("i") == .min)
        #expect(try row.double("d") == 0.1)
        #expect(try row.bool("b") == true)
        #expect(try row.requireBytes("y") == [0, 255, 10])
        #expect(try row.timestamp("z") == 1_795_397_638_123_456)
        #expect(try row.text("j") == "\"x\"")
        #expect(try row.text("n") == nil)
        #expect(try row.double("inf") == -.infinity)
        #expect(result.affected == 1)
        await connection.close()
    }

    @Test("arrays with quotes, backslashes, nulls and empty text come back as they were sent")
    func arrays() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let texts: [String?] = ["a,b", "\"q\"", "\\n", "", nil, "NULL", "{}", "水西门"]
        let result = try await connection.query(
            """
            SELECT t, i, d, b, z FROM unnest($1::text[], $2::bigint[], $3::float8[], $4::bool[], $5::timestamptz[])
                WITH ORDINALITY AS u (t, i, d, b, z, o) ORDER BY o
            """,
            [
                .textArray(texts), .intArray([1, nil]), .doubleArray([1.5, nil, .nan]), .boolArray([true, nil, false]),
                .timestampArray([0, nil, -1]),
            ]
        )
        #expect(try result.rows.map { row in try row.text("t") } == texts)
        #expect(try result.rows.prefix(3).map { row in try row.int("i") } == [1, nil, nil])
        #expect(try result.rows[2].double("d")?.isNaN == true)
        #expect(try result.rows.prefix(3).map { row in try row.bool("b") } == [true, nil, false])
        #expect(try result.rows.prefix(3).map { row in try row.timestamp("z") } == [0, nil, -1])
        let back = try await connection.query(
            "SELECT $1::text[] AS t, $2::real[] AS r",
            [.textArray(texts), "{1,NULL,2.5}"]
        )
        #expect(try back.rows[0].textArray("t") == texts)
        #expect(try back.rows[0].doubleArray("r") == [1, nil, 2.5])
        await connection.close()
    }

    @Test("the session is in UTC and named gridwatch")
    func session() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo, statementTimeout: .milliseconds(2500))
        let row = try await connection.query(
            """
            SELECT current_setting('TimeZone') AS zone, current_setting('application_name') AS name,
                   current_setting('statement_timeout') AS timeout, '2026-01-01 08:00+08'::timestamptz::text AS text
            """
        ).rows[0]
        #expect(row["zone"] == "UTC")
        #expect(row["name"] == "gridwatch")
        #expect(row["timeout"] == "2500ms")
        #expect(row["text"] == "2026-01-01 00:00:00+00")
        await connection.close()
    }

    @Test("a syntax error tells its line, column and text, and the session goes on")
    func syntaxError() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1,\n  冈 FORM grid") }
        #expect(error?.code == .queryFailed)
        #expect(error?.sqlState == "42601")
        #expect(error?.message.contains("line 2 column 10, near \"grid\"") == true, "\(error?.message ?? "")")
        #expect(error?.isRetriable == false)
        #expect(try await connection.query("SELECT 1 AS one").rows[0].requireInt("one") == 1)
        await connection.close()
    }

    @Test("a broken constraint is named")
    func constraint() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        try await connection.script("CREATE TEMP TABLE pair (a int CONSTRAINT pair_a_positive CHECK (a > 0))")
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("INSERT INTO pair VALUES (0)")
        }
        #expect(error?.constraint == "pair_a_positive")
        #expect(error?.sqlState == "23514")
        await connection.close()
    }

    @Test("a statement that takes too long is stopped, and the session stays in step")
    func timeout() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo, statementTimeout: .milliseconds(100))
        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(30)") }
        #expect(error?.code == .timedOut)
        #expect(error?.isRetriable == true)
        for number in 0..<20 {
            #expect(try await connection.query("SELECT $1::int AS n", [.int(number)]).rows[0].requireInt("n") == number)
        }
        await connection.close()
    }

    @Test("a cancelled statement stops at the server, and the session stays in step")
    func cancel() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        for round in 0..<10 {
            let sleeping = Task { try await connection.query("SELECT pg_sleep(30)") }
            try await Task.sleep(for: .milliseconds(round * 3))
            sleeping.cancel()
            await #expect(throws: CancellationError.self) { try await sleeping.value }
            #expect(try await connection.query("SELECT $1::int AS n", [.int(round)]).rows[0].requireInt("n") == round)
        }
        await connection.close()
    }

    @Test("a statement cancelled while it waits for its turn never runs")
    func cancelWaiting() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        try await connection.script("CREATE TEMP TABLE seen (n int)")
        // Long enough for a machine that is busy with other tests.
        let first = Task { try await connection.query("SELECT pg_sleep(5)") }
        try await Task.sleep(for: .milliseconds(50))
        let second = Task { try await connection.query("INSERT INTO seen VALUES (1)") }
        try await Task.sleep(for: .milliseconds(50))
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        _ = try await first.value
        #expect(try await connection.query("SELECT count(*) AS n FROM seen").rows[0].requireInt("n") == 0)
        await connection.close()
    }

    @Test("a transaction that throws leaves nothing, one that returns leaves all")
    func transaction() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        try await connection.script("CREATE TEMP TABLE kept (n int)")
        try await connection.transaction { try await $0.query("INSERT INTO kept VALUES (1)") }
        await #expect(throws: PostgresError.self) {
            try await connection.transaction {
                try await $0.query("INSERT INTO kept VALUES (2)")
                try await $0.query("SELECT 1/0")
            }
        }
        #expect(try await connection.query("SELECT array_agg(n)::text AS n FROM kept").rows[0]["n"] == "{1}")
        await connection.close()
    }

    @Test("a commit after a swallowed failure is an error, not a silent rollback")
    func swallowed() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        await #expect(throws: PostgresError.self) {
            try await connection.transaction { _ = try? await $0.query("SELECT 1/0") }
        }
        #expect(try await connection.query("SELECT 1 AS n").rows.count == 1)
        await connection.close()
    }

    @Test("a cancelled transaction is rolled back and the session usable")
    func cancelledTransaction() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        try await connection.script("CREATE TEMP TABLE kept (n int)")
        let task = Task {
            try await connection.transaction {
                try await $0.query("INSERT INTO kept VALUES (1)")
                try await $0.query("SELECT pg_sleep(30)")
            }
        }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await connection.query("SELECT count(*) AS n FROM kept").rows[0].requireInt("n") == 0)
        await connection.close()
    }

    @Test("big results and big values come back whole")
    func bigResult() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        // What is asked here is whether all of it comes, on a busy machine, too.
        try await connection.query("SET statement_timeout = '60s'")
        let result = try await connection.query("SELECT n, repeat('x', 20) AS x FROM generate_series(1, 300000) AS n")
        #expect(result.rows.count == 300_000)
        #expect(try result.rows[299_999].requireInt("n") == 300_000)
        let long = String(repeating: "长", count: 3_000_000)
        #expect(try await connection.query("SELECT $1::text AS t", [.text(long)]).rows[0]["t"] == long)
        await connection.close()
    }

    @Test("COPY stores rows, and nothing when its source fails")
    func copy() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        try await connection.script("CREATE TEMP TABLE copied (n int, t text)")
        let chunks = Chunks((0..<2000).map { Array("\($0)\tcamera \($0) 桥头\n".utf8) })
        #expect(try await connection.copyIn("COPY copied FROM STDIN") { await chunks.next() } == 2000)
        await #expect(throws: ClusterFailure.self) {
            try await connection.copyIn("COPY copied FROM STDIN") { throw ClusterFailure(action: "source") }
        }
        let bad = Chunks([Array("x\ty\n".utf8)])
        let error = await #expect(throws: PostgresError.self) {
            try await connection.copyIn("COPY copied FROM STDIN") { await bad.next() }
        }
        #expect(error?.sqlState == "22P02")
        await #expect(throws: PostgresError.self) { try await connection.copyIn("SELECT 1") { nil } }
        #expect(try await connection.query("SELECT count(*) AS n FROM copied").rows[0].requireInt("n") == 2000)
        await connection.close()
    }

    @Test("a COPY outside copyIn is refused")
    func copyThroughQuery() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let error = await #expect(throws: PostgresError.self) {
            try await connection.query("COPY (SELECT 1) TO STDOUT")
        }
        #expect(error?.code == .connectionLost)
    }

    @Test("what another session notifies arrives, while idle and between statements")
    func notifications() async throws {
        let listener = try await PostgresConnection.connect(Server.conninfo)
        let speaker = try await PostgresConnection.connect(Server.conninfo)
        let channel = "test \"\(UUID().uuidString)"
        try await listener.listen(channel)
        var heard = listener.notifications.makeAsyncIterator()
        for number in 0..<5 {
            try await speaker.query("SELECT pg_notify($1, $2)", [.text(channel), .text("案件 \(number)")])
            if number.isMultiple(of: 2) { try await listener.query("SELECT 1") }
            #expect(await heard.next() == PostgresNotification(channel: channel, payload: "案件 \(number)"))
        }
        await listener.close()
        #expect(await heard.next() == nil)
        await speaker.close()
    }

    @Test("a missing column, a null and a wrong type are told apart by name")
    func decoding() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let row = try await connection.query("SELECT 'x' AS word, NULL::int AS nothing").rows[0]
        let missing = #expect(throws: PostgresError.self) { try row.text("wrod") }
        #expect(missing?.message == "the result has no column wrod, only: word, nothing")
        let null = #expect(throws: PostgresError.self) { try row.requireInt("nothing") }
        #expect(null?.message == "column nothing is null, a value was expected")
        let wrong = #expect(throws: PostgresError.self) { try row.int("word") }
        #expect(wrong?.message == "column word is not a whole number: x")
        #expect(wrong?.code == .decodeFailed)
        await connection.close()
    }

    @Test(
        "a connection that fails never tells the password",
        arguments: [
            "host=/nowhere user=u password=geheim123 dbname=d", "host=/nowhere password=geheim123 geheim123",
            "postgresql://u:geheim123@/d?host=/nowhere", "postgresql://u:geheim123@[::1/d",
        ]
    )
    func noPassword(conninfo: String) async {
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(conninfo) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.description.contains("geheim123") == false, "\(error?.description ?? "")")
    }

    @Test("a session closed while it works fails its statements and ends")
    func closeWhileBusy() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo)
        let busy = Task { try await connection.query("SELECT pg_sleep(30)") }
        // One after the other: tasks that start together may reach the connection in any order.
        try await Task.sleep(for: .milliseconds(300))
        let waiting = Task { try await connection.query("SELECT 1") }
        try await Task.sleep(for: .milliseconds(300))
        await connection.close()
        let error = await #expect(throws: PostgresError.self) { try await busy.value }
        #expect(error?.code == .connectionLost)
        await #expect(throws: PostgresError.self) { try await waiting.value }
        await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
    }
}

actor Chunks {
    private var chunks: [[UInt8]]

    init(_ chunks: [[UInt8]]) { self.chunks = chunks.reversed() }

    func next() -> [UInt8]? { chunks.popLast() }
}
