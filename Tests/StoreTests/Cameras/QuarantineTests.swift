import Flow
import Postgres
import Testing

@testable import Store

@Suite struct QuarantinePolicyTests {
    private static let minute: Int64 = 60_000_000
    private static let hour: Int64 = 60 * minute

    /// How a camera stands after strikes at these minutes.
    private func struck(_ minutes: [Int64]) -> QuarantineStanding? {
        minutes.reduce(nil) { QuarantinePolicy.struck($0, at: $1 * Self.minute) }
    }

    @Test(
        "three strikes within ten minutes lead to an hour, wherever the ten minutes begin",
        arguments: [
            ([0, 5, 10], 70), ([0, 5, 11], nil), ([0, 5, 11, 14], 74), ([0, 11, 22], nil), ([0, 11, 12, 13], 73),
        ] as [([Int64], Int64?)]
    )
    func window(minutes: [Int64], until: Int64?) {
        #expect(struck(minutes)?.until == until.map { $0 * Self.minute })
    }

    @Test("each further strike doubles the time up to a day, and a day without any forgets all")
    func doubling() throws {
        var standing = try #require(struck([0, 1, 2]))
        for hours in [2, 4, 8, 16, 24, 24] as [Int64] {
            let next = try #require(standing.until) + Self.minute
            standing = QuarantinePolicy.struck(standing, at: next)
            #expect(standing.until == next + hours * Self.hour)
        }
        let end = try #require(standing.until)
        #expect(standing.isQuarantined(at: end - 1) && !standing.isQuarantined(at: end))
        #expect(QuarantinePolicy.struck(standing, at: end + 24 * Self.hour + 1).until == nil)
        #expect(QuarantinePolicy.struck(standing, at: end + 24 * Self.hour).until == end + 48 * Self.hour)
    }

    @Test("a strike during quarantine does not lengthen it, and no time makes it trap")
    func edges() throws {
        let standing = try #require(struck([0, 1, 2]))
        let during = QuarantinePolicy.struck(standing, at: 30 * Self.minute)
        #expect((during.until, during.strikes, during.lastAt) == (standing.until, 3, 30 * Self.minute))
        #expect(QuarantinePolicy.struck(standing, at: .min).until == standing.until)
        let far = QuarantineStanding(strikes: 2, firstAt: .min, lastAt: .min, until: nil)
        #expect(QuarantinePolicy.struck(far, at: .max).strikes == 1)
    }
}

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct QuarantineTests {
    private static let start = MediaTime(seconds: 4_102_444_800)

    @Test("a camera that is struck three times is told to workers as quarantined until a person releases it")
    func strikes() async throws {
        try await StoreDatabase.with { (database) async throws in
            let quarantine = Quarantine(pool: database.pool)
            let reader = AssignmentReader(pool: database.pool)
            for _ in 0..<2 { try await quarantine.strike("a", reason: "stack overflow\0", at: Self.start) }
            #expect(try await reader.read()[0].quarantinedUntil == nil)
            let standing = try await quarantine.strike("a", reason: "abort", at: Self.start)
            let until = try #require(standing.until)
            #expect(try await reader.read()[0].quarantinedUntil == MediaTime(microseconds: until))
            try await quarantine.strike("b", reason: "x", at: Self.start)
            let lines = try await quarantine.list()
            #expect(lines.map(\.camera) == ["a", "b"])
            #expect(lines.map(\.isActive) == [true, false])
            #expect(lines[0].reason == "abort")
            #expect(try await quarantine.release("a"))
            #expect(try await !quarantine.release("a"))
            #expect(try await reader.read()[0].quarantinedUntil == nil)
            let unknown = await #expect(throws: StoreError.self) {
                try await quarantine.strike("nobody", reason: "x", at: Self.start)
            }
            #expect(unknown?.code == .notFound)
        }
    }

    @Test("strikes of several workers at the same time are all counted")
    func concurrent() async throws {
        try await StoreDatabase.with { (database) async throws in
            let quarantine = Quarantine(pool: database.pool)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { try await quarantine.strike("a", reason: "x", at: Self.start) }
                }
                try await group.waitForAll()
            }
            #expect(try await database.value("SELECT strikes FROM camera_quarantine") == "2")
        }
    }
}
