import CityGrid
import Foundation
import Postgres
import Store
import Testing

@Suite(.serialized, .enabled(if: RegistryDatabase.isAvailable))
struct RegistryBrokenFileTests {
    /// Rows of `seeds/cameras-broken.csv` that must be left out: the column and a part of the reason.
    static let rejected: [(row: Int, column: String, reason: String)] = [
        (3, "设备编码", "has 19 digits"), (4, "设备编码", "has 21 digits"), (5, "设备编码", "a spreadsheet rounded"),
        (6, "设备编码", "format to text"), (7, "设备编码", "other characters than digits"), (8, "设备编码", "type 118"),
        (9, "设备编码", "type 200"), (10, "设备编码", "is empty"), (12, "设备编码", "is on row 11 already"),
        (13, "经度, 纬度", "not known"), (14, "经度, 纬度", "not known"), (15, "经度, 纬度", "are swapped"),
        (16, "经度, 纬度", "are swapped"), (17, "经度, 纬度", "only one of the two"), (18, "经度, 纬度", "decimal degrees"),
        (19, "经度, 纬度", "outside China"), (21, "坐标系", "'BJ54' is not known"), (22, "设备名称", "is empty"),
        (23, "设备名称", "is empty"), (24, "监控点位类型", "is no class"), (25, "监控点位类型", "is no class"),
        (26, "行政区划编码", "2 to 12 digits"), (27, "行政区划编码", "2 to 12 digits"), (28, "网格编码", "has 17 digits"),
        (30, "码流地址", "no stream address"), (31, "启用", "neither 是 nor 否"), (32, "", "has 13 columns"),
        (33, "", "has 20 columns"), (34, "", "after its closing quote"), (35, "", "not closed"),
        (36, "", "column 2 has bytes that are not UTF-8"),
    ]

    @Test("every broken row is reported with its reason, and the others are stored")
    func brokenRows() async throws {
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importGrids(file: RegistryDatabase.seed("grids.geojson"))
            let report = try await database.importer.importCameras(file: RegistryDatabase.seed("cameras-broken.csv"))
            #expect(report.read == 47)
            #expect(report.inserted == 16)
            #expect(report.rejected.total == Self.rejected.count)
            for (issue, expected) in zip(report.rejected.items, Self.rejected) {
                #expect(issue.row == expected.row)
                #expect(issue.column == expected.column, "row \(issue.row)")
                #expect(issue.reason.contains(expected.reason), "row \(issue.row): \(issue.reason)")
            }
            let secret = report.rejected.items.first { $0.column == "码流地址" }
            #expect(secret?.value.isEmpty == true)
            warnings(report)
            #expect(try await database.value("SELECT count(*) FROM camera") == "16")
        }
    }

    private func warnings(_ report: ImportReport) {
        func reason(_ row: Int) -> String { report.warnings.items.first { $0.row == row }?.reason ?? "" }
        #expect(reason(20).contains("km outside the grids"))
        #expect(reason(29).contains("430581999, which does not exist"))
        #expect(reason(0).contains("access unit 43058177"))
        #expect(reason(0).contains("import with --datum GCJ02"))
        for row in 37...48 { #expect(reason(row).contains("read as GCJ02"), "row \(row)") }
        #expect(report.warnings.total == 15)
        #expect(report.mapping?.datumWarnings.map(\.better) == ["GCJ02"])
    }

    @Test("with the datum given by hand the block fits and the warning is gone")
    func datumOverride() async throws {
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importGrids(file: RegistryDatabase.seed("grids.geojson"))
            let file = RegistryDatabase.seed("cameras-broken.csv")
            let report = try await database.importer.importCameras(file: file, datum: .gcj02)
            #expect(report.mapping?.datumWarnings.isEmpty == true)
            let notes = "SELECT count(mapping_note) FROM camera WHERE id LIKE '43058177%'"
            #expect(try await database.value(notes) == "0")
            #expect(try await database.value("SELECT string_agg(DISTINCT datum, ',') FROM camera") == "GCJ02")
        }
    }

    @Test("a sheet in GB18030 imports like the same cameras in UTF-8")
    func gb18030() async throws {
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importGrids(file: RegistryDatabase.seed("grids.geojson"))
            let report = try await database.importer.importCameras(file: RegistryDatabase.seed("cameras-gb18030.csv"))
            #expect(report.inserted == 200)
            #expect(report.rejected.total == 0)
            let all = try String(contentsOfFile: RegistryDatabase.seed("cameras.csv"), encoding: .utf8)
            let lines = all.split(separator: "\n")
            let some = [lines[0]] + stride(from: 1, to: lines.count, by: 160).map { lines[$0] }
            let file = try ScratchFile("cameras.csv", "\u{FEFF}" + some.joined(separator: "\n"))
            defer { file.remove() }
            let again = try await database.importer.importCameras(file: file.path)
            #expect(again.read == 200)
            #expect(again.unchanged == 200)
        }
    }

    @Test("a trial leaves nothing behind and reports the same")
    func dryRun() async throws {
        try await RegistryDatabase.with { database in
            let before = try await database.fingerprint()
            let trial = try await database.importer.importGrids(
                file: RegistryDatabase.seed("grids.geojson"),
                dryRun: true
            )
            #expect(trial.outcome == .dryRun)
            #expect(trial.inserted == 418)
            let file = RegistryDatabase.seed("cameras-broken.csv")
            let cameras = try await database.importer.importCameras(file: file, dryRun: true)
            #expect(cameras.outcome == .dryRun)
            #expect(cameras.inserted == 16)
            #expect(cameras.rejected.total == Self.rejected.count)
            #expect(try await database.fingerprint() == before)
            #expect(try await database.value("SELECT count(*) FROM grid") == "0")
            #expect(try await database.value("SELECT count(*) FROM camera") == "0")
        }
    }
}
