import Flow
import Testing

@testable import Store

@Suite struct AlertRowTests {
    static let statements = [
        statement("a", score: 0.4, picture: "1"),
        statement("a", stated: 1, score: 0.9),
        statement("a", stated: 2, score: 0.6, box: NormalizedRect(x: 0.5, y: 0, width: 0.1, height: 0.1), picture: "2"),
        statement("a", stated: 2, score: 0.6, box: NormalizedRect(x: 0.4, y: 0, width: 0.1, height: 0.1)),
        statement("a", ended: 3, score: 0.2),
    ]

    @Test("statements fold into the same row in any order and however often they come")
    func anyOrder() {
        let expected = AlertRow.rows(of: Self.statements)
        #expect(expected.count == 1)
        for order in Self.permutations(Array(Self.statements.indices)) {
            let records = order.map { Self.statements[$0] }
            #expect(AlertRow.rows(of: records) == expected)
            #expect(AlertRow.rows(of: records + records) == expected)
        }
    }

    @Test("the row has the highest score, the newest box, the first and the last picture and the end")
    func content() throws {
        let row = try #require(AlertRow.rows(of: Self.statements).first)
        #expect(row.score == Double(Float(0.9)))
        #expect(row.endedAt == row.startedAt + 180_000_000)
        #expect(row.newest.statedAt == row.endedAt)
        #expect(row.picture?.evidence.sha256.first == "2")
        #expect(row.firstPicture?.evidence.sha256.first == "1")
    }

    typealias Change = @Sendable (inout AlertRecord) -> Void

    static let changes: [(String, Change)] = [
        ("not a UUID", { $0.id = "x" }), ("not a UUID", { $0.id = $0.id.uppercased() }),
        ("empty", { $0.rule = "" }), ("NUL", { $0.kind = "a\0" }), ("severity 0", { $0.severity = 0 }),
        ("score nan", { $0.score = .nan }), ("score 1.1", { $0.score = 1.1 }),
        ("not finite", { $0.box.x = .infinity }), ("1970 to 2199", { $0.startedAt = MediaTime(microseconds: .max) }),
        ("hash", { $0.evidence?.sha256 = "AB" }), ("path", { $0.evidence?.path = "" }),
        ("size", { $0.evidence?.bytes = -1 }),
    ]

    @Test("statements that no column can hold are told apart", arguments: changes)
    func problems(reason: String, change: Change) {
        var record = statement("a", picture: "1")
        #expect(AlertInspection.problem(of: record) == nil)
        change(&record)
        #expect(AlertInspection.problem(of: record)?.contains(reason) == true)
        #expect(AlertInspection.json(record).count > 10)
        #expect(!AlertInspection.json(record).contains("\\u0000"))
    }

    private static func permutations(_ items: [Int]) -> [[Int]] {
        guard let first = items.first else { return [[]] }
        return permutations(Array(items.dropFirst())).flatMap { rest in
            (0...rest.count).map { Array(rest.prefix($0)) + [first] + Array(rest.dropFirst($0)) }
        }
    }
}
