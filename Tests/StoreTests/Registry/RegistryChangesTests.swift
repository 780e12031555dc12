import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct RegistryChangesTests {
    private static let channel = "gridwatch_registry"

    /// How often the registry is announced while `body` runs.
    private func announcements(_ database: StoreDatabase, _ body: () async throws -> Void) async throws -> Int {
        let listener = try await PostgresConnection.connect(database.conninfo)
        try await listener.listen(Self.channel)
        try await body()
        try await database.pool.query("SELECT pg_notify('\(Self.channel)', 'end')")
        var heard = 0
        for await notification in listener.notifications {
            if notification.payload == "end" { break }
            heard += 1
        }
        await listener.close()
        return heard
    }

    @Test("an import of many statements is announced once")
    func oncePerTransaction() async throws {
        try await StoreDatabase.with { (database) async throws in
            let heard = try await announcements(database) {
                try await database.pool.withConnection {
                    try await $0.script(
                        """
                        BEGIN;
                        INSERT INTO camera (id, name, enabled, stream_url)
                        SELECT 'new-' || n, 'x', true, 'rtsp://h/' || n FROM generate_series(1, 5000) n;
                        UPDATE camera SET tags = '{road}' WHERE id LIKE 'new-%';
                        INSERT INTO rule_template VALUES ('r', 'road', 'r', 'DLJT-01', '{}');
                        DELETE FROM camera WHERE id LIKE 'new-1%';
                        COMMIT;
                        """
                    )
                }
            }
            #expect(heard == 1)
        }
    }

    static let statements: [(String, Int)] = [
        ("UPDATE camera SET stream_url = 'rtsp://x' WHERE id = 'a'", 1),
        ("UPDATE camera SET enabled = false WHERE id = 'a'", 1),
        ("UPDATE camera SET tags = '{road}', name = 'neu' WHERE id = 'a'", 1),
        ("UPDATE camera SET point_class = 1 WHERE id = 'a'", 1),
        ("DELETE FROM camera WHERE id = 'far'", 1),
        ("INSERT INTO camera_rule VALUES ('b', 'own', 'DLJT-01', '{}')", 1),
        ("INSERT INTO rule_template VALUES ('t', 'water', 'x', 'FNS-01', '{}')", 1),
        ("INSERT INTO platform (host, name) VALUES ('10.0.0.1', 'NVR')", 1),
        ("INSERT INTO sampling_override (tag, interval_s) VALUES ('water', 5)", 1),
        ("INSERT INTO camera_quarantine VALUES ('a', 3, now(), now(), now(), 'x')", 1),
        ("INSERT INTO camera_quarantine VALUES ('a', 1, now(), now(), NULL, 'x')", 0),
        ("UPDATE camera SET grid_id = NULL, mapping_note = 'x', updated_at = now()", 0),
        ("UPDATE camera SET name = name, stream_url = stream_url", 0),
        ("UPDATE camera SET enabled = false WHERE id = 'nobody'", 0),
        ("UPDATE camera SET stream_url = 'rtsp://x' WHERE NOT enabled", 0),
        ("DELETE FROM camera_rule", 0),
    ]

    @Test("what workers use is announced, other changes are not", arguments: statements)
    func relevance(sql: String, times: Int) async throws {
        try await StoreDatabase.with { (database) async throws in
            #expect(try await announcements(database) { try await database.pool.query(sql) } == times)
        }
    }

    @Test("a listener is told everything at first, then what changed, gathered; it ends when it is dropped")
    func sequence() async throws {
        try await StoreDatabase.with { (database) async throws in
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            // A listener that went on would keep the pool of this test from closing.
            var changes = RegistryChanges(pool: database.pool, pause: .milliseconds(50)).makeAsyncIterator()
            #expect(await changes.next() == Set(RegistryChanges.Change.allCases))
            try await database.pool.query("UPDATE camera SET name = 'x'")
            #expect(await changes.next() == [.registry])
            try await leases.release([1, 2], by: .town)
            #expect(await changes.next() == [.shards])
            for number in 0..<5 { try await database.pool.query("UPDATE camera SET name = 'y\(number)'") }
            try await leases.release([3], by: .town)
            var seen: Set<RegistryChanges.Change> = []
            while seen.count < 2, let more = await changes.next() { seen.formUnion(more) }
            #expect(seen == [.registry, .shards])
        }
    }

    @Test("a listener whose session is lost listens again and tells everything")
    func reconnect() async throws {
        try await StoreDatabase.with { (database) async throws in
            let pool = database.pool
            let listening = Task {
                var heard: [Set<RegistryChanges.Change>] = []
                for await changes in RegistryChanges(pool: pool, pause: .milliseconds(10)) {
                    heard.append(changes)
                    if heard.count == 2 { break }
                    try await pool.query(Self.endOthers)
                }
                return heard
            }
            // A listener that has become deaf would wait for ever.
            let watchdog = Task {
                try await Task.sleep(for: .seconds(90))
                listening.cancel()
            }
            let all = Set(RegistryChanges.Change.allCases)
            #expect(try await listening.value == [all, all])
            watchdog.cancel()
        }
    }

    private static let endOthers = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """

    @Test("a cancelled listener ends")
    func cancelled() async throws {
        try await StoreDatabase.with { (database) async throws in
            let sequence = RegistryChanges(pool: database.pool, pause: .milliseconds(10))
            let task = Task {
                var count = 0
                for await _ in sequence { count += 1 }
                return count
            }
            try await Task.sleep(for: .milliseconds(200))
            task.cancel()
            #expect(await task.value <= 1)
        }
    }
}
