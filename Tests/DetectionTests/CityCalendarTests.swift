import Flow
import Foundation
import Testing

@testable import Detection

@Suite struct CityCalendarTests {
    private func calendar() throws -> CityCalendar {
        CityCalendar(
            holidays: try CityCalendar.days("2026-01-01..2026-01-03, 2026-02-15..2026-02-23, 2026-10-01..2026-10-07"),
            workdays: try CityCalendar.days("2026-01-04, 2026-02-14, 2026-02-28, 2026-10-10")
        )
    }

    /// The windows that are checked minute by minute over a year.
    private static let windows: [(Schedule.Days, Schedule.Edge, Schedule.Edge)] = [
        (.week([1, 2, 3, 4, 5]), .clock(7 * 60 + 30), .clock(9 * 60)),
        (.week([7]), .clock(22 * 60), .clock(6 * 60)),
        (.workdays, .clock(22 * 60), .clock(5 * 60)),
        (.restDays, .clock(0), .clock(1440)),
        (.restDays, .sunrise(0), .sunset(0)),
        (.workdays, .sunset(-30), .sunrise(45)),
        (.week([3]), .sunrise(-600), .clock(12 * 60)),
        (.week([1, 2, 3, 4, 5, 6, 7]), .sunset(400), .clock(60)),
    ]

    @Test("is on in exactly the minutes that a slow count finds, over the whole year 2026", arguments: windows.indices)
    func everyMinuteOfAYear(index: Int) throws {
        let calendar = try calendar()
        let (days, from, to) = Self.windows[index]
        let schedule = Schedule(windows: [try .init(days: days, from: from, to: to)])
        let first = CityCalendar.number(year: 2026, month: 1, day: 1)
        let minutes = 365 * 1440
        var on = [Bool](repeating: false, count: minutes)
        for day in -2...366 where isDay(first + day, days, calendar) {
            let begin = day * 1440 + minute(from, first + day, calendar)
            var end = day * 1440 + minute(to, first + day, calendar)
            var last = day
            while end <= begin {
                last += 1
                end = last * 1440 + minute(to, first + last, calendar)
            }
            for minute in begin..<end where on.indices.contains(minute) { on[minute] = true }
        }
        var wrong = 0
        for minute in 0..<minutes {
            let utc = (Int64(first) * 1440 + Int64(minute)) * 60 - 8 * 3600
            let time = MediaTime(microseconds: utc * 1_000_000 + Int64(minute % 60) * 999_999)
            if schedule.contains(time, calendar) != on[minute] { wrong += 1 }
        }
        #expect(wrong == 0)
    }

    /// The same as `Days.contain`, told by Foundation's calendar.
    private func isDay(_ day: Int, _ days: Schedule.Days, _ calendar: CityCalendar) -> Bool {
        var gregorian = Calendar(identifier: .gregorian)
        gregorian.timeZone = TimeZone(secondsFromGMT: 0) ?? .gmt
        let weekday = gregorian.component(.weekday, from: Date(timeIntervalSince1970: Double(day) * 86_400))
        let fromMonday = weekday == 1 ? 7 : weekday - 1
        let isWorked = calendar.workdays.contains(day) || fromMonday < 6 && !calendar.holidays.contains(day)
        return switch days {
        case .week(let wanted): wanted.contains(fromMonday)
        case .workdays: isWorked
        case .restDays: !isWorked
        }
    }

    private func minute(_ edge: Schedule.Edge, _ day: Int, _ calendar: CityCalendar) -> Int {
        switch edge {
        case .clock(let minute): minute
        case .sunrise(let offset): calendar.sun(on: day).rise + offset
        case .sunset(let offset): calendar.sun(on: day).set + offset
        }
    }

    @Test("numbers days as Foundation does, there and back, over four centuries")
    func numbers() {
        var gregorian = Calendar(identifier: .gregorian)
        gregorian.timeZone = TimeZone(secondsFromGMT: 0) ?? .gmt
        for day in stride(from: 0, to: 146_097, by: 13) {
            let parts = gregorian.dateComponents(
                [.year, .month, .day],
                from: Date(timeIntervalSince1970: Double(day) * 86_400)
            )
            let date = CityCalendar.date(of: day)
            #expect(date == (parts.year ?? 0, parts.month ?? 0, parts.day ?? 0))
            #expect(CityCalendar.number(year: date.year, month: date.month, day: date.day) == day)
        }
    }

    @Test("the sun: equinoxes halve the day, summer days are longer, noon follows the longitude")
    func sun() {
        let equator = CityCalendar(latitude: 0, longitude: 120)
        let march = CityCalendar.number(year: 2026, month: 3, day: 20)
        #expect(abs(equator.sun(on: march).rise - (6 * 60 + 4)) <= 3)
        #expect(abs(equator.sun(on: march).set - (18 * 60 + 11)) <= 3)
        let wugang = CityCalendar()
        let summer = wugang.sun(on: CityCalendar.number(year: 2026, month: 6, day: 21))
        let winter = wugang.sun(on: CityCalendar.number(year: 2026, month: 12, day: 21))
        // The day's length from the declination of the solstices, 23.44 degrees, with 0.833 degrees for refraction and disc.
        #expect(abs(summer.set - summer.rise - 825) <= 5)
        #expect(abs(winter.set - winter.rise - 630) <= 5)
        // 9.37 degrees west of the zone's meridian: noon is 37 minutes later.
        #expect(abs((summer.rise + summer.set) / 2 - (12 * 60 + 37 + 2)) <= 4)
    }

    @Test("reads days and ranges, and names what is none")
    func days() throws {
        #expect(try CityCalendar.days("") == [])
        #expect(try CityCalendar.days("2028-02-28..2028-03-01").count == 3)
        for text in [
            "2026-02-29", "2026-13-01", "1.10.2026", "2026-10-07..2026-10-01", "2026-10-01..", "1970-01-01..2026-01-01",
        ] {
            let error = #expect(throws: DetectionError.self) { try CityCalendar.days(text) }
            #expect(error?.message.contains(text) == true)
        }
    }

    @Test("workdays follow holidays and make-up days")
    func workdays() throws {
        let calendar = try calendar()
        func day(_ month: Int, _ day: Int) -> Int { CityCalendar.number(year: 2026, month: month, day: day) }
        #expect(!calendar.isWorkday(day(10, 1)))
        #expect(calendar.isWorkday(day(10, 8)))
        #expect(calendar.isWorkday(day(10, 10)))
        #expect(!calendar.isWorkday(day(10, 11)))
        #expect(calendar.isWorkday(day(11, 30)))
    }
}
