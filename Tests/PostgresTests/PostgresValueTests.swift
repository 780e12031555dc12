import Testing

@testable import Postgres

@Suite struct PostgresValueTests {
    @Test(
        "instants are written and read back",
        arguments: [
            (0, "1970-01-01 00:00:00.000000+00"),
            (1_795_397_638_123_456, "2026-11-23 01:33:58.123456+00"),
            (-1, "1969-12-31 23:59:59.999999+00"),
            (951_782_400_000_000, "2000-02-29 00:00:00.000000+00"),
            (-62_135_596_800_000_001, "0001-12-31 23:59:59.999999+00 BC"),
        ] as [(Int64, String)]
    )
    func timestamps(microseconds: Int64, text: String) {
        #expect(Timestamp.text(microseconds) == text)
        #expect(Timestamp.parse(text) == microseconds)
    }

    @Test(
        "instants in the server's other forms are read",
        arguments: [
            ("2026-11-23 01:33:58+00", 1_795_397_638_000_000),
            ("2026-11-23 09:33:58.5+08", 1_795_397_638_500_000),
            ("2026-11-23 07:03:58+05:30", 1_795_397_638_000_000),
            ("2026-11-23", 1_795_392_000_000_000),
            ("2026-11-23T01:33:58Z", 1_795_397_638_000_000),
        ] as [(String, Int64)]
    )
    func otherForms(text: String, microseconds: Int64) {
        #expect(Timestamp.parse(text) == microseconds)
    }

    @Test(
        "what is no instant is refused",
        arguments: ["", "infinity", "2026-13-01", "2026-11-23 01:33", "x", "2026-11-23 1:2:3+"]
    )
    func noInstant(text: String) {
        #expect(Timestamp.parse(text) == nil)
    }

    @Test("every day of 400 years goes there and back")
    func everyDay() {
        for day in Int64(-73_000)..<73_100 {
            let microseconds = day * 86_400_000_000
            #expect(Timestamp.parse(Timestamp.text(microseconds)) == microseconds)
        }
    }

    @Test(
        "array literals go there and back",
        arguments: [
            [], ["a"], [nil], ["NULL", nil, ""], ["a,b", "{c}", "d\"e", "f\\g", " h ", "武冈\n🚨"],
        ] as [[String?]]
    )
    func arrays(elements: [String?]) {
        let literal = ArrayLiteral.text(elements.map { $0.map(ArrayLiteral.quoted) })
        #expect(ArrayLiteral.parse(literal) == elements)
    }

    @Test(
        "broken and nested array literals are refused",
        arguments: ["", "{", "a", "{a", "{\"a}", "{a,}", "{{1},{2}}", "{\"a\"b}"]
    )
    func brokenArrays(text: String) {
        #expect(ArrayLiteral.parse(text) == nil)
    }

    @Test("bytes go there and back, and broken hex is refused")
    func bytes() {
        let all = (0...255).map { UInt8($0) }
        #expect(HexBytes.parse(HexBytes.text(all)) == all)
        #expect(HexBytes.text([]) == "\\x")
        #expect(HexBytes.parse("\\x0") == nil)
        #expect(HexBytes.parse("\\xzz") == nil)
        #expect(HexBytes.parse("00") == nil)
    }

    @Test("a NUL character is refused with the parameter's number")
    func nul() throws {
        let error = #expect(throws: PostgresError.self) { try Statement("SELECT $1, $2", ["a", "b\u{0}c"]) }
        #expect(error?.code == .queryFailed)
        #expect(error?.message.contains("$2") == true)
    }

    @Test("literals make values")
    func literals() {
        let values: [PostgresValue] = ["a", 1, 1.5, true, nil]
        #expect(values == [.text("a"), .int(1), .double(1.5), .bool(true), .null])
        #expect(PostgresValue(String?.none) == .null)
        #expect(PostgresValue(Int?.some(3)) == .int(3))
    }
}
