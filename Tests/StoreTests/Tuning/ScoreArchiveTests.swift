import Postgres
import Store
import Testing

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct ScoreArchiveTests {
    private let hour: Int64 = 1_785_816_000_000_000

    private func score(_ camera: String, _ cells: [UInt8], hours: Int64 = 0) -> ScoreRecord {
        ScoreRecord(
            camera: camera,
            rule: "bank",
            hour: hour + hours * 3_600_000_000,
            basis: "v",
            threshold: 0.004,
            cells: cells
        )
    }

    private func motion(_ camera: String, _ count: UInt8) -> MotionRecord {
        var fields = [UInt8](repeating: 0, count: 256)
        fields[17] = count
        return MotionRecord(camera: camera, hour: hour, pictures: 3, fields: fields)
    }

    @Test("parts of an hour add up, in one batch and over several")
    func adding() async throws {
        try await StoreDatabase.with { (database) async throws in
            let archive = ScoreArchive(pool: database.pool)
            try await archive.add(
                [score("a", [1, 8, 2]), score("a", [3, 9, 1])],
                [motion("a", 200), motion("a", 30)]
            )
            try await archive.add([score("a", [59, 15, 255]), score("a", [0, 0, 1], hours: 1)], [motion("a", 100)])
            let scores = try await archive.scores(of: "a", since: hour)
            #expect(scores.map(\.cells.count) == [9, 3])
            #expect(scores.first?.cells.suffix(3) == [59, 15, 255])
            let map = try await archive.motion(of: "a", since: hour)
            #expect(map.count == 256)
            #expect(map[17] == 255)
            #expect(map.reduce(0, +) == 255)
            #expect(try await archive.scores(of: "a", since: hour + 1).count == 1)
            #expect(try await archive.motion(of: "b", since: hour).isEmpty)
        }
    }

    @Test("a camera that is not registered any more holds up nobody")
    func unknown() async throws {
        try await StoreDatabase.with { (database) async throws in
            let archive = ScoreArchive(pool: database.pool)
            try await archive.add([score("gone", [1, 8, 2]), score("a", [1, 8, 2])], [motion("gone", 1)])
            #expect(try await archive.scores(of: "a", since: hour).count == 1)
            #expect(try await archive.scores(of: "gone", since: hour).isEmpty)
        }
    }

    @Test("what is older than so many days is removed")
    func pruning() async throws {
        try await StoreDatabase.with { (database) async throws in
            let archive = ScoreArchive(pool: database.pool)
            try await archive.add([score("a", [1, 8, 2])], [motion("a", 1)])
            try await archive.prune(days: 36_000)
            #expect(try await archive.scores(of: "a", since: 0).count == 1)
            try await database.pool.query("UPDATE score_hour SET hour = now() - interval '9 days'")
            try await database.pool.query("UPDATE motion_hour SET hour = now() - interval '7 days'")
            try await archive.prune(days: 8)
            #expect(try await archive.scores(of: "a", since: 0).isEmpty)
            #expect(try await !archive.motion(of: "a", since: 0).isEmpty)
        }
    }
}
