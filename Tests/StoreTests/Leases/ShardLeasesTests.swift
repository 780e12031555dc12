import Foundation
import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct ShardLeasesTests {
    private static let all = Array(0..<LeaseView.shardCount)

    private func free(_ database: StoreDatabase) async throws {
        try await database.pool.query("UPDATE ingest_shard SET worker_id = NULL, epoch = 0")
        try await database.pool.query("DELETE FROM ingest_worker")
    }

    @discardableResult
    private func join(
        _ worker: WorkerIdentity,
        _ leases: ShardLeases,
        instance: String = ""
    ) async throws -> [Int: Int] {
        try await leases.join(worker, host: "box", capacity: 9000, version: "1", instance: instance)
    }

    private func refusal(_ body: () async throws -> Void) async -> StoreError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? StoreError
        }
    }

    @Test("of workers that claim at the same time each shard has one owner, a hundred times")
    func contention() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let workers = ["a", "b", "c"].map { WorkerIdentity(id: $0) }
            let dead = WorkerIdentity(id: "dead")
            for worker in workers + [dead] { try await join(worker, leases) }
            for round in 0..<100 {
                // Half of the rounds start from free shards, half from those of a worker that is gone.
                try await database.pool.query(
                    "UPDATE ingest_shard SET worker_id = $1",
                    [PostgresValue(round.isMultiple(of: 2) ? nil : "dead")]
                )
                try await database.pool.query("UPDATE ingest_worker SET lease_until = now() WHERE id = 'dead'")
                let claims = try await withThrowingTaskGroup(of: (String, [Int: Int]).self) { group in
                    for worker in workers {
                        group.addTask { (worker.id, try await leases.claim(Self.all.shuffled(), by: worker)) }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(claims.reduce(0) { $0 + $1.1.count } == LeaseView.shardCount, "round \(round)")
                let rows = try await database.pool.query("SELECT shard, worker_id, epoch FROM ingest_shard").rows
                for (worker, epochs) in claims {
                    let owned = try rows.filter { $0["worker_id"] == worker }
                        .map { (try $0.requireInt("shard"), try $0.requireInt("epoch")) }
                    #expect(Dictionary(uniqueKeysWithValues: owned) == epochs)
                }
            }
        }
    }

    @Test("the shards of a worker that lives are left alone; when its lease is over they are taken with a new epoch")
    func expiry() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let short = ShardLeases(pool: database.pool, timeToLive: 0.5)
            let (a, b) = (WorkerIdentity(id: "a"), WorkerIdentity(id: "b"))
            try await join(a, leases)
            try await join(b, leases)
            let first = try await leases.claim(Self.all, by: a)
            #expect(first.count == LeaseView.shardCount)
            #expect(try await leases.claim(Self.all, by: b).isEmpty)
            _ = try await short.renew(a)
            while try await leases.renew(b).workers.contains(where: { $0.id == "a" }) {
                try await Task.sleep(for: .milliseconds(50))
            }
            let second = try await leases.claim(Self.all, by: b)
            #expect(second == first.mapValues { $0 + 1 })
            let view = try await leases.renew(a)
            #expect(view.owned.isEmpty)
            #expect(view.workers.map(\.id) == ["a", "b"])
            #expect(try await leases.renew(b).owned == second)
        }
    }

    @Test("when the clock was set back, who is gone keeps its shards and its name no longer than a lease")
    func clockSetBack() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let (gone, lives) = (WorkerIdentity(id: "gone"), WorkerIdentity(id: "lives"))
            func setBack(_ worker: String) async throws {
                try await database.pool.query(
                    """
                    UPDATE ingest_worker SET lease_until = lease_until + interval '1 day',
                        seen_at = seen_at + interval '1 day' WHERE id = $1
                    """,
                    [.text(worker)]
                )
            }
            func left(_ worker: String) async throws -> Double {
                let text = try await database.value(
                    "SELECT extract(epoch FROM lease_until - now()) FROM ingest_worker WHERE id = $1",
                    [.text(worker)]
                )
                return try #require(text.flatMap(Double.init))
            }
            try await join(gone, leases, instance: "one")
            try await join(lives, leases)
            try await setBack("gone")
            _ = try await leases.renew(lives)
            #expect(try await left("gone") <= 600)
            // Nobody else renews: who wants the name waits for the time of a lease, not for a day.
            try await setBack("gone")
            let other = WorkerIdentity(id: "gone")
            #expect(await refusal { _ = try await join(other, leases, instance: "two") }?.code == .conflict)
            #expect(try await left("gone") <= 600)
            // A lease of the future that was renewed just now is somebody else's business.
            try await database.pool.query(
                "UPDATE ingest_worker SET lease_until = now() + interval '1 year' WHERE id = 'gone'"
            )
            _ = try await leases.renew(lives)
            #expect(try await left("gone") > 600)
        }
    }

    @Test("a worker whose own lease is over, or that never joined, claims nothing")
    func withoutLease() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let a = WorkerIdentity(id: "a")
            #expect(try await leases.claim(Self.all, by: a).isEmpty)
            #expect(await refusal { _ = try await leases.renew(a) }?.code == .conflict)
            try await join(a, leases)
            try await database.pool.query("UPDATE ingest_worker SET lease_until = now()")
            #expect(try await leases.claim(Self.all, by: a).isEmpty)
            _ = try await leases.renew(a)
            #expect(try await leases.claim([3, 300, -1, 3], by: a) == [3: 1])
        }
    }

    @Test("a second process of the same name takes over at once on the same installation, and is refused on another")
    func sameName() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let (old, new, third) = (WorkerIdentity(id: "a"), WorkerIdentity(id: "a"), WorkerIdentity(id: "a"))
            #expect(try await join(old, leases, instance: "here").isEmpty)
            let claimed = try await leases.claim([1, 2, 3], by: old)
            for other in ["there", ""] {
                let refused = await refusal { try await join(new, leases, instance: other) }
                #expect(refused?.code == .conflict)
                #expect(refused?.message.contains("a worker named a is running on box") == true)
                #expect(refused?.message.contains("ingest.node") == true)
            }
            #expect(try await leases.renew(old).owned == claimed)
            #expect(try await join(new, leases, instance: "here") == claimed.mapValues { $0 + 1 })
            #expect(await refusal { _ = try await leases.renew(old) }?.message.contains("taken over") == true)
            #expect(try await leases.claim([4], by: old).isEmpty)
            #expect(try await leases.release([1], by: old).isEmpty)
            try await leases.resign(old)
            #expect(try await leases.renew(new).owned.count == 3)
            // The process died: its lease runs out, and the next one of that name needs no permission.
            try await database.pool.query("UPDATE ingest_worker SET lease_until = now()")
            #expect(try await join(third, leases, instance: "there") == claimed.mapValues { $0 + 2 })
            #expect(try await database.value("SELECT epoch FROM ingest_worker") == "3")
        }
    }

    @Test("a claim of the old process that runs beside the take-over of its name leaves it nothing")
    func restartRace() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            var old = WorkerIdentity(id: "a")
            try await join(old, leases, instance: "here")
            for _ in 0..<30 {
                try await database.pool.query("UPDATE ingest_shard SET worker_id = NULL")
                let (before, next) = (old, WorkerIdentity(id: "a"))
                async let claimed = leases.claim(Self.all, by: before)
                async let taken = join(next, leases, instance: "here")
                let believed = try await claimed
                let joined = try await taken
                let owned = try await leases.renew(next).owned
                #expect(owned == joined)
                for (shard, epoch) in believed { #expect(owned[shard] == epoch + 1) }
                old = next
            }
        }
    }

    @Test("shards that are given up keep their epoch, are announced, and rise with the next owner")
    func release() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            let listener = try await PostgresConnection.connect(database.conninfo)
            try await listener.listen(ShardLeases.channel)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let (a, b) = (WorkerIdentity(id: "a"), WorkerIdentity(id: "b"))
            try await join(a, leases)
            try await join(b, leases)
            _ = try await leases.claim([7, 8, 9], by: a)
            #expect(try await leases.release([8, 7, 10], by: a) == [7, 8])
            #expect(try await leases.release([9], by: b).isEmpty)
            #expect(try await leases.claim([7, 8, 9], by: b) == [7: 2, 8: 2])
            try await leases.resign(a)
            #expect(try await leases.renew(b).workers.map(\.id) == ["b"])
            #expect(try await leases.claim([9], by: b) == [9: 2])
            try await database.pool.query("SELECT pg_notify('\(ShardLeases.channel)', 'end')")
            var heard = 0
            for await notification in listener.notifications {
                if notification.payload == "end" { break }
                heard += 1
            }
            #expect(heard == 2)
            await listener.close()
        }
    }

    @Test("a renewal tells the cameras of each shard, so that plans keep within the capacities")
    func counts() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await free(database)
            try await database.pool.query(
                """
                INSERT INTO camera (id, name, enabled, stream_url)
                SELECT 'load-' || n, 'x', n % 10 > 0, CASE WHEN n % 7 > 0 THEN 'rtsp://h/' || n END
                FROM generate_series(1, 3000) n
                """
            )
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let (a, b) = (WorkerIdentity(id: "a"), WorkerIdentity(id: "b"))
            for (worker, capacity) in [(a, 1000), (b, 700)] {
                _ = try await leases.join(worker, host: "box", capacity: capacity, version: "1")
            }
            var views: [LeaseView] = []
            for worker in [a, b] {
                let plan = ShardPlan(try await leases.renew(worker, stats: #"{"open": 3}"#))
                _ = try await leases.claim(plan.claim, by: worker)
                views.append(try await leases.renew(worker))
            }
            let watched = try await database.value("SELECT count(*) FROM camera WHERE watched")
            #expect(views[1].shards.reduce(0) { $0 + $1.cameras } == Int(watched ?? ""))
            let loads = views.map { view in
                view.shards.reduce(0) { $0 + ($1.owner == view.worker ? $1.cameras : 0) }
            }
            #expect(loads[0] > 900 && loads[0] <= 1000)
            #expect(loads[1] > 600 && loads[1] <= 700)
            #expect(ShardPlan(views[1]).unassignedCameras > 0)
        }
    }

    @Test("names, capacities and stats that cannot be are refused")
    func invalid() async throws {
        try await StoreDatabase.with { (database) async throws in
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            for name in ["", "-a", "a b", "日", String(repeating: "a", count: 64)] {
                let refused = await refusal { try await join(WorkerIdentity(id: name), leases) }
                #expect(refused?.code == .invalid, "\(name)")
            }
            let capacity = await refusal {
                _ = try await leases.join(WorkerIdentity(id: "a"), host: "", capacity: -1, version: "")
            }
            #expect(capacity?.code == .invalid)
            let long = "\"" + String(repeating: "x", count: ShardLeases.maximumStats) + "\""
            #expect(await refusal { _ = try await leases.renew(.town, stats: long) }?.code == .invalid)
        }
    }

    @Test("a renewal over 32,000 cameras; its time is printed")
    func speed() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.query(
                """
                INSERT INTO camera (id, name, enabled, stream_url)
                SELECT 'load-' || n, 'load', true, 'rtsp://10.0.0.1/' || n FROM generate_series(1, 32000) n
                """
            )
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            for isVacuumed in [false, true] {
                if isVacuumed { try await database.pool.query("VACUUM ANALYZE camera") }
                let time = try await ContinuousClock().measure {
                    for _ in 0..<20 { _ = try await leases.renew(.town) }
                }
                let each = time / .milliseconds(20)
                FileHandle.standardError.write(Data("ShardLeases: \(each) ms a renewal\n".utf8))
            }
            #expect(try await leases.renew(.town).shards.reduce(0) { $0 + $1.cameras } == 32_005)
        }
    }
}
