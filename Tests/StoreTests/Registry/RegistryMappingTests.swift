import CityGrid
import Foundation
import Postgres
import Store
import Testing

@Suite(.serialized, .enabled(if: RegistryDatabase.isAvailable))
struct RegistryMappingTests {
    /// A community of two micro-grids side by side, 0.01° wide, west of 110.02°.
    private static let grids: String = {
        func feature(_ code: String, _ west: Double, _ east: Double) -> String {
            "{\"type\":\"Feature\",\"properties\":{\"code\":\"\(code)\",\"name\":\"格\"},\"geometry\":{\"type\":\"Polygon\","
                + "\"coordinates\":[[[\(west),26],[\(east),26],[\(east),26.01],[\(west),26.01],[\(west),26]]]}}"
        }
        let features = [
            feature("430581001", 110, 110.02), feature("430581001001", 110, 110.02),
            feature("430581001001001", 110, 110.02), feature("430581001001001001", 110, 110.01),
            feature("430581001001001002", 110.01, 110.02),
        ]
        return "{\"type\":\"FeatureCollection\",\"features\":[\(features.joined(separator: ","))]}"
    }()

    private static let cameras = """
        设备编码,设备名称,行政区划编码,经度,纬度,网格编码
        both,有网格有坐标,430581001001,110.005,26.005,430581001001001002
        inside,有坐标,430581001001,110.005,26.005,
        border,在两格之间,430581001001,110.01,26.005,
        civil,只有区划,430581001001,,,
        street,只有街道以下未知,430581001999,,,
        close,在界外百米,430581,110.021,26.005,
        far,在界外一公里,430581,110.03,26.005,
        lost,什么都没有,430581,,,
        wrong,网格不存在,430581,110.005,26.005,430581001001001009
        """

    @Test("explicit before point before civil code before nearest, else unmapped")
    func policy() async throws {
        let (grids, cameras) = (try ScratchFile("g.geojson", Self.grids), try ScratchFile("c.csv", Self.cameras))
        defer {
            grids.remove()
            cameras.remove()
        }
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importGrids(file: grids.path)
            let report = try await database.importer.importCameras(file: cameras.path)
            let placed = try await database.table(
                """
                SELECT c.id AS key, c.mapping_method || ' ' || coalesce(g.code, '') AS value
                FROM camera c LEFT JOIN grid g ON g.id = c.grid_id
                """
            )
            #expect(
                placed == [
                    "both": "explicit 430581001001001002", "inside": "point 430581001001001001",
                    "border": "point 430581001001001001", "civil": "civil_code 430581001001",
                    "street": "civil_code 430581001", "close": "nearest 430581001001001002",
                    "far": "unmapped ", "lost": "unmapped ", "wrong": "point 430581001001001001",
                ]
            )
            let warned = Set(report.warnings.items.map(\.value))
            #expect(warned == ["far", "lost", "wrong"])
            let unmapped = try await CameraMapper(pool: database.pool).unmapped()
            #expect(unmapped.map(\.id) == ["far", "lost"])
            #expect(unmapped.first?.note.contains("the position lies 1.0 km outside the grids") == true)
            let wide = MappingPolicy(nearestLimit: 2000)
            let remapped = try await CameraMapper(pool: database.pool, policy: wide).remap()
            #expect(remapped.changed == 1)
            #expect(remapped.byMethod["nearest"] == 2)
        }
    }

    @Test("cameras that were there first get their grids when the grids come")
    func gridsAfterCameras() async throws {
        let (grids, cameras) = (try ScratchFile("g.geojson", Self.grids), try ScratchFile("c.csv", Self.cameras))
        defer {
            grids.remove()
            cameras.remove()
        }
        try await RegistryDatabase.with { database in
            let first = try await database.importer.importCameras(file: cameras.path)
            #expect(first.mapping?.byMethod["unmapped"] == 9)
            let report = try await database.importer.importGrids(file: grids.path)
            #expect(report.mapping?.byMethod["unmapped"] == 2)
            let again = try await database.importer.importGrids(file: grids.path)
            #expect(again.mapping == nil)
        }
    }

    @Test("positions are stored as delivered and in WGS-84", arguments: Datum.allCases)
    func datums(_ datum: Datum) async throws {
        let place = GeoPoint(longitude: 110.6318, latitude: 26.7266)
        let written = Datum.wgs84.convert(place, to: datum)
        let file = try ScratchFile(
            "c.csv",
            "设备编码,设备名称,经度,纬度,坐标系\ncam,相机,\(written.longitude),\(written.latitude),\(datum.rawValue)\n"
        )
        defer { file.remove() }
        try await RegistryDatabase.with { database in
            _ = try await database.importer.importCameras(file: file.path)
            let row = try #require(
                try await database.pool.query(
                    "SELECT ST_X(geom) AS x, ST_Y(geom) AS y, original_x, original_y, datum FROM camera"
                ).rows.first
            )
            #expect(abs(try row.requireDouble("x") - place.longitude) < 2e-6)
            #expect(abs(try row.requireDouble("y") - place.latitude) < 2e-6)
            #expect(try row.requireDouble("original_x") == written.longitude)
            #expect(try row.requireDouble("original_y") == written.latitude)
            #expect(try row.requireText("datum") == datum.rawValue)
        }
    }
}
