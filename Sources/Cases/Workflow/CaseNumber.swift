/// A day in Asia/Shanghai, which is UTC+8 all year (daylight saving ended in 1991).
public struct CaseDay: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Year of the Gregorian calendar, 1 to 9999, for example 2026.
    public let year: Int
    /// Month of the year, 1 to 12.
    public let month: Int
    /// Day of the month, 1 to 31.
    public let day: Int

    /// The day on which an instant falls.
    ///
    /// - Parameter microseconds: Since the Unix epoch, UTC.
    public init(microsecondsSinceEpoch microseconds: Int64) {
        let perDay: Int64 = 86_400_000_000
        let local = microseconds + 8 * 3_600_000_000
        let days = Int(local >= 0 ? local / perDay : (local - perDay + 1) / perDay)
        // Days to a date in the Gregorian calendar, in years that begin on 1 March.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// A date of the calendar, years 1 to 9999; nil when there is no such day.
    public init?(year: Int, month: Int, day: Int) {
        let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...9999).contains(year), (1...12).contains(month), (1...lengths[month - 1]).contains(day) else {
            return nil
        }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The day as `yyyy-MM-dd`, for example 2026-03-09.
    public var description: String {
        "\(CaseNumber.pad(year, 4))-\(CaseNumber.pad(month, 2))-\(CaseNumber.pad(day, 2))"
    }

    /// True when the first day is earlier.
    public static func < (left: CaseDay, right: CaseDay) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }
}

/// The number of a case: county 430581, the day in Asia/Shanghai, five digits that count from 1 on each day.
public struct CaseNumber: Sendable, Hashable, CustomStringConvertible {
    /// County code of Wugang (GB/T 2260), with which every number begins.
    public static let county = "430581"
    /// The last number that a day has.
    public static let maximumSequence = 99_999

    /// The day of the first alert.
    public let day: CaseDay
    /// Which case of its day it is, 1 to 99,999.
    public let sequence: Int

    /// Makes a number; nil when `sequence` is out of its range.
    public init?(day: CaseDay, sequence: Int) {
        guard (1...Self.maximumSequence).contains(sequence) else { return nil }
        self.day = day
        self.sequence = sequence
    }

    /// Reads 19 digits; nil for anything else, and for a day that does not exist.
    public init?(_ text: String) {
        guard text.utf8.count == 19, text.utf8.allSatisfy({ (48...57).contains($0) }), text.hasPrefix(Self.county)
        else { return nil }
        let digits = Array(text.utf8.map { Int($0) - 48 })
        func value(_ range: Range<Int>) -> Int { digits[range].reduce(0) { $0 * 10 + $1 } }
        guard let day = CaseDay(year: value(6..<10), month: value(10..<12), day: value(12..<14)) else { return nil }
        self.init(day: day, sequence: value(14..<19))
    }

    /// The 19 digits that `init(_:)` reads.
    public var description: String {
        Self.county + Self.pad(day.year, 4) + Self.pad(day.month, 2) + Self.pad(day.day, 2) + Self.pad(sequence, 5)
    }

    static func pad(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
