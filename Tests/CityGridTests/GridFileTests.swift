import CityGrid
import Testing

@Suite struct GridFileTests {
    private func file(_ features: String...) throws -> GridFile {
        try GridFile(
            json: Array("{\"type\":\"FeatureCollection\",\"features\":[\(features.joined(separator: ","))]}".utf8)
        )
    }

    private func feature(
        _ properties: String,
        _ coordinates: String = "[[[110,26],[110.1,26],[110.1,26.1],[110,26]]]",
        type: String = "Polygon"
    ) -> String {
        "{\"type\":\"Feature\",\"properties\":{\(properties)},"
            + "\"geometry\":{\"type\":\"\(type)\",\"coordinates\":\(coordinates)}}"
    }

    private let street = "\"code\":\"430581001\",\"name\":\"街\""

    @Test("a polygon and a multipolygon are read, with altitude and foreign members left out")
    func reads() throws {
        let two =
            "[[[[110,26,5],[110.1,26,5],[110.1,26.1,5],[110,26,5]]],[[[111,26],[111.1,26],[111.1,26.1],[111,26]]]]"
        let grids = try file(
            feature(street + ",\"level\":1,\"parent\":null,\"more\":[1]"),
            feature("\"code\":\"430581001001\",\"name\":\"社区\"", two, type: "MultiPolygon")
        )
        #expect(grids.problems.isEmpty)
        #expect(grids.features.map(\.code.text) == ["430581001", "430581001001"])
        #expect(grids.features.map { $0.parent?.text } == [nil, "430581001"])
        #expect(grids.features[1].geometry.polygons.count == 2)
        #expect(
            grids.features[0].geometry.wellKnownText == "MULTIPOLYGON(((110.0 26.0,110.1 26.0,110.1 26.1,110.0 26.0)))"
        )
    }

    @Test("the parent that the file names wins over the prefix")
    func namedParent() throws {
        let grids = try file(feature("\"code\":\"430581001001\",\"name\":\"社区\",\"parent\":\"430581002\""))
        #expect(grids.features.first?.parent?.text == "430581002")
    }

    @Test(
        "a ring that crosses itself is told with the grid's code",
        arguments: [
            "[[[110,26],[110.1,26.1],[110.1,26],[110,26.1],[110,26]]]",
            "[[[110,26],[110.2,26],[110.2,26.2],[110.1,25.9],[110,26.2],[110,26]]]",
            "[[[110,26],[110.3,26],[110.3,26.3],[110,26.3],[110,26]],[[110.2,26.1],[110.4,26.1],[110.4,26.2],[110.2,26.1]]]",
            "[[[110,26],[110.2,26],[110.1,26],[110.1,26.1],[110,26]]]",
        ]
    )
    func crossing(_ coordinates: String) throws {
        let grids = try file(feature(street), feature("\"code\":\"430581002\",\"name\":\"街\"", coordinates))
        #expect(grids.features.map(\.code.text) == ["430581001"])
        let problem = try #require(grids.problems.first)
        #expect(problem.position == 2)
        #expect(problem.code == "430581002")
        #expect(problem.reason.hasPrefix("grid 430581002: its boundary crosses itself near (110"))
    }

    @Test("a hole that lies inside, and rings that share a corner, are well")
    func holes() throws {
        let hole =
            "[[[110,26],[110.3,26],[110.3,26.3],[110,26.3],[110,26]],[[110.1,26.1],[110.1,26.2],[110.2,26.2],[110.1,26.1]]]"
        let corner =
            "[[[[110,26],[110.1,26],[110.1,26.1],[110,26]]],[[[110.1,26.1],[110.2,26.1],[110.2,26.2],[110.1,26.1]]]]"
        let grids = try file(
            feature(street, hole),
            feature("\"code\":\"430581002\",\"name\":\"街\"", corner, type: "MultiPolygon")
        )
        #expect(grids.problems.isEmpty)
    }

    @Test(
        "a feature that cannot be used is told, the others are read",
        arguments: [
            ("\"name\":\"街\"", "[[[110,26],[110.1,26],[110.1,26.1],[110,26]]]", "no property 'code'"),
            ("\"code\":\"4305\",\"name\":\"街\"", "[]", "4 digits"),
            ("\"code\":\"430581001\"", "[]", "no property 'name'"),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":2", "[]", "level 2 does not go"),
            ("\"code\":\"430581001001\",\"name\":\"街\",\"parent\":\"430581001001001\"", "[]", "one level up"),
            ("\"code\":\"430581001\",\"name\":\"街\"", "[]", "there is no ring"),
            ("\"code\":\"430581001\",\"name\":\"街\"", "[[[110,26],[110.1,26],[110,26]]]", "has 3 points"),
            ("\"code\":\"430581001\",\"name\":\"街\"", "[[[110,26],[110.1,26],[110.1,26.1],[110,26.2]]]", "not closed"),
            (
                "\"code\":\"430581001\",\"name\":\"街\"", "[[[110,126],[110.1,26],[110.1,26.1],[110,126]]]",
                "not in degrees"
            ),
            ("\"code\":\"430581001\",\"name\":\"街\"", "[[[110],[110.1,26],[110.1,26.1],[110,26]]]", "grid 430581001"),
        ]
    )
    func unusable(_ properties: String, _ coordinates: String, _ part: String) throws {
        let grids = try file(feature(properties, coordinates), feature("\"code\":\"430581009\",\"name\":\"街\""))
        #expect(grids.features.map(\.code.text) == ["430581009"])
        #expect(grids.problems.map(\.position) == [1])
        #expect(grids.problems.first?.reason.contains(part) == true, "\(grids.problems.first?.reason ?? "")")
    }

    @Test(
        "a property of another type is taken where nothing is lost, else named with what it is",
        arguments: [
            ("\"code\":430581001,\"name\":\"街\"", "", ""),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":\"1\"", "", ""),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":\"街道\"", "", ""),
            ("\"code\":\"430581001001\",\"name\":\"社区\",\"parent\":430581002", "", ""),
            ("\"code\":\"'430581001\",\"name\":\"\u{200B}街\",\"level\":null,\"parent\":\"\"", "", ""),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":\"社区\"", "level", "level 2 does not go"),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":\"县\"", "level", "property 'level' is '县'"),
            ("\"code\":\"430581001\",\"name\":\"街\",\"level\":[1]", "level", "'level' is a list"),
            ("\"code\":430581001001001001,\"name\":\"微\"", "code", "is a number (430581001001001001) of more than 15"),
            ("\"code\":true,\"name\":\"街\"", "code", "'code' is true or false"),
            ("\"CODE\":\"430581001\",\"name\":\"街\"", "code", "found are 'CODE', 'name'"),
            ("\"code\":\"430581001001\",\"name\":\"社区\",\"parent\":{}", "parent", "'parent' is a list or an object"),
            (
                "\"code\":\"430581001001\",\"name\":\"社区\",\"parent\":\"东\"", "parent",
                "property 'parent': grid code '东'"
            ),
            ("\"code\":\"430581001\",\"name\":{\"zh\":\"街\"}", "name", "'name' is a list or an object"),
        ]
    )
    func types(_ properties: String, _ part: String, _ reason: String) throws {
        let text = "{\"type\":\"FeatureCollection\",\"features\":[\(feature(properties))]}"
        for encoding in [TextEncoding.utf8, .gb18030] {
            let grids = try GridFile(json: try #require(encoding.encode(text.replacing("\u{200B}", with: ""))))
            #expect(grids.problems.map(\.part) == (part.isEmpty ? [] : [part]), "\(grids.problems)")
            let told = grids.problems.first?.reason ?? ""
            #expect(reason.isEmpty ? told.isEmpty : told.contains(reason), "\(told)")
        }
    }

    @Test(
        "a boundary that cannot be in China is told by what is wrong with it",
        arguments: [
            ("[[[44,85],[44,85.1],[44.1,85.1],[44,85]]]", "latitude and longitude swapped"),
            ("[[[26.7,110.6],[26.7,110.7],[26.8,110.7],[26.7,110.6]]]", "latitude and longitude swapped"),
            ("[[[0,0],[0.1,0],[0.1,0.1],[0,0]]]", "lies outside China"),
            ("[[[179.9,26],[-179.9,26],[-179.9,26.1],[179.9,26]]]", "lies outside China"),
            (
                "[[[12312930,3094000],[12315000,3094000],[12315000,3096000],[12312930,3094000]]]",
                "metres of a projection"
            ),
            (
                "[[[\"110\",\"26\"],[\"110.1\",\"26\"],[\"110.1\",\"26.1\"],[\"110\",\"26\"]]]",
                "element 1 is not a number"
            ),
        ]
    )
    func elsewhere(_ coordinates: String, _ part: String) throws {
        let grids = try file(feature(street, coordinates), feature("\"code\":\"430581009\",\"name\":\"街\""))
        #expect(grids.problems.map(\.part) == ["geometry"])
        #expect(grids.problems.first?.reason.contains(part) == true, "\(grids.problems)")
        #expect(grids.features.count == 1)
    }

    @Test("no geometry, and a file within the file, are told as such")
    func missing() throws {
        let bare = "{\"type\":\"Feature\",\"properties\":{\(street)}"
        let grids = try file(
            bare + ",\"geometry\":null}",
            bare + "}",
            "{\"type\":\"FeatureCollection\",\"features\":[]}"
        )
        #expect(grids.problems.map(\.part) == ["geometry", "geometry", "properties"])
        #expect(
            grids.problems[0].reason == "grid 430581001: its geometry is null or missing; every grid needs a boundary"
        )
        #expect(grids.problems[1].reason == grids.problems[0].reason)
        #expect(grids.problems[2].reason.contains("FeatureCollection itself"))
    }

    @Test(
        "the old member crs is read: other coordinates than those of WGS-84 are refused by name",
        arguments: [
            ("urn:ogc:def:crs:OGC:1.3:CRS84", true), ("EPSG:4490", true), ("urn:ogc:def:crs:EPSG::4326", true),
            ("urn:ogc:def:crs:EPSG::3857", false), ("urn:ogc:def:crs:EPSG::4214", false), ("GCJ-02", false),
        ]
    )
    func system(_ name: String, _ isTaken: Bool) throws {
        let crs = "\"crs\":{\"type\":\"name\",\"properties\":{\"name\":\"\(name)\"}}"
        let json = Array("{\"type\":\"FeatureCollection\",\(crs),\"features\":[\(feature(street))]}".utf8)
        guard !isTaken else {
            #expect(try GridFile(json: json).features.count == 1)
            return
        }
        let error = try #require(throws: CityGridError.self) { try GridFile(json: json) }
        #expect(error.message.contains("'\(name)'"))
    }

    @Test("broken JSON is told with its place, and a file without features is no success")
    func broken() throws {
        let text = "{\"type\":\"FeatureCollection\",\n\"features\":[\n{}{}]}"
        let error = try #require(throws: CityGridError.self) { try GridFile(json: Array(text.utf8)) }
        #expect(error.message.contains("line 3, column 3"), "\(error.message)")
        let empty = try #require(throws: CityGridError.self) { try file() }
        #expect(empty.message.contains("no feature"))
    }

    @Test("text of two bytes a character is told to be that, without a mark too")
    func wide() {
        let text = "编码,名称\r\n1,a\r\n".utf16
        for bytes in [
            text.flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }, text.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] },
        ] {
            #expect(ForeignFile.sentence(bytes)?.contains("UTF-16") == true)
        }
        #expect(ForeignFile.sentence(Array("a,b\0c\0\0,d\n".utf8)) == nil)
    }

    @Test("a workbook is told to be one")
    func workbook() throws {
        let error = try #require(throws: CityGridError.self) { try GridFile(json: [0x50, 0x4B, 3, 4, 0, 0]) }
        #expect(error.message.contains("workbook"))
    }

    @Test(
        "what is no collection of features is refused",
        arguments: [
            ("{", "no GeoJSON"), ("{\"type\":\"Feature\"}", "of type 'Feature'"),
            ("{\"type\":\"FeatureCollection\"}", "no list 'features'"), ("{\"features\":[]}", "without a 'type'"),
            ("[]", "no GeoJSON"),
            ("", "no GeoJSON"),
        ]
    )
    func refused(_ text: String, _ part: String) throws {
        let error = try #require(throws: CityGridError.self) { try GridFile(json: Array(text.utf8)) }
        #expect(error.code == .invalidGeoJSON)
        #expect(error.message.contains(part))
    }
}
