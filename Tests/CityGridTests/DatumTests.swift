import CityGrid
import Foundation
import Testing

@Suite struct DatumTests {
    /// A place in WGS-84, GCJ-02 and BD-09, from independent computation.
    static let places = [
        [(110.6318, 26.7266), (110.636_407_24, 26.722_977_41), (110.642_810_34, 26.729_299_08)],
        [(116.404, 39.915), (116.410_244_50, 39.916_404_28), (116.416_627_24, 39.922_699_55)],
    ].map { $0.map { GeoPoint(longitude: $0.0, latitude: $0.1) } }

    /// Degrees: rounding of the table is 5e-9, the way back from BD-09 is good to 12 cm.
    private func tolerance(_ from: Datum) -> Double { from == .bd09 ? 2e-6 : 2e-8 }

    @Test("each datum converts to each other one", arguments: places)
    func conversions(_ place: [GeoPoint]) {
        for (from, start) in zip(Datum.allCases, place) {
            for (to, end) in zip(Datum.allCases, place) {
                let found = from.convert(start, to: to)
                #expect(abs(found.longitude - end.longitude) < tolerance(from), "\(from) to \(to)")
                #expect(abs(found.latitude - end.latitude) < tolerance(from), "\(from) to \(to)")
            }
        }
    }

    @Test("GCJ-02 and back is exact to a micrometre")
    func roundTrip() {
        let start = GeoPoint(longitude: 110.6318, latitude: 26.7266)
        let back = Datum.gcj02.convert(Datum.wgs84.convert(start, to: .gcj02), to: .wgs84)
        #expect(abs(back.longitude - start.longitude) < 1e-10)
        #expect(abs(back.latitude - start.latitude) < 1e-10)
    }

    @Test("in Wugang the datums lie 610 m apart")
    func shift() {
        let place = Self.places[0]
        let east = (place[1].longitude - place[0].longitude) * 111_320 * cos(place[0].latitude * .pi / 180)
        let north = (place[1].latitude - place[0].latitude) * 110_790
        #expect(abs((east * east + north * north).squareRoot() - 609.6) < 2)
    }

    @Test("outside China nothing is moved")
    func abroad() {
        let paris = GeoPoint(longitude: 2.3522, latitude: 48.8566)
        #expect(Datum.wgs84.convert(paris, to: .bd09) == paris)
    }

    @Test(
        "names are read as people write them",
        arguments: [
            ("WGS84", Datum.wgs84), ("wgs-84", .wgs84), ("CGCS2000", .wgs84), ("GCJ-02", .gcj02), ("gcj_02", .gcj02),
            ("高德", .gcj02), ("BD09", .bd09), ("bd-09", .bd09), ("百度", .bd09),
        ]
    )
    func names(_ name: String, _ datum: Datum) throws {
        #expect(try Datum(name: name) == datum)
    }

    @Test("an unknown name says which are known")
    func unknownName() throws {
        let error = try #require(throws: CityGridError.self) { try Datum(name: "BJ54") }
        #expect(error.code == .unknownDatum)
        #expect(error.message.contains("WGS84 (also for CGCS2000), GCJ02"))
    }
}

@Suite struct GeoPointTests {
    @Test("two empty columns are no position, two numbers are one")
    func parse() throws {
        #expect(try GeoPoint.parse(longitude: " ", latitude: "") == nil)
        let point = try GeoPoint.parse(longitude: "110.6318", latitude: " 26.7266")
        #expect(point == GeoPoint(longitude: 110.6318, latitude: 26.7266))
    }

    @Test(
        "a position that cannot be says why",
        arguments: [
            ("0", "0", "not known"), ("26.7", "110.6", "are swapped"), ("110.6", "", "only one"),
            ("", "26.7", "only one"),
            ("110°37'", "26.7", "decimal degrees"), ("nan", "26.7", "decimal degrees"), ("inf", "1", "decimal degrees"),
            ("2.35", "48.85", "outside China"), ("110.6", "-26.7", "outside China"),
        ]
    )
    func wrong(_ longitude: String, _ latitude: String, _ part: String) throws {
        let error = try #require(throws: CityGridError.self) {
            try GeoPoint.parse(longitude: longitude, latitude: latitude)
        }
        #expect(error.code == .invalidCoordinate)
        #expect(error.message.contains(part))
    }
}
