import Testing

@testable import Web

@Suite struct PersonNameTests {
    @Test(
        "names as people have them are taken, without blanks around them",
        arguments: [("张三", "张三"), ("  李 四 ", "李 四"), ("Ǆurđa O’Neil", "Ǆurđa O’Neil"), ("𠮷野", "𠮷野")]
    )
    func taken(name: String, kept: String) throws {
        #expect(try PersonName.check(name) == kept)
    }

    @Test(
        "names that look like others, run the wrong way or are none are refused with the reason",
        arguments: [
            ("张\u{200b}三", .nameSigns), ("\u{202e}三张", .nameSigns), ("张\u{0}三", .nameSigns), ("张\n三", .nameSigns),
            ("a\u{2028}b", .nameSigns), ("", .textLength), (" \t", .textLength),
            (String(repeating: "长", count: 65), .textLength),
            ("a" + String(repeating: "\u{301}", count: 300), .textLength),
        ] as [(String, WebError.Reason)]
    )
    func refused(name: String, reason: WebError.Reason) {
        let error = #expect(throws: WebError.self) { try PersonName.check(name) }
        #expect(error?.reason == reason)
    }
}
