import Flow
internal import Foundation

/// Which days are holidays, which days off are worked to make up for them (调休), and when the sun rises and sets.
///
/// Days are counted from 1 January 1970 in the time of Asia/Shanghai. Holidays are published each year and never
/// computed.
public struct CityCalendar: Sendable, Hashable {
    /// The middle of Wugang in degrees, WGS-84: the place of a calendar that is told none.
    public static let wugang = (latitude: 26.73, longitude: 110.63)
    /// Days that may be listed: enough for decades, and no more than a mistyped range would bring.
    private static let mostDays = 5000

    /// Public holidays, on whatever day of the week they fall.
    public var holidays: Set<Int>
    /// Days that are worked although the week says otherwise.
    public var workdays: Set<Int>
    /// Degrees north, -65 to 65: beyond, the sun does not rise every day.
    public var latitude: Double
    /// Degrees east, -180 to 180.
    public var longitude: Double

    /// Makes a calendar; without arguments one without holidays, for Wugang.
    public init(
        holidays: Set<Int> = [],
        workdays: Set<Int> = [],
        latitude: Double = CityCalendar.wugang.latitude,
        longitude: Double = CityCalendar.wugang.longitude
    ) {
        self.holidays = holidays
        self.workdays = workdays
        self.latitude = latitude
        self.longitude = longitude
    }

    /// Whether people work on a day: make-up workdays, and Monday to Friday that are no holidays.
    func isWorkday(_ day: Int) -> Bool {
        if workdays.contains(day) { return true }
        return !holidays.contains(day) && Self.weekday(day) <= 5
    }

    /// 1 (Monday) to 7 (Sunday).
    static func weekday(_ day: Int) -> Int {
        // 1 January 1970 was a Thursday.
        ((day + 3) % 7 + 7) % 7 + 1
    }

    /// The day and the minute of the day (0…1439) in Shanghai at `time`, microseconds since the Unix epoch (UTC).
    static func local(_ time: MediaTime) -> (day: Int, minute: Int) {
        let shifted = time.microseconds + 8 * 3_600_000_000
        let minutes = Int(shifted / 60_000_000) - (shifted % 60_000_000 < 0 ? 1 : 0)
        let minute = (minutes % 1440 + 1440) % 1440
        return ((minutes - minute) / 1440, minute)
    }

    /// When the sun rises and sets on a day, minutes of the day in Shanghai; right to about two minutes.
    ///
    /// The equations are those of NOAA's solar calculator.
    func sun(on day: Int) -> (rise: Int, set: Int) {
        let turn = 2 * Double.pi * (Double(Self.dayOfYear(day)) - 1) / 365
        let equation =
            229.18
            * (0.000075 + 0.001868 * cos(turn) - 0.032077 * sin(turn) - 0.014615 * cos(2 * turn)
                - 0.040849 * sin(2 * turn))
        let declination =
            0.006918 - 0.399912 * cos(turn) + 0.070257 * sin(turn) - 0.006758 * cos(2 * turn)
            + 0.000907 * sin(2 * turn) - 0.002697 * cos(3 * turn) + 0.00148 * sin(3 * turn)
        let north = latitude * .pi / 180
        let height = cos(90.833 * Double.pi / 180) / (cos(north) * cos(declination)) - tan(north) * tan(declination)
        let half = acos(min(1, max(-1, height))) * 180 / .pi
        let noon = 720 - 4 * longitude - equation + 480
        return (Int((noon - 4 * half).rounded()), Int((noon + 4 * half).rounded()))
    }

    private static func dayOfYear(_ day: Int) -> Int {
        let year = date(of: day).year
        return day - number(year: year, month: 1, day: 1) + 1
    }

    /// Days since 1 January 1970 of a date of the Gregorian calendar.
    static func number(year: Int, month: Int, day: Int) -> Int {
        // Counted from 1 March, so that the leap day is the last of its year.
        let shifted = month > 2 ? year : year - 1
        let fromMarch = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + fromMarch - 719_468
    }

    /// The date of a day from the year 1 on.
    static func date(of day: Int) -> (year: Int, month: Int, day: Int) {
        var year = 1970 + day / 366 - 1
        while number(year: year + 1, month: 1, day: 1) <= day { year += 1 }
        var month = 1
        while month < 12, number(year: year, month: month + 1, day: 1) <= day { month += 1 }
        return (year, month, day - number(year: year, month: month, day: 1) + 1)
    }

    /// Reads days as settings give them: `2026-10-01..2026-10-07, 2027-01-01`.
    ///
    /// - Throws: `DetectionError` with code `invalidSchedule` that names the day that is none.
    public static func days(_ text: String) throws(DetectionError) -> Set<Int> {
        var days = Set<Int>()
        for part in text.split(separator: ",") {
            let word = part.trimmingCharacters(in: .whitespaces)
            guard !word.isEmpty else { continue }
            let ends = word.components(separatedBy: "..").map(day)
            guard ends.count <= 2, let first = ends.first ?? nil, let last = ends.last ?? nil, first <= last else {
                throw DetectionError(
                    .invalidSchedule,
                    "'\(word)' is no day: write 2026-10-01, or 2026-10-01..2026-10-07 for a range"
                )
            }
            guard days.count + last - first < mostDays else {
                throw DetectionError(.invalidSchedule, "'\(word)': more than \(mostDays) days; check the years")
            }
            days.formUnion(first...last)
        }
        return days
    }

    private static func day(_ text: String) -> Int? {
        let parts = text.trimmingCharacters(in: .whitespaces).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.map(\.count) == [4, 2, 2], let year = Int(parts[0]), let month = Int(parts[1]),
            let day = Int(parts[2]), year >= 1970, (1...12).contains(month), day >= 1
        else { return nil }
        let number = number(year: year, month: month, day: day)
        let back = date(of: number)
        return back == (year, month, day) ? number : nil
    }
}
