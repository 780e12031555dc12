import Flow
import Foundation
import Testing

@testable import Detection

@Suite struct ScheduleTests {
    private let minutesInWeek = 7 * 1440

    /// Marks every minute of the week that a window covers, one by one.
    private func oracle(_ windows: [(Set<Int>, Int, Int)]) -> Set<Int> {
        var on = Set<Int>()
        for (days, from, to) in windows {
            for day in days {
                var minute = from
                repeat {
                    on.insert(((day - 1) * 1440 + minute) % minutesInWeek)
                    minute += 1
                } while minute % 1440 != to % 1440
            }
        }
        return on
    }

    private static let schedules: [[(Set<Int>, Int, Int)]] = [
        [],
        [([1], 0, 1440)],
        [([1, 2, 3, 4, 5], 7 * 60 + 30, 9 * 60)],
        [([7], 22 * 60, 6 * 60)],
        [([1, 2, 3, 4, 5, 6, 7], 0, 0)],
        [([3], 12 * 60, 12 * 60)],
        [([6, 7], 23 * 60 + 59, 1), ([2], 100, 200), ([2], 150, 160)],
    ]

    @Test("is on in exactly the minutes that a slow count finds, over two weeks", arguments: schedules)
    func matchesOracle(windows: [(Set<Int>, Int, Int)]) throws {
        let schedule = Schedule(windows: try windows.map { try .init(days: $0.0, from: $0.1, to: $0.2) })
        let on = oracle(windows)
        // Monday 2 November 2026 00:00 in Shanghai.
        let monday: Int64 = 1_793_548_800
        var wrong = 0
        for minute in 0..<2 * minutesInWeek {
            for second in [0, 59] {
                let time = MediaTime(microseconds: (monday + Int64(minute * 60 + second)) * 1_000_000 + 999_999)
                if schedule.contains(time) != on.contains(minute % minutesInWeek) { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test("knows day and minute in Shanghai, also before 1970")
    func local() {
        // 1970-01-01 00:00 UTC was a Thursday, 08:00 in Shanghai.
        #expect(CityCalendar.local(.zero) == (0, 8 * 60))
        #expect(CityCalendar.weekday(0) == 4)
        #expect(CityCalendar.local(MediaTime(microseconds: -1)) == (0, 8 * 60 - 1))
        #expect(CityCalendar.local(MediaTime(microseconds: -8 * 3_600_000_000 - 1)) == (-1, 1439))
        #expect(CityCalendar.local(MediaTime(seconds: 1_793_548_800)).minute == 0)
        #expect(CityCalendar.weekday(CityCalendar.local(MediaTime(seconds: 1_793_548_800)).day) == 1)
    }

    @Test("reads and writes windows")
    func coding() throws {
        let text = """
            [{"days":[1,5],"from":"22:00","to":"06:30"},{"from":"00:00","to":"24:00"},
             {"on":"workdays","from":"sunset-00:30","to":"sunrise"},{"on":"rest_days","from":"08:00","to":"sunset+01:15"}]
            """
        let schedule = try JSONDecoder().decode(Schedule.self, from: Data(text.utf8))
        #expect(schedule.windows[0] == (try .init(days: [1, 5], from: 1320, to: 390)))
        #expect(schedule.windows[1] == (try .init(days: [1, 2, 3, 4, 5, 6, 7], from: 0, to: 1440)))
        #expect(schedule.windows[2] == (try .init(days: .workdays, from: .sunset(-30), to: .sunrise(0))))
        #expect(schedule.windows[3] == (try .init(days: .restDays, from: .clock(480), to: .sunset(75))))
        #expect(try JSONDecoder().decode(Schedule.self, from: JSONEncoder().encode(schedule)) == schedule)
    }

    @Test(
        "refuses days and times that do not exist",
        arguments: [
            #"[{"days":[0],"from":"01:00","to":"02:00"}]"#, #"[{"days":[8],"from":"01:00","to":"02:00"}]"#,
            #"[{"days":[],"from":"01:00","to":"02:00"}]"#, #"[{"from":"24:00","to":"02:00"}]"#,
            #"[{"from":"1:00","to":"02:00"}]"#, #"[{"from":"01:60","to":"02:00"}]"#,
            #"[{"from":"01:00","to":"24:01"}]"#, #"[{"from":"noon","to":"02:00"}]"#,
            #"[{"from":"sunset-13:00","to":"02:00"}]"#, #"[{"from":"sunset30","to":"02:00"}]"#,
            #"[{"on":"fridays","from":"01:00","to":"02:00"}]"#,
            #"[{"on":"workdays","days":[1],"from":"01:00","to":"02:00"}]"#,
        ]
    )
    func refused(text: String) {
        #expect(throws: DetectionError.self) { try JSONDecoder().decode(Schedule.self, from: Data(text.utf8)) }
    }
}
