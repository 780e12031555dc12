import Flow
import Foundation
import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct OperationsTests {
    private func state(_ camera: String, _ worker: String?, age: Double?, interval: Double = 10) -> CameraStateRecord {
        let now = Clocks.system.wall()
        return CameraStateRecord(
            camera: camera,
            state: "online",
            since: now,
            lastFrameAt: nil,
            detail: nil,
            scene: nil,
            reconnects: 0,
            worker: worker,
            sampledAt: age.map { MediaTime(microseconds: now.microseconds - Int64($0 * 1_000_000)) },
            interval: interval,
            lateCount: 4
        )
    }

    @Test("every state that the database takes is known by name, and the other way round")
    func states() async throws {
        try await StoreDatabase.with { (database) async throws in
            let check = try await database.value(
                "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'camera_state_state_check'"
            )
            let words = (check ?? "").split(separator: "'").enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
            #expect(Set(words.map(String.init)) == Set(CameraStates.states))
        }
    }

    @Test("a worker that lost a shard cannot overwrite what its owner says of the cameras")
    func staleStates() async throws {
        try await StoreDatabase.with { (database) async throws in
            let states = CameraStates(pool: database.pool)
            try await states.record([state("a", "town", age: 1), state("b", nil, age: 1)])
            try await states.record([state("a", "gone", age: 500), state("c", "gone", age: 1)])
            let rows = try await database.pool.query("SELECT * FROM camera_state ORDER BY camera_id").rows
            #expect(rows.map { $0["camera_id"] } == ["a", "b"])
            #expect(rows.map { $0["worker_id"] } == ["town", nil])
            #expect(try rows[0].int("late_count") == 4)
            #expect(try rows[0].double("interval_s") == 10)
        }
    }

    @Test("coverage tells who was seen in time, by class and platform, and who never was")
    func coverage() async throws {
        try await StoreDatabase.with { (database) async throws in
            try await database.pool.withConnection {
                try await $0.script(
                    """
                    UPDATE camera SET point_class = 1 WHERE id IN ('a', 'b');
                    UPDATE camera SET stream_url = 'rtsp://nvr/' WHERE id IN ('c', 'd');
                    INSERT INTO platform (host, name) VALUES ('nvr', '录像机');
                    INSERT INTO camera_quarantine VALUES ('d', 3, now(), now(), now() + interval '1 h', 'x'),
                        ('far', 3, now(), now(), now() - interval '1 h', 'x');
                    """
                )
            }
            try await CameraStates(pool: database.pool).record([
                state("a", "town", age: 5), state("b", "town", age: 60), state("c", "town", age: 60, interval: 90),
                state("far", "town", age: nil),
            ])
            let lines = try await OperationsReader(pool: database.pool).coverage()
            #expect(lines.map(\.pointClass) == [1, 3, 3])
            #expect(lines.map(\.platformName) == [nil, nil, "录像机"])
            #expect(lines.map(\.cameras) == [2, 1, 2])
            #expect(lines.map(\.inTime) == [1, 0, 1])
            #expect(lines.map(\.neverSeen) == [0, 1, 1])
            #expect(lines.map(\.quarantined) == [0, 0, 1])
            #expect(lines.map(\.share) == [0.5, 0, 0.5])
        }
    }

    @Test("workers are listed with what they own and say; what no living worker owns is counted")
    func workers() async throws {
        try await StoreDatabase.with { (database) async throws in
            let reader = OperationsReader(pool: database.pool)
            let leases = ShardLeases(pool: database.pool, timeToLive: 600)
            let other = WorkerIdentity(id: "other")
            _ = try await leases.join(other, host: "box-2", capacity: 50, version: "2.0")
            _ = try await leases.renew(other, stats: #"{"open": 1}"#)
            try await database.pool.query("UPDATE ingest_shard SET worker_id = 'other' WHERE shard < 6")
            var lines = try await reader.workers()
            #expect(lines.map(\.id) == ["other", "town"])
            #expect(lines.map(\.shards) == [6, 250])
            #expect(lines.map(\.cameras).reduce(0, +) == 5)
            #expect(lines.map(\.isAlive) == [true, true])
            #expect(lines[0].stats == #"{"open": 1}"#)
            #expect((1...600).contains(lines[0].leaseLeft))
            #expect(try await reader.unowned() == UnownedShards(shards: 0, cameras: 0))
            try await database.pool.query("UPDATE ingest_worker SET lease_until = now() - interval '9 s'")
            try await leases.release(Array(10..<256), by: .town)
            lines = try await reader.workers()
            #expect(lines.map(\.isAlive) == [false, false])
            #expect(try await reader.unowned() == UnownedShards(shards: 256, cameras: 5))
        }
    }

    @Test("one incident per kind and place is open at a time, and each change is announced")
    func incidents() async throws {
        try await StoreDatabase.with { (database) async throws in
            let incidents = Incidents(pool: database.pool)
            let listener = try await PostgresConnection.connect(database.conninfo)
            try await listener.listen(ChangeReader.channel)
            func at(_ seconds: Double) -> MediaTime { MediaTime(seconds: seconds) }
            let first = try await incidents.open(.cameras, scope: "nvr", at: at(10), share: 0.5, affected: 20)
            #expect(try await incidents.open(.cameras, scope: "nvr", at: at(11), share: 0.7, affected: 30) == first)
            try await incidents.open(.cameras, scope: "nvr", at: at(11), share: 0.9, affected: 40, detail: "停电")
            try await incidents.open(.clock, at: at(12))
            #expect(try await incidents.close(.cameras, scope: "nvr", at: at(5)))
            #expect(try await !incidents.close(.cameras, scope: "nvr", at: at(6)))
            #expect(try await incidents.open(.cameras, scope: "nvr", at: at(20)) != first)
            let list = try await incidents.list()
            #expect(list.map(\.kind) == [.cameras, .clock, .cameras])
            #expect(list.map(\.endedAt) == [nil, nil, 10_000_000])
            #expect(list.last?.detail == "停电")
            #expect(try await incidents.list(openOnly: true, limit: 1).count == 1)
            try await database.pool.query("SELECT pg_notify('\(ChangeReader.channel)', 'end')")
            var heard: [String] = []
            for await notification in listener.notifications {
                if notification.payload == "end" { break }
                heard.append(notification.payload)
            }
            #expect(heard.count == 6)
            #expect(heard.first == "incident \(first)")
            let key = try #require(ChangeKey(payload: heard[0]))
            let audience = try await ChangeReader(pool: database.pool).audiences(of: [key])
            #expect(audience.map(\.gridID) == [nil])
            await listener.close()
        }
    }

    @Test("what several workers see in one place is one incident: summed up, and open until the last sees it no more")
    func incidentParts() async throws {
        try await StoreDatabase.with { (database) async throws in
            let incidents = Incidents(pool: database.pool)
            func at(_ seconds: Double) -> MediaTime { MediaTime(seconds: seconds) }
            for worker in ["a-0", "a-1", "a-2"] {
                try await incidents.open(.cameras, worker: worker, at: at(10), share: 0.5, affected: 100)
            }
            try await incidents.open(.cameras, worker: "a-2", at: at(10), share: 0.1, affected: 60)
            var list = try await incidents.list()
            #expect(list.count == 1)
            #expect(list.first?.affected == 260)
            #expect(abs((list.first?.share ?? 0) - 0.26) < 1e-6, "260 of 1,000 cameras")

            #expect(try await incidents.close(.cameras, worker: "a-0", at: at(20)))
            #expect(try await !incidents.close(.cameras, worker: "a-0", at: at(21)))
            try await incidents.forget(worker: "a-1", at: at(30))
            list = try await incidents.list()
            #expect(list.map(\.affected) == [60])
            #expect(list.map(\.endedAt) == [nil])
            // The last worker is gone for good.
            try await database.pool.query(
                """
                INSERT INTO ingest_worker (id, boot, epoch, lease_until, capacity, version, host)
                VALUES ('a-2', gen_random_uuid (), 1, now () - interval '30 s', 1, '1', 'a')
                """
            )
            try await incidents.sweep(at: at(40))
            #expect(try await incidents.list().map(\.endedAt) == [nil], "it may come back")
            try await database.pool.query("UPDATE ingest_worker SET lease_until = now () - interval '2 min'")
            try await incidents.sweep(at: at(50))
            #expect(try await incidents.list().map(\.endedAt) == [50_000_000])
            #expect(try await incidents.list().map(\.affected) == [60], "what it was stays to be read")
        }
    }

    @Test("kinds of incidents are those of the database")
    func kinds() async throws {
        try await StoreDatabase.with { (database) async throws in
            for kind in Incident.Kind.allCases {
                try await Incidents(pool: database.pool).open(kind, at: .zero, share: 7, affected: -1)
            }
            #expect(try await database.value("SELECT sum(share) + sum(affected) FROM incident") == "4")
        }
    }
}
