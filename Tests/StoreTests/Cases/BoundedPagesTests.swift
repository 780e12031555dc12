import Cases
import Flow
import Postgres
import Testing

@testable import Store

/// What a page reads does not grow with the number of cases, nor with the history of one.
@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct BoundedPagesTests {
    /// Rows and entries of indexes that `body` reads, on the only session of the pool.
    private func reads(_ pool: PostgresPool, _ body: () async throws -> Void) async throws -> Int {
        func total() async throws -> Int {
            // What a session has read is told at the end of a statement, when it is asked for.
            try await pool.query("SELECT pg_stat_force_next_flush()")
            return try await pool.query(
                """
                SELECT (SELECT coalesce(sum(seq_tup_read), 0) FROM pg_stat_user_tables)::bigint
                    + (SELECT coalesce(sum(idx_tup_read), 0) FROM pg_stat_user_indexes)::bigint AS n
                """
            ).rows[0].requireInt("n")
        }
        let before = try await total()
        try await body()
        return try await total() - before
    }

    /// A town with its only session.
    private func withSession(_ body: (PostgresPool) async throws -> Void) async throws {
        try await StoreDatabase.with { (database) async throws in
            let pool = PostgresPool(conninfo: database.conninfo, size: 1)
            do {
                try await body(pool)
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }

    /// Cases, half of them open, in all stages, some without grid and some without post; posts with long titles, some
    /// of them alike.
    private func fill(_ pool: PostgresPool, cases: Int) async throws {
        try await pool.withConnection {
            try await $0.script(
                """
                INSERT INTO post (code, title, kind)
                SELECT 'long' || n, repeat('长', 190) || n / 2, 'maintenance' FROM generate_series(1, 20) AS n;
                INSERT INTO hazard_case (number, hazard_type, severity, stage, outcome, camera_id, rule_id, grid_id,
                    alert_count, opened_at, last_alert_at, triage_due_at, deadline_at, assignee_post_id, closed_at)
                SELECT '430581' || lpad(n::text, 13, '0'), 'FNS-01', 1 + n % 4,
                    CASE WHEN n % 2 = 0 THEN 'feedback' ELSE (ARRAY['inspection', 'dispatch', 'supervision'])[1 + n % 3] END,
                    CASE WHEN n % 2 = 0 THEN 'resolved' END, 'a', 'r' || n,
                    CASE WHEN n % 5 > 0 THEN (SELECT id FROM grid ORDER BY id OFFSET n % 7 LIMIT 1) END, n % 30,
                    now() - n % 997 * interval '1 min', now(),
                    CASE WHEN n % 11 > 0 THEN now() + n % 101 * interval '1 min' END,
                    CASE WHEN n % 11 > 0 THEN now() + n % 103 * interval '1 min' END,
                    CASE WHEN n % 3 > 0 THEN (SELECT id FROM post ORDER BY id OFFSET n % 25 LIMIT 1) END,
                    CASE WHEN n % 2 = 0 THEN now() - interval '2 days' END
                FROM generate_series(1, \(cases)) AS n;
                INSERT INTO task (case_id, post_id, state, deadline_at, created_at)
                SELECT id, assignee_post_id, CASE WHEN outcome IS NULL THEN 'open' ELSE 'handled' END, deadline_at,
                    opened_at FROM hazard_case WHERE assignee_post_id IS NOT NULL AND deadline_at IS NOT NULL;
                ANALYZE;
                """
            )
        }
    }

    private static let orders = CaseOrder.Key.allCases.flatMap { key in
        [CaseOrder(key), CaseOrder(key, isDescending: true)]
    }

    @Test("one case reads the same with a thousand alerts as with many thousand")
    func longHistory() async throws {
        try await withSession { pool in
            _ = try await AlertWriter(pool: pool).write([statement("a", auto: true)], authority: .town)
            let reader = CaseReader(pool: pool)
            func more(_ count: Int) async throws {
                try await pool.withConnection {
                    try await $0.script(
                        """
                        INSERT INTO alert (id, camera_id, rule_id, kind, hazard_type, severity, auto_dispatch, started_at,
                            stated_at, score, box, settings_version, case_id, evidence_path, evidence_sha256)
                        SELECT gen_random_uuid(), 'a', 'bank', 'intrusion', 'FNS-01', 2, false,
                            now() - n * interval '1 s', now(), 0.5, '{0,0,1,1}', '1', 1, n || '.jpg', repeat('a', 64)
                        FROM generate_series(1, \(count)) AS n;
                        INSERT INTO case_event (case_id, kind, actor, data)
                        SELECT 1, 'alert', 'system', '{"camera": "a", "rule": "bank"}' FROM generate_series(1, \(count));
                        INSERT INTO case_event (case_id, kind, actor, data)
                        SELECT 1, 'merged', 'system', '{"camera": "b", "rule": "bank"}' FROM generate_series(1, \(count));
                        ANALYZE;
                        """
                    )
                }
            }
            func cost() async throws -> Int {
                try await reads(pool) {
                    let detail = try #require(try await reader.detail(id: 1, access: .everything))
                    #expect(detail.alerts.count == 50)
                    #expect(detail.events.map(\.kind) == ["opened", "reported", "dispatched", "alert", "merged"])
                    #expect(detail.lastAct?.kind == .dispatched)
                    let task = try #require(detail.tasks.first)
                    _ = try await TaskReader(pool: pool).task(id: task.id, access: .everything)
                }
            }
            try await more(1000)
            let short = try await cost()
            try await more(9000)
            let long = try await cost()
            #expect(long < short + 200 && long < 1500, "\(short) and \(long)")
            let times = try #require(try await reader.detail(id: 1, access: .everything)).events.map(\.times)
            #expect(times == [1, 1, 1, 10_000, 10_000])
        }
    }

    @Test("a history from before the lines were counted reads as one that was counted as it was written")
    func countedAfterwards() async throws {
        try await StoreDatabase.with(isMigrated: false) { (database) async throws in
            let all = try Migration.bundled()
            let before = try #require(all.firstIndex { $0.name.hasSuffix("bounded_pages.sql") })
            try await Migrations(pool: database.pool, migrations: Array(all.prefix(before))).migrate()
            let events = """
                INSERT INTO case_event (case_id, kind, actor, data) SELECT c.id, u.kind, 'x', u.data::jsonb
                FROM hazard_case c, unnest (ARRAY['opened', 'alert', 'merged', 'alert', 'handled', 'alert', 'alert'],
                    ARRAY['{}', '{"camera": "a"}', '{"camera": "b"}', '{"camera": "a"}', '{}', '{"camera": "a"}',
                        '{"camera": "a"}']) WITH ORDINALITY AS u (kind, data, n) WHERE c.number LIKE '%' || $1
                ORDER BY u.n
                """
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    INSERT INTO hazard_type VALUES ('FNS-01', 'LOCAL', 'FNS', '水', 'Water', 2, 60, false);
                    INSERT INTO hazard_case (number, hazard_type, severity, stage, opened_at, last_alert_at)
                        SELECT '430581202608040000' || n, 'FNS-01', 2, 'inspection', now(), now()
                        FROM generate_series(1, 2) AS n;
                    """
                )
            }
            try await database.pool.query(events, [.text("1")])
            try await Migrations(pool: database.pool).migrate()
            try await database.pool.query(events, [.text("2")])
            let reader = CaseReader(pool: database.pool)
            for id in 1...2 {
                let lines = try #require(try await reader.detail(id: id, access: .everything)).events
                #expect(
                    lines.map { "\($0.kind) \($0.times)" } == [
                        "opened 1", "alert 2", "merged 1", "handled 1", "alert 2",
                    ]
                )
            }
        }
    }

    @Test("every order, and every list of tasks, reads about what it shows, on the first page and on later ones")
    func everyOrder() async throws {
        try await withSession { pool in
            try await fill(pool, cases: 12_000)
            // A table of some hundred pages is read whole rather than looked up; let it be like a large one.
            try await pool.query("SET random_page_cost = 1")
            try await tasks(pool)
            try await wideView(pool)
            let reader = CaseReader(pool: pool)
            for state in CaseFilter.State.allCases {
                var filter = CaseFilter()
                filter.state = state
                for order in Self.orders {
                    var after: String?
                    for page in 1...2 {
                        let read = try await reads(pool) {
                            let found = try await reader.list(filter, order: order, access: .everything, after: after)
                            #expect(found.items.count == 50)
                            after = found.next
                        }
                        #expect(read < 3000, "\(state) \(order) page \(page): \(read)")
                        #expect(try #require(after).count <= 100, "the length of what a query takes")
                    }
                }
            }
        }
    }

    /// A post that sees more cases than are named one by one; what its lists read, and hold.
    private func wideView(_ pool: PostgresPool) async throws {
        let post = try await pool.query("SELECT id FROM post WHERE code = 'L1'").rows[0].requireInt("id")
        var filter = CaseFilter()
        filter.state = .all
        let visible = "(c.grid_id IS NOT NULL OR c.assignee_post_id = \(post) AND c.deadline_at IS NOT NULL)"
        for order in Self.orders {
            let all = try await sorted(pool, order, visible)
            let reader = CaseReader(pool: pool)
            var found: [Int] = []
            let read = try await reads(pool) {
                let first = try await reader.list(filter, order: order, access: .post(post))
                let next = try await reader.list(filter, order: order, access: .post(post), after: first.next)
                found = (first.items + next.items).map(\.id)
            }
            #expect(found == Array(all.prefix(100)), "\(order)")
            #expect(read < 30_000, "\(order): \(read), of which each list looks at 5,000 to know that they are many")
        }
    }

    private func tasks(_ pool: PostgresPool) async throws {
        let reader = TaskReader(pool: pool)
        let post = try await pool.query("SELECT id FROM post WHERE code = 'M1'").rows[0].requireInt("id")
        for state in TaskReader.State.allCases {
            for (own, access) in [(nil, .everything), (post, .post(post))] as [(Int?, Access)] {
                let read = try await reads(pool) {
                    let first = try await reader.list(state, post: own, access: access)
                    let next = try await reader.list(state, post: own, access: access, after: first.next)
                    #expect(first.items.count == 50 && next.items.count == 50)
                    #expect(first.items.last.map(\.id) != next.items.first.map(\.id))
                }
                #expect(read < 3000, "\(state) of \(own ?? 0): \(read)")
            }
        }
    }

    /// The whole list in an order, as one statement that sorts everything.
    private func sorted(_ pool: PostgresPool, _ order: CaseOrder, _ condition: String) async throws -> [Int] {
        let down = order.isDescending ? " DESC" : ""
        let due = "coalesce(c.due_at, '2170-01-01 00:00:00+00')"
        let clause =
            switch order.key {
            case .severity: "c.severity\(down), \(due), c.id"
            case .left: "\(due)\(down), c.severity\(down), c.id\(down)"
            case .stage: "s.position\(down), \(due), c.id"
            case .place: "g.id IS NULL\(down), g.code\(down), \(due), c.id"
            case .assignee: "p.id IS NULL\(down), p.title\(down), p.id\(down), \(due), c.id"
            case .alerts: "c.alert_count\(down), c.id\(down)"
            case .opened: "c.opened_at\(down), c.id\(down)"
            }
        return try await pool.query(
            """
            SELECT c.id FROM hazard_case c JOIN case_stage s ON s.code = c.stage LEFT JOIN grid g ON g.id = c.grid_id
            LEFT JOIN post p ON p.id = c.assignee_post_id WHERE \(condition) ORDER BY \(clause)
            """
        ).rows.map { try $0.requireInt("id") }
    }

    private func pages(
        _ pool: PostgresPool,
        _ filter: CaseFilter,
        _ order: CaseOrder,
        _ access: Access = .everything
    ) async throws -> [Int] {
        var found: [Int] = []
        var after: String?
        repeat {
            let page = try await CaseReader(pool: pool)
                .list(filter, order: order, access: access, after: after, limit: 37)
            found += page.items.map(\.id)
            after = page.next
        } while after != nil
        return found
    }

    @Test("pages put together are the whole list in its order, each case once")
    func wholeOrder() async throws {
        try await withSession { pool in
            try await fill(pool, cases: 250)
            let conditions: [(CaseFilter.State, String)] = [
                (.open, "c.outcome IS NULL"), (.closed, "c.outcome IS NOT NULL"), (.all, "true"),
            ]
            for (state, condition) in conditions {
                var filter = CaseFilter()
                filter.state = state
                for order in Self.orders {
                    let all = try await sorted(pool, order, condition)
                    #expect(try await pages(pool, filter, order) == all, "\(state) \(order)")
                }
            }
            var few = CaseFilter()
            few.state = .all
            few.severity = 3
            few.text = "相机"
            for order in Self.orders {
                let all = try await sorted(pool, order, "c.severity = 3")
                #expect(try await pages(pool, few, order) == all, "\(order)")
            }
        }
    }

    @Test(
        "a text is found in numbers and cameras, where it is rare and where it is everywhere, and wildcards are texts"
    )
    func texts() async throws {
        try await withSession { pool in
            try await fill(pool, cases: 1200)
            try await pool.query("UPDATE hazard_case SET camera_id = 'b', rule_id = 'x' || id WHERE id % 400 = 7")
            var filter = CaseFilter()
            filter.state = .all
            for (text, condition) in [
                ("0117", "c.number LIKE '%0117%'"), ("0", "true"), ("相机 B", "c.id % 400 = 7"), ("相机", "true"),
                ("0_1", "false"), ("%", "false"), ("街", "false"),
            ] {
                filter.text = text
                let all = try await sorted(pool, CaseOrder(.opened, isDescending: true), condition)
                #expect(try await pages(pool, filter, CaseOrder(.opened, isDescending: true)) == all, "\(text)")
            }
        }
    }

    @Test("who sees a grid finds its cases and those of his tasks in every order, and no others")
    func limitedView() async throws {
        try await withSession { pool in
            try await fill(pool, cases: 250)
            for code in ["M1", "S1", "R1", "long7"] {
                let post = try await pool.query("SELECT id FROM post WHERE code = $1", [.text(code)]).rows[0]
                    .requireInt("id")
                let visible = """
                    (EXISTS (SELECT FROM task t WHERE t.case_id = c.id AND t.post_id = \(post)) OR c.grid_id IN (
                        SELECT b.id FROM grid b JOIN grid own ON b.code LIKE own.code || '%'
                        JOIN post o ON o.grid_id = own.id WHERE o.id = \(post)))
                    """
                var filter = CaseFilter()
                filter.state = .all
                for order in Self.orders {
                    let all = try await sorted(pool, order, visible)
                    #expect(!all.isEmpty)
                    #expect(try await pages(pool, filter, order, .post(post)) == all, "\(code) \(order)")
                }
            }
        }
    }

    @Test("what is not a start of this order is the first page")
    func foreignStarts() throws {
        let sorting = CaseSorting(CaseOrder(.assignee))
        #expect(sorting.start("assignee.7.1785816000000000.42") != nil)
        #expect(sorting.start("assignee..1785816000000000.42") != nil)
        for text in [
            nil, "", "assignee", "assignee-.7.1785816000000000.42", "place.7.1785816000000000.42", "assignee.x.1.2",
            "assignee.7.1.2.3", "assignee.7.9000000000000000000.1", "assignee.7.-9223372036854775808.1",
            "assignee.99999999999.1.2", "assignee.7.1.",
        ] {
            #expect(sorting.start(text) == nil, "\(text ?? "nil")")
        }
        #expect(CaseSorting(CaseOrder(.stage)).start("stage.nowhere.1.2") == nil)
        #expect(CaseSorting(CaseOrder(.severity)).start("severity..1.2") == nil)
        #expect(CaseSorting(CaseOrder(.left)).start("left.1.5000000000.2") == nil)
    }
}
