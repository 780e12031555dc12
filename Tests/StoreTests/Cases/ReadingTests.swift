import Testing

@testable import Store

@Suite struct ReadingTests {
    @Test("what a person types is found literally")
    func pattern() {
        #expect(QueryBuilder.pattern("50%_a\\b") == "%50\\%\\_a\\\\b%")
    }

    @Test(
        "a cursor is read as it was written, and anything else is the start",
        arguments: [
            nil, "", "x", "1", "1.x", "1.2.3", "999999999999999999999.1", "9000000000000000000.1",
        ]
    )
    func cursor(text: String?) {
        #expect(TimeCursor(text) == nil)
        let written = TimeCursor(microseconds: 1_700_000_000_123_456, id: 42).text
        #expect(TimeCursor(written).map { [$0.microseconds, Int64($0.id)] } == [1_700_000_000_123_456, 42])
    }

    @Test(
        "announcements are read by kind and key",
        arguments: [
            ("case 12", ChangeKey(kind: .hazardCase, id: "12")),
            ("camera cam-1", ChangeKey(kind: .camera, id: "cam-1")),
            ("task", nil), ("wall 3", nil), ("", nil),
        ]
    )
    func announcements(payload: String, key: ChangeKey?) {
        #expect(ChangeKey(payload: payload) == key)
    }

    @Test("a listener hears of his grids and of his post's tasks, restricted ones only with the right")
    func listeners() {
        func change(grid: Int?, posts: [Int] = [], restricted: Bool = false) -> ChangeAudience {
            ChangeAudience(
                key: ChangeKey(kind: .hazardCase, id: "1"),
                gridID: grid,
                postIDs: posts,
                isRestricted: restricted
            )
        }
        let worker = ChangeListener(postID: 5, gridIDs: [4], seesRestricted: false)
        #expect(worker.mayHear(change(grid: 4)))
        #expect(worker.mayHear(change(grid: 9, posts: [5])))
        #expect(!worker.mayHear(change(grid: 9, posts: [6])))
        #expect(!worker.mayHear(change(grid: nil)))
        #expect(!worker.mayHear(change(grid: 4, restricted: true)))
        let office = ChangeListener(postID: nil, gridIDs: [], seesRestricted: true)
        #expect(office.mayHear(change(grid: nil, restricted: true)))
    }
}
