import Testing

@testable import Cases

@Suite struct CaseNumberTests {
    @Test(
        "the day is the day in Shanghai",
        arguments: [
            (0, "1970-01-01"),
            (-28_800_000_001, "1969-12-31"),
            (1_795_363_199_999_999, "2026-11-22"),
            (1_795_363_200_000_000, "2026-11-23"),
            (1_709_135_999_999_999, "2024-02-28"),
            (1_709_136_000_000_000, "2024-02-29"),
            (1_709_222_400_000_000, "2024-03-01"),
            (1_798_732_800_000_000, "2027-01-01"),
        ] as [(Int64, String)]
    )
    func days(microseconds: Int64, day: String) {
        #expect(CaseDay(microsecondsSinceEpoch: microseconds).description == day)
    }

    @Test("days follow each other without a gap for 60 years")
    func everyDay() throws {
        var last = CaseDay(microsecondsSinceEpoch: -28_800_000_000)
        for index in 1..<22_000 {
            let day = CaseDay(microsecondsSinceEpoch: Int64(index) * 86_400_000_000 - 28_800_000_000)
            #expect(last < day)
            #expect(CaseDay(year: day.year, month: day.month, day: day.day) == day)
            #expect(day.day == last.day + 1 || day.day == 1)
            last = day
        }
    }

    @Test("numbers go there and back")
    func roundTrip() throws {
        let day = try #require(CaseDay(year: 2026, month: 8, day: 4))
        let number = try #require(CaseNumber(day: day, sequence: 42))
        #expect(number.description == "4305812026080400042")
        #expect(CaseNumber("4305812026080400042") == number)
        #expect(CaseNumber(day: day, sequence: 99_999)?.description == "4305812026080499999")
    }

    @Test(
        "numbers that cannot be are refused",
        arguments: [
            "", "430581202608040004", "43058120260804000420",
            "4305822026080400042", "4305812026130400042", "4305812026023000042", "4305812026080400000",
            "430581202608040004x",
            "43058120260804０0042",
        ]
    )
    func refused(text: String) {
        #expect(CaseNumber(text) == nil)
    }

    @Test("sequences outside 1 to 99,999 are refused", arguments: [0, -1, 100_000])
    func outOfRange(sequence: Int) throws {
        let day = try #require(CaseDay(year: 2026, month: 8, day: 4))
        #expect(CaseNumber(day: day, sequence: sequence) == nil)
    }
}

@Suite struct DeadlineTests {
    @Test(
        "the lamp changes at 50, 80 and 100 per cent of the time",
        arguments: [
            (-1.0, Lamp.green), (0, .green), (49.9, .green), (50, .blue), (79.9, .blue), (80, .yellow), (99.9, .yellow),
            (100, .red), (500, .red),
        ]
    )
    func lamp(percent: Double, lamp: Lamp) {
        let deadline = Deadline(dispatchedAt: 1_000_000, minutes: 60)
        let now = 1_000_000 + Int64((percent * 36_000_000).rounded())
        #expect(deadline.lamp(at: now) == lamp)
    }

    @Test("what remains turns negative when overdue")
    func remaining() {
        let deadline = Deadline(dispatchedAt: 0, minutes: 2)
        #expect(deadline.remaining(at: 0) == 120_000_000)
        #expect(deadline.remaining(at: 180_000_000) == -60_000_000)
        #expect(Deadline(dispatchedAt: 5, dueAt: 5).lamp(at: 5) == .red)
    }
}
