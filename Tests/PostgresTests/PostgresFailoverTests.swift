import Foundation
import Postgres
import Testing

@Suite(.enabled(if: Server.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct PostgresFailoverTests {
    @Test("no statement of ours is compiled just in time, whatever the server is set to")
    func jit() async throws {
        let connection = try await PostgresConnection.connect(Server.conninfo + " options='-c jit=on'")
        #expect(try await connection.query("SHOW jit").rows[0]["jit"] == "off")
        await connection.close()
    }

    @Test("a statement that is stopped for taking too long is told from a server that is away")
    func timeout() async throws {
        let pool = Server.pool(size: 1, statementTimeout: .milliseconds(50))
        let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT pg_sleep(5)") }
        #expect(error?.isStatementTimeout == true)
        await pool.close()
        let away = await #expect(throws: PostgresError.self) {
            _ = try await PostgresConnection.connect("host=/nowhere dbname=x")
        }
        #expect(away?.isStatementTimeout == false)
    }

    @Test(
        "of two servers the one that takes writes is used, and one that has become read-only is left",
        .timeLimit(.minutes(2))
    )
    func failOver() async throws {
        let (first, second) = (try OwnCluster(), try OwnCluster())
        defer {
            first.remove()
            second.remove()
        }
        func readOnly(_ cluster: OwnCluster, _ isOn: Bool) async throws {
            let admin = try await PostgresConnection.connect(cluster.conninfo)
            try await admin.query("SET default_transaction_read_only = off")
            try await admin.query("ALTER SYSTEM SET default_transaction_read_only = \(isOn ? "on" : "off")")
            try await admin.query("SELECT pg_reload_conf()")
            await admin.close()
            while try await Self.isReadOnly(cluster) != isOn { try await Task.sleep(for: .milliseconds(20)) }
        }
        func place(_ cluster: OwnCluster) -> String { cluster.folder + "/run" }
        let both = "host=\(place(first)),\(place(second)) port=54329,54329 user=gridwatch dbname=postgres"
        try await readOnly(first, true)
        let pool = PostgresPool(conninfo: both, size: 1)
        func write() async throws -> String? {
            try await pool.withConnection { connection in
                try await connection.query("CREATE TABLE IF NOT EXISTS mark (n int)")
                return try await connection.query("SHOW unix_socket_directories").rows[0]["unix_socket_directories"]
            }
        }
        #expect(try await write() == place(second))
        try await readOnly(second, true)
        try await readOnly(first, false)
        let refused = await #expect(throws: PostgresError.self) { try await write() }
        #expect(refused?.isReadOnly == true)
        #expect(refused?.isRetriable == true)
        #expect(refused?.message.contains("host=a,b") == true)
        #expect(try await write() == place(first))
        await pool.close()
        // Who says which one is wanted gets it.
        let any = try await PostgresConnection.connect(
            "host=\(place(second)),\(place(first)) port=54329,54329 user=gridwatch dbname=postgres target_session_attrs=any"
        )
        let found = try await any.query("SHOW unix_socket_directories").rows[0]["unix_socket_directories"]
        #expect(found == place(second))
        await any.close()
    }

    private static func isReadOnly(_ cluster: OwnCluster) async throws -> Bool {
        let connection = try await PostgresConnection.connect(cluster.conninfo)
        let answer = try await connection.query("SHOW transaction_read_only").rows[0]["transaction_read_only"]
        await connection.close()
        return answer == "on"
    }
}
