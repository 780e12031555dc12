import CityGrid
import Foundation
import Postgres
import Store
import Testing

@Suite(.serialized, .enabled(if: RegistryDatabase.isAvailable))
struct RegistryImportTests {
    private func square(_ code: String, _ west: Double, _ size: Double, parent: String? = nil) -> String {
        let east = west + size
        let ring = "[[[\(west),26],[\(east),26],[\(east),26.1],[\(west),26.1],[\(west),26]]]"
        let parentText = parent.map { ",\"parent\":\"\($0)\"" } ?? ""
        return feature(code, ring, parentText)
    }

    private func feature(_ code: String, _ ring: String, _ more: String = "") -> String {
        "{\"type\":\"Feature\",\"properties\":{\"code\":\"\(code)\",\"name\":\"格\"\(more)},"
            + "\"geometry\":{\"type\":\"Polygon\",\"coordinates\":\(ring)}}"
    }

    private func collection(_ features: String...) -> String {
        "{\"type\":\"FeatureCollection\",\"features\":[\(features.joined(separator: ","))]}"
    }

    @Test("a crossing ring refuses the whole file and names the grid")
    func crossingRing() async throws {
        let bowtie = feature("430581002", "[[[110,26],[110.1,26.1],[110.1,26],[110,26.1],[110,26]]]")
        let file = try ScratchFile("grids.geojson", collection(square("430581001", 110, 0.1), bowtie))
        defer { file.remove() }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importGrids(file: file.path)
            #expect(report.outcome == .refused)
            #expect(report.rejected.items.map(\.value) == ["430581002"])
            #expect(report.rejected.items.first?.reason.contains("crosses itself near (110.05, 26.05)") == true)
            #expect(report.inserted == 0)
            #expect(try await database.value("SELECT count(*) FROM grid") == "0")
        }
    }

    @Test("twice the same code and a missing parent refuse the file")
    func brokenTree() async throws {
        let text = collection(
            square("430581001", 110, 0.1),
            square("430581001", 111, 0.1),
            square("430581002001", 112, 0.1)
        )
        let file = try ScratchFile("grids.geojson", text)
        defer { file.remove() }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importGrids(file: file.path)
            #expect(report.outcome == .refused)
            let reasons = report.rejected.items.map(\.reason)
            #expect(reasons.count == 2)
            #expect(reasons.contains { $0.contains("430581001: the code is there 2 times") })
            #expect(reasons.contains { $0.contains("430581002001: its parent 430581002 is neither") })
        }
    }

    @Test("children that do not fill their parent are told, and a changed border counts as an update")
    func gapsAndChanges() async throws {
        let gap = collection(square("430581001", 110, 0.1), square("430581001001", 110, 0.08))
        let full = collection(square("430581001", 110, 0.1), square("430581001001", 110, 0.1))
        let (first, second) = (try ScratchFile("gap.geojson", gap), try ScratchFile("full.geojson", full))
        defer {
            first.remove()
            second.remove()
        }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importGrids(file: first.path)
            #expect(report.inserted == 2)
            #expect(report.warnings.items.map(\.value) == ["430581001", "430581001001"])
            let again = try await database.importer.importGrids(file: second.path)
            #expect(again.inserted == 0)
            #expect(again.updated == 1)
            #expect(again.unchanged == 1)
            #expect(again.warnings.items.map(\.value) == ["430581001001"])
        }
    }

    @Test("a sheet without a column keeps what is stored, and empty secrets keep theirs")
    func partialSheets() async throws {
        let id = "43058101001320000123"
        let whole = """
            设备编码,设备名称,监控点位类型,标签,码流地址,启用
            \(id),河堤,1,water；road,rtsp://u:p@10.0.0.1/1,是
            """
        let renamed = "设备编码,设备名称,码流地址,启用\n\(id),河堤东,,\n"
        let (first, second) = (try ScratchFile("whole.csv", whole), try ScratchFile("renamed.csv", renamed))
        defer {
            first.remove()
            second.remove()
        }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importCameras(file: first.path)
            let again = try await database.importer.importCameras(file: second.path)
            #expect(report.inserted == 1)
            #expect(again.updated == 1)
            let stored = "SELECT concat_ws(' ', name, point_class, tags, stream_url, enabled) FROM camera"
            #expect(try await database.value(stored) == "河堤东 1 {water,road} rtsp://u:p@10.0.0.1/1 t")
        }
    }

    private func imported(_ text: String, _ body: (ImportReport, RegistryDatabase) async throws -> Void) async throws {
        let file = try ScratchFile("cameras.csv", text)
        defer { file.remove() }
        try await RegistryDatabase.with { try await body(try await $0.importer.importCameras(file: file.path), $0) }
    }

    private let code = "4305810100132000012"

    @Test("titles, marks in the header, blank rows and a header that comes again are no cameras")
    func forms() async throws {
        let header = "*设备编码；设备名称＊；监控点位类型（必填）；经  度；维度；启用".replacing("；", with: ";")
        let text =
            "武冈市监控点位表;;;;;\n\n\(header)\n\(code)1;东门;1.0;１１０．６１;26.75;√\n;;;;;\n\(header)\n\(code)2;西门;-;-;/;无\n;;;;;\n"
        try await imported(text) { report, database in
            #expect(report.read == 2)
            #expect(report.rejected.items == [])
            let rows =
                "SELECT string_agg(concat_ws(' ', name, point_class, original_x, enabled), ',' ORDER BY id) FROM camera"
            let stored = try await database.value(rows)
            #expect(stored == "东门 1 110.61 t,西门 3 f")
        }
    }

    @Test("codes that a spreadsheet has rounded: several that became one are all left out, one alone is told")
    func roundedCodes() async throws {
        let text = "设备编码,设备名称\n43058101011320000000,甲\n43058101011320000000,乙\n43058102011320000000,丙\n\(code)1,丁\n"
        try await imported(text) { report, database in
            #expect(report.rejected.items.map(\.row).sorted() == [2, 3])
            #expect(report.rejected.items.contains { $0.row == 2 && $0.reason.contains("rounded to 15 digits") })
            #expect(report.warnings.items.contains { $0.row == 4 && $0.reason.contains("ends in five zeros") })
            #expect(report.inserted == 2)
            let names = try await database.value("SELECT string_agg(name, '' ORDER BY name) FROM camera")
            #expect(names == "丁丙")
        }
    }

    @Test("an address out of a web page has its signs back")
    func escapedAddress() async throws {
        try await imported("设备编码,设备名称,码流地址\n\(code)1,甲,rtsp://a/b?c=1&amp;d=2\n") { _, database in
            let stored = try await database.value("SELECT stream_url FROM camera")
            #expect(stored == "rtsp://a/b?c=1&d=2")
        }
    }

    @Test("an error of a formula is no name, and a header alone is told")
    func noValues() async throws {
        try await imported("设备编码,设备名称\n\(code)1,#REF!\n") { report, _ in
            #expect(report.rejected.items.first?.reason.contains("error of the spreadsheet") == true)
        }
        try await imported("设备编码,设备名称\n") { report, _ in
            #expect(report.warnings.items.map(\.reason) == ["there is no row below the header, so nothing to import"])
        }
    }

    @Test("how a camera's packets travel is what its row says, workers read it, and other words are refused")
    func transport() async throws {
        let header = "设备编码,设备名称,码流地址,传输方式,启用\n"
        let words = ["UDP", "RTP over TCP", "自动", "", "multicast"]
        let rows = words.enumerated().map { "4305810100132000012\($0),河堤,rtsp://10.0.0.1/\($0),\($1),是" }
        let first = try ScratchFile("first.csv", header + rows.joined(separator: "\n"))
        let cleared = rows[0].replacing("UDP", with: "")
        let second = try ScratchFile("second.csv", header + cleared)
        defer {
            first.remove()
            second.remove()
        }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importCameras(file: first.path)
            #expect(report.inserted == 4)
            #expect(report.rejected.items.first?.reason.contains("write tcp, udp or auto") == true)
            let reader = AssignmentReader(pool: database.pool)
            #expect(try await reader.read().map(\.transport) == ["udp", "tcp", "auto", nil])
            _ = try await database.importer.importCameras(file: second.path)
            #expect(try await reader.read().first?.transport == nil, "as the settings say")
        }
    }

    @Test("a wrong post is left out with its reason, the right one is stored")
    func posts() async throws {
        let file = try ScratchFile(
            "posts.csv",
            """
            code,title,kind,grid
            MU-1,维护一部,maintenance,
            GL-1,网格长,grid_leader,430581999
            GL-2,网格长,mayor,430581001
            GL-3,网格长,micro_grid_leader,430581001
            MU-1,维护一部,maintenance,
            MU-2,维护二部,maintenance,430581001
            """
        )
        defer { file.remove() }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importPosts(file: file.path)
            #expect(report.inserted == 1)
            #expect(report.rejected.items.map(\.row) == [3, 4, 5, 6, 7])
            let parts = ["no such grid", "write one of grid_leader", "does not lead", "row 2 already", "has no grid"]
            for (issue, part) in zip(report.rejected.items, parts) { #expect(issue.reason.contains(part)) }
        }
    }

    @Test("hazard types and templates are checked against the tables")
    func catalogue() async throws {
        let types = try ScratchFile(
            "types.csv",
            """
            code,code_scheme,theme,name_zh,name_en,severity,handle_minutes,restricted
            FNS-01,LOCAL,FNS,水,Water,1,15,false
            FNS-02,LOCAL,FNS,水,Water,5,15,false
            FNS-03,ISO,FNS,水,Water,1,15,false
            FNS-04,LOCAL,FNS,水,Water,1,15,maybe
            """
        )
        let templates = try ScratchFile(
            "templates.json",
            """
            {"templates": [
              {"code": "a", "tag": "water", "name": "水", "hazard_type": "FNS-01",
               "definition": {"id": "a", "kind": "intrusion", "hazard_type": "FNS-01"}},
              {"code": "b", "tag": "water", "name": "水", "hazard_type": "FNS-09", "definition": {}},
              {"code": "c", "tag": "water", "name": "水", "hazard_type": "FNS-01",
               "definition": {"id": "x", "kind": "intrusion", "hazard_type": "FNS-01"}}]}
            """
        )
        defer {
            types.remove()
            templates.remove()
        }
        try await RegistryDatabase.with { database in
            let report = try await database.importer.importHazardTypes(file: types.path)
            #expect(report.inserted == 1)
            #expect(report.rejected.items.map(\.column) == ["severity", "code_scheme", "restricted"])
            let rules = try await database.importer.importRuleTemplates(file: templates.path)
            #expect(rules.inserted == 1)
            #expect(rules.rejected.items.map(\.column) == ["hazard_type", "definition"])
        }
    }

    @Test(
        "a file that cannot be used at all says why",
        arguments: [
            ("", "is empty"), ("设备编码，设备名称\n1，2\n", "separated by commas"), ("设备编码,名称\n", "设备名称 is missing"),
            ("设备编码,设备名称,设备名称\n", "is there twice"),
        ]
    )
    func unusableFile(_ text: String, _ part: String) async throws {
        let file = try ScratchFile("cameras.csv", text)
        defer { file.remove() }
        try await RegistryDatabase.with { database in
            let error = try await #require(throws: StoreError.self) {
                try await database.importer.importCameras(file: file.path)
            }
            #expect(error.message.contains(part))
            #expect(error.message.contains(file.path))
        }
    }

    @Test("a file that is not there is told by its path")
    func missingFile() async throws {
        try await RegistryDatabase.with { database in
            let error = try await #require(throws: StoreError.self) {
                try await database.importer.importGrids(file: "/nowhere/grids.geojson")
            }
            #expect(error.code == .invalid)
            #expect(error.message.contains("/nowhere/grids.geojson cannot be opened (No such file"))
        }
    }
}
