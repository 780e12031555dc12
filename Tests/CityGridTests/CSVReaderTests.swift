import CityGrid
import Testing

@Suite struct CSVReaderTests {
    /// All rows of a file that arrives in pieces of `size` bytes.
    private func rows(_ bytes: [UInt8], pieces size: Int = 7, limit: Int = 65_536) throws -> [CSVRow] {
        var rest = bytes[...]
        var reader = CSVReader(limit: limit) {
            guard !rest.isEmpty else { return nil }
            defer { rest = rest.dropFirst(size) }
            return Array(rest.prefix(size))
        }
        var rows: [CSVRow] = []
        while let row = try reader.next() { rows.append(row) }
        return rows
    }

    private func fields(_ text: String, pieces: Int = 7) throws -> [[String]] {
        try rows(Array(text.utf8), pieces: pieces).map { try $0.fields.get() }
    }

    @Test(
        "quotes, line ends and blanks are read as RFC 4180 says",
        arguments: [
            ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]), ("a,b\r\nc,d", [["a", "b"], ["c", "d"]]),
            ("\"a,1\",\"b\"\"2\"\n", [["a,1", "b\"2"]]), ("\"a\nb\",c\nd,e\n", [["a\nb", "c"], ["d", "e"]]),
            ("a,,\n,,\n", [["a", "", ""], ["", "", ""]]), ("a\n\n\r\nb\n", [["a"], ["b"]]), ("", []),
            (" a ,\u{3000}b\t\n", [["a", "b"]]), ("\"\",x\r\n", [["", "x"]]), ("a\"b,c\n", [["a\"b", "c"]]),
            ("\"a\"\r\n\"b\"", [["a"], ["b"]]),
            ("a,b\rc,\"d\re\"\r", [["a", "b"], ["c", "d\re"]]), ("a\r\r\nb\r\r\n", [["a"], ["b"]]),
            ("a;b\n\"c;d\";e,f\n", [["a", "b"], ["c;d", "e,f"]]), ("a\tb\nc\t\n", [["a", "b"], ["c", ""]]),
            ("sep=;\r\na;\"b\"\r\n", [["sep=", ""], ["a", "b"]]),
            ("\"a;b;c\",d\ne,f\n", [["a;b;c", "d"], ["e", "f"]]),
            ("t\na;b\n", [["t"], ["a", "b"]]), ("\"a\", \"b, c\" ,d\n", [["a", "b, c", "d"]]),
            ("\"a\" , \"b\"\" c\" \r\n\"d\" \n", [["a", "b\" c"], ["d"]]),
            ("a\nb\rc\n", [["a"], ["b\rc"]]), ("a\r\"b\"x\rc\r", [["a"], ["c"]]),
        ]
    )
    func reads(_ text: String, _ expected: [[String]]) throws {
        for pieces in [1, 2, 3, 7, 1000] {
            let found = try rows(Array(text.utf8), pieces: pieces).compactMap { try? $0.fields.get() }
            #expect(found == expected)
        }
    }

    @Test(
        "what an export put around a text to keep it text is taken off",
        arguments: [
            ("=\"4305\"", "4305"), ("\"=\"\"4305\"\"\"", "4305"), ("=4305", "4305"), ("'4305", "4305"),
            ("’4305", "4305"),
            ("`4305", "4305"), ("'4305'", "4305"), ("=\"'4305\"", "4305"), ("'=\"\"", "=\"\""),
            ("\u{200B}4305", "4305"),
            ("\u{FEFF}4305\u{200E}", "4305"), ("\t4305", "4305"), ("43\u{200D}05", "4305"), ("'", "'"), ("", ""),
            ("=A1+B2", "=A1+B2"), ("东'门", "东'门"), ("’东门", "东门"),
        ]
    )
    func plain(_ written: String, _ meant: String) throws {
        #expect(try fields("x,\(written)\n") == [["x", meant]])
    }

    @Test("rows are numbered by the line they begin on")
    func lines() throws {
        let found = try rows(Array("a\n\"b\nc\"\n\nd\n".utf8))
        #expect(found.map(\.line) == [1, 2, 5])
    }

    @Test("a byte order mark is no part of the first field")
    func byteOrderMark() throws {
        for pieces in [1, 2, 1000] {
            #expect(try fields("\u{FEFF}\"编码\",名称\n", pieces: pieces) == [["编码", "名称"]])
            #expect(try fields("\u{FEFF}", pieces: pieces).isEmpty)
        }
    }

    @Test("GB18030 is recognised by the first row that is not ASCII, and decoded")
    func gb18030() throws {
        let text = "code\n武冈市,辕门口街道\n㐀,𠀀\n"
        let bytes = try #require(TextEncoding.gb18030.encode(text))
        #expect(bytes != Array(text.utf8))
        let found = try rows(bytes).map { try $0.fields.get() }
        #expect(found == [["code"], ["武冈市", "辕门口街道"], ["㐀", "𠀀"]])
    }

    @Test("a row that does not fit the encoding of the file is told, the others are read")
    func badText() throws {
        let bytes = Array("编码\n".utf8) + [0xC4, 0xE3, 0xFF, 0x0A] + Array("名称\na\u{0}b\nend\n".utf8)
        let found = try rows(bytes)
        #expect(found.map(\.line) == [1, 2, 3, 4, 5])
        for (index, part) in [(1, "not UTF-8"), (3, "zero byte")] {
            let error = try #require(throws: CityGridError.self) { try found[index].fields.get() }
            #expect(error.code == .invalidText)
            #expect(error.message.contains(part))
        }
        #expect(try found[2].fields.get() == ["名称"])
        #expect(try found[4].fields.get() == ["end"])
    }

    @Test(
        "a line that cannot be read costs only itself",
        arguments: [
            ("a\n\"b\nc\nd\n", 2, "not closed", ["a", "c", "d"]),
            ("a\n\"b\"x,1\nc\n", 2, "after its closing quote", ["a", "c"]),
            ("a\n" + String(repeating: "x", count: 200) + "\nc\n", 2, "longer than 100 bytes", ["a", "c"]),
            ("a\n\"" + String(repeating: "x\n", count: 80), 2, "not closed", ["a"] + Array(repeating: "x", count: 79)),
        ]
    )
    func broken(_ text: String, _ line: Int, _ part: String, _ others: [String]) throws {
        for pieces in [1, 16, 1000] {
            let found = try rows(Array(text.utf8), pieces: pieces, limit: 100)
            let bad = found.filter { (try? $0.fields.get()) == nil }
            #expect(bad.map(\.line) == [line])
            let error = try #require(throws: CityGridError.self) { try bad.first?.fields.get() }
            #expect(error.message.contains(part))
            #expect(found.compactMap { try? $0.fields.get().first } == others)
        }
    }

    @Test("a file without line ends does not fill the memory")
    func endless() throws {
        var pieces = 1000
        var reader = CSVReader(limit: 1000) {
            pieces -= 1
            return pieces < 0 ? nil : Array(repeating: 0x78, count: 1000)
        }
        var rows = 0
        while let row = try reader.next() {
            rows += 1
            #expect(throws: CityGridError.self) { try row.fields.get() }
        }
        #expect(rows > 0)
        #expect(reader.bytesRead == 1_000_000)
    }
}
