import CityGrid
import Foundation
import Postgres
import Store
import Testing

@Suite(.serialized, .enabled(if: RegistryDatabase.isAvailable))
struct RegistryCameraRuleTests {
    private struct Refused: Error, CustomStringConvertible {
        let description = "the rule is not usable"
    }

    private func load(_ database: RegistryDatabase, _ text: String) async throws -> ImportReport {
        let file = try ScratchFile("rules.json", text)
        defer { file.remove() }
        return try await database.importer.importCameraRules(file: file.path) { definition in
            if definition.contains("nonsense") { throw Refused() }
            return definition.contains("shedule") ? ["'shedule' is no key"] : []
        }
    }

    private func prepare(_ database: RegistryDatabase) async throws {
        try await database.pool.query(
            "INSERT INTO hazard_type VALUES ('H', 'LOCAL', 'FNS', '水', 'Water', 1, 15, false)"
        )
        try await database.pool.query("INSERT INTO camera (id, name) VALUES ('a', '甲'), ('b', '乙')")
    }

    private func rules(_ database: RegistryDatabase) async throws -> String? {
        try await database.value(
            "SELECT string_agg(camera_id || '/' || rule_id, ' ' ORDER BY camera_id, rule_id) FROM camera_rule"
        )
    }

    @Test("a camera has the rules of the newest file, cameras that are not in it keep theirs")
    func replaces() async throws {
        try await RegistryDatabase.with { database in
            try await prepare(database)
            let both = """
                [{"camera": "a", "rules": [{"id": "x", "hazard_type": "H", "kind": "intrusion"},
                    {"id": "y", "hazard_type": "H", "kind": "intrusion"}]},
                 {"camera": "b", "rules": [{"id": "z", "hazard_type": "H", "kind": "intrusion"}]}]
                """
            #expect(try await load(database, both).inserted == 3)
            #expect(try await load(database, both).unchanged == 3)
            let one = #"[{"camera": "a", "rules": [{"id": "y", "hazard_type": "H", "kind": "crowd"}]}]"#
            #expect(try await load(database, one).updated == 1)
            let left = try await rules(database)
            #expect(left == "a/y b/z")
        }
    }

    @Test(
        "what is odd in a rule is told, the rule is stored; one entry may stand alone; broken JSON is told by its place"
    )
    func oddities() async throws {
        try await RegistryDatabase.with { database in
            try await prepare(database)
            let entry = #"{"camera": "a", "rules": [{"id": "x", "hazard_type": "H", "shedule": {}}]}"#
            let report = try await load(database, entry)
            #expect(report.inserted == 1)
            #expect(report.warnings.items.map(\.reason) == ["'shedule' is no key"])
            let error = try await #require(throws: StoreError.self) { _ = try await load(database, "[\n\(entry) 1]") }
            #expect("\(error)".contains("line 2, column"), "\(error)")
        }
    }

    @Test("a bad rule is told and left out, the others are stored")
    func badRules() async throws {
        try await RegistryDatabase.with { database in
            try await prepare(database)
            let report = try await load(
                database,
                """
                [{"camera": "c", "rules": [{"id": "x", "hazard_type": "H"}]},
                 {"camera": "a", "rules": [{"id": "x", "hazard_type": "?"}, {"hazard_type": "H"},
                    {"id": "n", "hazard_type": "H", "kind": "nonsense"}, {"id": "y", "hazard_type": "H"}]}]
                """
            )
            let left = try await rules(database)
            #expect(left == "a/y")
            #expect(report.rejected.items.map(\.column) == ["camera", "hazard_type", "id", "rules"])
            #expect(report.rejected.items.last?.reason == "the rule is not usable")
        }
    }

    @Test("a camera or a rule that is there twice is a sentence, the first one is kept")
    func twice() async throws {
        try await RegistryDatabase.with { database in
            try await prepare(database)
            let report = try await load(
                database,
                """
                [{"camera": "a", "rules": [{"id": "x", "hazard_type": "H"}, {"id": "x", "hazard_type": "H"}]},
                 {"camera": "b", "rules": [{"id": "z", "hazard_type": "H"}]},
                 {"camera": "a", "rules": [{"id": "y", "hazard_type": "H"}]},
                 {"camera": 43058101001320000123, "rules": []},
                 {"camera": "b", "rules": []}]
                """
            )
            let left = try await rules(database)
            #expect(left == "a/x b/z")
            #expect(report.rejected.items.map(\.row) == [1, 3, 4, 5])
            let reasons = report.rejected.items.map(\.reason)
            #expect(reasons[0].contains("twice for camera a"))
            #expect(reasons[1].contains("in entry 1 already"))
            #expect(reasons[2].contains("is a number"))
            #expect(reasons[3].contains("in entry 2 already"))
        }
    }

    @Test("rules in GB18030 are read, a text with a zero character and a workbook are sentences")
    func texts() async throws {
        try await RegistryDatabase.with { database in
            try await prepare(database)
            let text = #"[{"camera": "a", "rules": [{"id": "水边", "hazard_type": "H"}]}]"#
            let file = try ScratchFile("rules.json", "")
            defer { file.remove() }
            try Data(try #require(TextEncoding.gb18030.encode(text))).write(to: URL(filePath: file.path))
            #expect(try await database.importer.importCameraRules(file: file.path) { _ in [] }.inserted == 1)
            let zero = try await load(
                database,
                #"[{"camera": "a", "rules": [{"id": "x", "hazard_type": "H", "name": "a\u0000b"}]}]"#
            )
            #expect(zero.rejected.items.first?.reason.contains("zero character") == true)
            try Data([0x50, 0x4B, 3, 4]).write(to: URL(filePath: file.path))
            let error = await #expect(throws: StoreError.self) {
                try await database.importer.importCameraRules(file: file.path) { _ in [] }
            }
            #expect(error.map { "\($0)".contains("workbook") } == true)
        }
    }
}
