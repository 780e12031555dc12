import Foundation
import Postgres
import Testing

@testable import Store

@Suite(.enabled(if: StoreDatabase.isAvailable, "set GRIDWATCH_TEST_DATABASE"))
struct ProfileTests {
    private static let rule = #"{"id": "gate", "kind": "intrusion", "hazard_type": "FNS-01"}"#

    private func account(_ database: StoreDatabase) async throws -> Int {
        try await database.pool.query("SELECT min(id) AS id FROM account").rows[0].requireInt("id")
    }

    private func settings(_ database: StoreDatabase, _ camera: String) async throws -> [String: Double]? {
        try await AssignmentReader(pool: database.pool).read().first { $0.id == camera }?.profile?.settings
    }

    @Test(
        "a draft changes nothing; activated it reaches the worker, rolled back it is gone, and all of it is on record"
    )
    func life() async throws {
        try await StoreDatabase.with { (database) async throws in
            let profiles = Profiles(pool: database.pool)
            let account = try await account(database)
            let scope = ProfileScope.camera("a")
            let first = try await profiles.save(
                ProfileDraft(scope: scope, settings: ["dwell": 2], note: "leaves"),
                author: account
            )
            #expect(try await settings(database, "a") == nil)
            #expect(try await profiles.history(of: scope).versions.map(\.wasActive) == [false])
            try await profiles.activate(first.id, note: "windy week", by: account)
            #expect(try await settings(database, "a") == ["dwell": 2])
            let again = await #expect(throws: StoreError.self) {
                try await profiles.activate(first.id, note: "", by: account)
            }
            #expect(again?.code == .conflict)
            let second = try await profiles.save(ProfileDraft(scope: scope, settings: ["dwell": 5]), author: account)
            #expect(second.version == 2)
            try await profiles.activate(second.id, note: "", by: account)
            #expect(try await profiles.rollBack(scope, note: "too slow", by: account) == 1)
            #expect(try await settings(database, "a") == ["dwell": 2])
            #expect(try await profiles.rollBack(scope, note: "", by: account) == nil)
            #expect(try await settings(database, "a") == nil)
            let nothing = await #expect(throws: StoreError.self) {
                try await profiles.rollBack(scope, note: "", by: account)
            }
            #expect(nothing?.code == .conflict)
            let history = try await profiles.history(of: scope)
            #expect(history.activations.map(\.version) == [nil, 1, 2, 1])
            #expect(history.activations.map(\.isRollBack) == [true, true, false, false])
            #expect(history.activations.map(\.note) == ["", "too slow", "", "windy week"])
            #expect(!history.mayRollBack)
        }
    }

    @Test("rules of a profile replace the camera's; those that were there before come back with the roll-back")
    func rules() async throws {
        try await StoreDatabase.with { (database) async throws in
            let profiles = Profiles(pool: database.pool)
            let account = try await account(database)
            try await database.pool.query(
                """
                INSERT INTO camera_rule VALUES ('a', 'old', 'FNS-01', '{"id": "old", "kind": "intrusion",
                    "hazard_type": "FNS-01"}')
                """
            )
            func ids() async throws -> String? {
                try await database.value("SELECT string_agg(rule_id, ' ') FROM camera_rule WHERE camera_id = 'a'")
            }
            let drawn = try await profiles.save(
                ProfileDraft(scope: .camera("a"), settings: [:], rules: "[\(Self.rule)]"),
                author: account
            )
            #expect(try await ids() == "old")
            try await profiles.activate(drawn.id, note: "", by: account)
            #expect(try await ids() == "gate")
            let history = try await profiles.history(of: .camera("a"))
            #expect(history.versions.map(\.version) == [2, 1])
            #expect(history.versions[0].author == nil, "a copy of what was found")
            #expect(try await profiles.rollBack(.camera("a"), note: "", by: account) == 2)
            #expect(try await ids() == "old")
            try await profiles.activate(drawn.id, note: "", by: account)
            #expect(try await profiles.history(of: .camera("a")).versions.count == 2, "no second copy of the same")
            let none = try await profiles.save(
                ProfileDraft(scope: .camera("a"), settings: [:], rules: "[]"),
                author: account
            )
            try await profiles.activate(none.id, note: "", by: account)
            #expect(try await ids() == nil, "the templates of its tags hold")
        }
    }

    @Test("a camera without rules of its own has none again after the roll-back")
    func noRules() async throws {
        try await StoreDatabase.with { (database) async throws in
            let profiles = Profiles(pool: database.pool)
            let account = try await account(database)
            let drawn = try await profiles.save(
                ProfileDraft(scope: .camera("a"), settings: [:], rules: "[\(Self.rule)]"),
                author: account
            )
            try await profiles.activate(drawn.id, note: "", by: account)
            #expect(try await database.value("SELECT count(*) FROM camera_rule WHERE camera_id = 'a'") == "1")
            try await profiles.rollBack(.camera("a"), note: "", by: account)
            #expect(try await database.value("SELECT count(*) FROM camera_rule WHERE camera_id = 'a'") == "0")
        }
    }

    @Test("a camera's own profile goes before its grid's, the nearest grid before a farther one, a tag comes last")
    func precedence() async throws {
        try await StoreDatabase.with { (database) async throws in
            let profiles = Profiles(pool: database.pool)
            let account = try await account(database)
            let code = try #require(
                try await database.value("SELECT g.code FROM camera c JOIN grid g ON g.id = c.grid_id WHERE c.id = 'a'")
            )
            let tag = try #require(try await database.value("SELECT tags[1] FROM camera WHERE id = 'a'"))
            let scopes: [ProfileScope] = [
                .tag(tag), .grid(String(code.prefix(9))), .grid(code), .camera("a"),
            ]
            for (index, scope) in scopes.enumerated() {
                let draft = ProfileDraft(scope: scope, settings: ["dwell": Double(index + 1)])
                let saved = try await profiles.save(draft, author: account)
                try await profiles.activate(saved.id, note: "", by: account)
                #expect(try await settings(database, "a") == ["dwell": Double(index + 1)], "\(scope)")
            }
            #expect(try await profiles.active().count == 4)
            #expect(try await profiles.tuning(of: "a")?.profile?.scope == .camera("a"))
            for (index, scope) in scopes.enumerated().reversed() {
                _ = try await profiles.rollBack(scope, note: "", by: account)
                let left = index == 0 ? nil : ["dwell": Double(index)]
                #expect(try await settings(database, "a") == left, "\(scope)")
            }
        }
    }

    @Test("what is not there, or cannot be stored, is refused by name and leaves nothing")
    func refused() async throws {
        try await StoreDatabase.with { (database) async throws in
            let profiles = Profiles(pool: database.pool)
            let account = try await account(database)
            for scope in [ProfileScope.camera("none"), .grid("123456789"), .tag("none")] {
                let error = await #expect(throws: StoreError.self) {
                    try await profiles.save(ProfileDraft(scope: scope, settings: [:]), author: account)
                }
                #expect(error?.code == .notFound && error?.message.contains(scope.key) == true)
            }
            let bad = Self.rule.replacing("FNS-01", with: "XX")
            let saved = try await profiles.save(
                ProfileDraft(scope: .camera("a"), settings: [:], rules: "[\(bad)]"),
                author: account
            )
            let error = await #expect(throws: StoreError.self) {
                try await profiles.activate(saved.id, note: "", by: account)
            }
            #expect(error?.code == .invalid)
            #expect(try await database.value("SELECT count(*) FROM profile_activation") == "0")
        }
    }
}
