import CityGrid
import Foundation
import Testing

@Suite struct NumberTextTests {
    @Test(
        "full-width numbers and whole numbers as fractions are what they mean",
        arguments: [
            ("１１０．６１", "110.61"), ("－１", "-1"), ("1.0", "1"), ("430581001.000", "430581001"), ("1.50", "1.50"),
            ("1.", "1."), (".0", ".0"), ("东1.0", "东1.0"), ("43058101011320001234.0", "43058101011320001234.0"),
            ("", ""), ("1.0.0", "1.0.0"),
        ]
    )
    func plain(_ written: String, _ meant: String) {
        #expect(NumberText.plain(written) == meant)
    }

    private struct Wanted: Decodable {
        var list: [Double]
        var text: String
    }

    @Test(
        "what is wrong with JSON is said by its place, without words of programmers",
        arguments: [
            ("{\"list\": [1, 2],\n \"text\" \"a\"}", "line 2, column 9"), ("", "empty"),
            ("{\"list\": [1", "ends too early"),
            ("{\"list\": [1, \"2\"], \"text\": \"a\"}", "'list', element 2 is not a number"),
            ("{\"list\": {}, \"text\": \"a\"}", "'list' is not a list"), ("{\"list\": []}", "has no 'text'"),
            ("{\"list\": [], \"text\": 3}", "'text' is not text"), ("{\"list\": [], \"text\": null}", "'text' is null"),
            ("[]", "it is not an object"),
        ]
    )
    func problems(_ json: String, _ part: String) throws {
        let data = Data(json.utf8)
        let error = try #require(throws: DecodingError.self) { try JSONDecoder().decode(Wanted.self, from: data) }
        let sentence = JSONProblem.sentence(error, in: data)
        #expect(sentence.contains(part), "\(sentence)")
        #expect(!sentence.contains("Context") && !sentence.contains("Decod"))
    }
}
