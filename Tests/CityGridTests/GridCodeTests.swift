import CityGrid
import Testing

@Suite struct GridCodeTests {
    @Test(
        "the length tells the level, the prefix the parent",
        arguments: [
            ("430581001", GridLevel.large, nil), ("430581001002", .medium, "430581001"),
            ("430581001002003", .small, "430581001002"), (" 430581001002003004 ", .micro, "430581001002003"),
        ] as [(String, GridLevel, String?)]
    )
    func levels(_ text: String, _ level: GridLevel, _ parent: String?) throws {
        let code = try GridCode(text)
        #expect(code.level == level)
        #expect(code.prefixParent?.text == parent)
        #expect(code.county == "430581")
        #expect(code.text.utf8.count == level.digits)
    }

    @Test(
        "a wrong code says what to write",
        arguments: [
            ("", "other characters"), ("43058100A", "other characters"), ("4305810010", "10 digits"),
            ("43058100100203", "CJ/T 213"), ("030581001", "begins with 0"), ("43058100Ａ", "'Ａ' (U+FF21)"),
        ]
    )
    func wrong(_ text: String, _ part: String) throws {
        let error = try #require(throws: CityGridError.self) { try GridCode(text) }
        #expect(error.code == .invalidGridCode)
        #expect(error.message.contains(part))
    }

    @Test("a code that a spreadsheet rounded is told apart", arguments: ["4.30581E+17", "4.3e14", "430581e12"])
    func eaten(_ text: String) throws {
        let error = try #require(throws: CityGridError.self) { try GridCode(text) }
        #expect(error.code == .codeEatenBySpreadsheet)
        #expect(error.message.contains("format to text"))
    }
}

@Suite struct DeviceCodeTests {
    @Test("the parts of a code are where GB/T 28181 puts them")
    func parts() throws {
        let code = try DeviceCode("43058101001320000123")
        #expect(code.county == "430581")
        #expect(code.centre == "43058101")
        #expect(code.unit == "01")
        #expect(code.industry == "00")
        #expect(code.type == "132")
        #expect(code.network == "0")
        #expect(code.serial == "000123")
        #expect(code.isCamera)
    }

    @Test(
        "a camera id is a camera's device code or a slug",
        arguments: [
            ("43058101001320000123", "43058101"), ("43058101001210000001", "43058101"), ("demo-01", ""), ("x", ""),
        ]
    )
    func ids(_ text: String, _ centre: String) throws {
        let id = try CameraID(text)
        #expect(id.description == text)
        #expect(id.centre == centre)
    }

    @Test(
        "what is no camera id says why",
        arguments: [
            ("4305810100132000012", "19 digits"), ("430581010013200001234", "21 digits"), ("430581", "6 digits"),
            ("43058101001180000001", "type 118"), ("43058101002000000001", "type 200"), ("Demo", "for example demo"),
            ("-demo", "for example demo"), ("", "a-z, digits and dashes"), ("front_door", "for example front-door"),
            ("CAM-01", "for example cam-01"), ("cam.1", "for example cam-1"), ("东门口1", "for example cam-1"),
            ("00000000001320000001", "begins with 0"), ("4305810100132000012O", "'O' (U+004F)"),
        ]
    )
    func wrongIDs(_ text: String, _ part: String) throws {
        let error = try #require(throws: CityGridError.self) { try CameraID(text) }
        #expect(error.code == .invalidCameraID)
        #expect(error.message.contains(part))
    }

    @Test(
        "marks that cannot be seen and full-width digits do not change a code",
        arguments: [
            "\u{200B}43058101001320000123", "43058101001320000123\u{FEFF}", "4305810100\u{200D}1320000123",
            "\u{200E}43058101001320000123\u{202C}", "\u{A0}43058101001320000123", "４３０５８１０１００１３２００００１２３",
        ]
    )
    func unseen(_ text: String) throws {
        #expect(try CameraID(text).description == "43058101001320000123")
        #expect(try DeviceCode(text).text == "43058101001320000123")
    }

    @Test("a code that a spreadsheet rounded says how to save the sheet", arguments: ["4.30581E+19", "4e19", "4.3E19"])
    func eaten(_ text: String) throws {
        let error = try #require(throws: CityGridError.self) { try CameraID(text) }
        #expect(error.code == .codeEatenBySpreadsheet)
        #expect(error.message.contains("20 digits"))
    }
}
