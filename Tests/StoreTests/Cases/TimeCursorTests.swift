import Testing

@testable import Store

@Suite struct TimeCursorTests {
    @Test("a cursor is read as it was written")
    func whole() throws {
        let cursor = try #require(TimeCursor(TimeCursor(microseconds: -1_700_000_000_000_000, id: 7).text))
        #expect(cursor.microseconds == -1_700_000_000_000_000 && cursor.id == 7)
    }

    @Test(
        "whatever a visitor sends in its place is no cursor, and ends nothing",
        arguments: [
            "-9223372036854775808.1", "9223372036854775807.1", "9223372036854775808.1", "1.9223372036854775808",
            "250000000000000001.1",
            "-210000000000000001.1",
            "1", ".", "1.", ".1", "a.b", "", "1.2.3", "１.２", "+1.+", "0x1.1",
        ]
    )
    func wrong(text: String) {
        #expect(TimeCursor(text) == nil)
    }
}
