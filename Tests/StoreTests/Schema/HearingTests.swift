import Logging
import Postgres
import Synchronization
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct HearingTests {
    private var hasty: Hearing.Settings {
        var settings = Hearing.Settings()
        settings.interval = .milliseconds(20)
        settings.patience = .milliseconds(200)
        return settings
    }

    @Test("a session that hears goes on, and passes on what is meant for its owner only")
    func hears() async throws {
        try await StoreDatabase.with { (database) async throws in
            let announced = Mutex(0)
            var patient = hasty
            patient.patience = .seconds(30)
            let hearing = Hearing(pool: database.pool, channels: ["news"], settings: patient) { channel, text in
                try await database.pool.query("SELECT pg_notify($1, $2)", [.text(channel), .text(text)])
                announced.withLock { $0 += 1 }
            }
            let (news, tell) = AsyncStream.makeStream(of: PostgresNotification.self)
            let (begun, begin) = AsyncStream.makeStream(of: Void.self)
            let running = Task { try await hearing.run(began: { begin.yield() }, heard: { tell.yield($0) }) }
            for await _ in begun { break }
            while announced.withLock({ $0 }) < 5 { try await Task.sleep(for: .milliseconds(10)) }
            try await database.pool.query("SELECT pg_notify('news', 'good')")
            for await notification in news {
                #expect(notification == PostgresNotification(channel: "news", payload: "good"))
                break
            }
            running.cancel()
            _ = await running.result
        }
    }

    @Test("a session from which nothing comes back is called deaf, as behind a pooler that gives it to others")
    func deaf() async throws {
        try await StoreDatabase.with { (database) async throws in
            let hearing = Hearing(pool: database.pool, channels: ["news"], settings: hasty) { _, _ in }
            let deaf = await #expect(throws: Hearing.Deaf.self) { try await hearing.run(began: {}, heard: { _ in }) }
            #expect(deaf?.description.contains("pooler") == true)
        }
    }

    @Test("when nothing can be announced either, nothing is known, and the session goes on")
    func unknown() async throws {
        try await StoreDatabase.with { (database) async throws in
            let tries = Mutex(0)
            let hearing = Hearing(pool: database.pool, channels: ["news"], settings: hasty) { _, _ in
                tries.withLock { $0 += 1 }
                throw PostgresError(.timedOut, "exhausted")
            }
            let running = Task { try await hearing.run(began: {}, heard: { _ in }) }
            while tries.withLock({ $0 }) < 10 { try await Task.sleep(for: .milliseconds(10)) }
            running.cancel()
            if case .failure(let error) = await running.result { #expect(!(error is Hearing.Deaf)) }
        }
    }

    @Test("where nothing is heard, workers are told to look again all the same")
    func polled() async throws {
        try await StoreDatabase.with { (database) async throws in
            let changes = RegistryChanges(
                hearing: Hearing(pool: database.pool, channels: ["news"], settings: hasty) { _, _ in },
                pause: .milliseconds(1),
                logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            )
            var iterator = changes.makeAsyncIterator()
            for _ in 0..<2 { #expect(await iterator.next() == Set(RegistryChanges.Change.allCases)) }
        }
    }

    @Test("questions for changes find each case, task, camera and incident that changed, and nothing twice")
    func poll() async throws {
        try await StoreDatabase.with { (database) async throws in
            let writer = AlertWriter(pool: database.pool)
            _ = try await writer.write([statement("a")])
            var poll = ChangePoll(pool: database.pool)
            #expect(try await poll.next() == [])
            #expect(try await poll.next() == [])
            _ = try await writer.write([statement("d", auto: true)])
            let (id, task) = (
                try await database.caseID("d"), try #require(try await database.value("SELECT max(id) FROM task"))
            )
            try await database.pool.query(
                "INSERT INTO camera_state (camera_id, state, since) VALUES ('b', 'offline', now())"
            )
            let changed = Set(try #require(try await poll.next()))
            #expect(
                changed == [
                    ChangeKey(kind: .hazardCase, id: "\(id)"), ChangeKey(kind: .task, id: task),
                    ChangeKey(kind: .camera, id: "b"),
                ]
            )
            #expect(try #require(try await poll.next()).allSatisfy { $0.kind == .camera })
            try await database.pool.query(
                "INSERT INTO case_event (case_id, kind, actor) SELECT \(id), 'alert', 'x' FROM generate_series(1, 700)"
            )
            #expect(
                try await poll.next() == [ChangeKey(kind: .hazardCase, id: "\(id)"), ChangeKey(kind: .task, id: task)]
            )
        }
    }
}
