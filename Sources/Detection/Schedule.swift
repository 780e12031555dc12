public import Flow

/// When a rule is on: any number of windows in the time of Asia/Shanghai (UTC+8, no daylight saving).
///
/// Written as a list of `{"days": [1, 2], "from": "22:00", "to": "06:00"}`; day 1 is Monday. Instead of `days` a window
/// may have `"on": "workdays"` or `"on": "rest_days"`, which follow the city's holidays and make-up workdays, and
/// instead of a time of day `"sunrise"`, `"sunset-00:30"` or `"sunset+01:00"`. An empty list is never on.
public struct Schedule: Sendable, Hashable, Codable {
    /// The days on which a window begins.
    enum Days: Sendable, Hashable {
        /// Days of the week, 1 (Monday) to 7 (Sunday).
        case week(Set<Int>)
        /// Days on which people work.
        case workdays
        /// All others: weekends and holidays.
        case restDays

        func contain(_ day: Int, _ calendar: CityCalendar) -> Bool {
            switch self {
            case .week(let days): days.contains(CityCalendar.weekday(day))
            case .workdays: calendar.isWorkday(day)
            case .restDays: !calendar.isWorkday(day)
            }
        }
    }

    /// Where a window begins or ends.
    enum Edge: Sendable, Hashable {
        /// A minute of the day, 0…1440.
        case clock(Int)
        /// Minutes after sunrise; negative: before it.
        case sunrise(Int)
        /// Minutes after sunset; negative: before it.
        case sunset(Int)

        /// Minutes from the beginning of `day`.
        func minute(on day: Int, _ calendar: CityCalendar) -> Int {
            switch self {
            case .clock(let minute): minute
            case .sunrise(let offset): calendar.sun(on: day).rise + offset
            case .sunset(let offset): calendar.sun(on: day).set + offset
            }
        }
    }

    /// The same hours on some days.
    struct Window: Sendable, Hashable {
        /// Minutes that the sun's rising and setting may be moved by.
        static let longestOffset = 720

        /// Days on which the window begins.
        var days: Days
        /// The minute with which it begins, which is in it.
        var from: Edge
        /// The minute before which it ends; at or before `from` means on the next day.
        var to: Edge

        /// Makes a window between two minutes of the day, `from` 0…1439, `to` 0…1440.
        ///
        /// - Throws: `DetectionError` with code `invalidSchedule` when there is no day or a number is out of range.
        init(days: Set<Int>, from: Int, to: Int) throws(DetectionError) {
            try self.init(days: .week(days), from: .clock(from), to: .clock(to))
        }

        /// Makes a window.
        ///
        /// - Throws: `DetectionError` with code `invalidSchedule` when there is no day or a number is out of range.
        init(days: Days, from: Edge, to: Edge) throws(DetectionError) {
            if case .week(let days) = days, days.isEmpty || !days.allSatisfy((1...7).contains) {
                let text = days.sorted().map(String.init).joined(separator: ", ")
                throw DetectionError(.invalidSchedule, "days [\(text)]: allowed are 1 (Monday) to 7, at least one")
            }
            for (edge, range) in [(from, 0...1439), (to, 0...1440)] {
                switch edge {
                case .clock(let minute) where !range.contains(minute):
                    throw DetectionError(
                        .invalidSchedule,
                        "minute \(minute): allowed are \(range.lowerBound)…\(range.upperBound)"
                    )
                case .sunrise(let offset) where abs(offset) > Self.longestOffset,
                    .sunset(let offset) where abs(offset) > Self.longestOffset:
                    throw DetectionError(.invalidSchedule, "\(offset) minutes from the sun: allowed are 12 hours")
                default: continue
                }
            }
            self.days = days
            self.from = from
            self.to = to
        }

        /// Whether the window that begins on `day` holds a minute, counted from the beginning of that day.
        func contains(_ minute: Int, begunOn day: Int, _ calendar: CityCalendar) -> Bool {
            guard days.contain(day, calendar) else { return false }
            let begin = from.minute(on: day, calendar)
            var end = to.minute(on: day, calendar)
            // Twice for what begins after midnight, as hours after a late sunset may.
            for later in 1...2 where end <= begin { end = to.minute(on: day + later, calendar) + later * 1440 }
            return minute >= begin && minute < end
        }
    }

    /// The windows; the schedule is on in each of them.
    var windows: [Window]

    /// Makes a schedule from its windows.
    init(windows: [Window]) {
        self.windows = windows
    }

    /// Tells whether the schedule is on at `time`, microseconds since the Unix epoch (UTC).
    public func contains(_ time: MediaTime, _ calendar: CityCalendar = CityCalendar()) -> Bool {
        let (day, minute) = CityCalendar.local(time)
        // A window before sunrise may begin on the evening before, one that begins after midnight ends two days after.
        return windows.contains { window in
            (-2...1).contains { window.contains(minute - $0 * 1440, begunOn: day + $0, calendar) }
        }
    }

    /// Reads the list of windows.
    public init(from decoder: any Decoder) throws {
        windows = try decoder.singleValueContainer().decode([Window].self)
    }

    /// Writes the list of windows.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(windows)
    }
}
