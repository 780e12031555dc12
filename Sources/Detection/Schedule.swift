public import Flow

/// When a rule is on: any number of weekly windows in the time of Asia/Shanghai (UTC+8, no daylight saving).
///
/// Written as a list of `{"days": [1, 2], "from": "22:00", "to": "06:00"}`; day 1 is Monday. An empty list is never on.
public struct Schedule: Sendable, Hashable, Codable {
    /// The same hours on some days of the week.
    public struct Window: Sendable, Hashable {
        /// Days on which the window begins, 1 (Monday) to 7 (Sunday).
        public var days: Set<Int>
        /// First minute of the day, 0…1439.
        public var from: Int
        /// Minute before which it ends, 0…1440; at or before `from` means on the next day.
        public var to: Int

        /// Makes a window.
        ///
        /// - Throws: `DetectionError` with code `invalidSchedule` when there is no day or a number is out of range.
        public init(days: Set<Int>, from: Int, to: Int) throws(DetectionError) {
            guard !days.isEmpty, days.allSatisfy({ (1...7).contains($0) }) else {
                let text = days.sorted().map(String.init).joined(separator: ", ")
                throw DetectionError(.invalidSchedule, "days [\(text)]: allowed are 1 (Monday) to 7, at least one")
            }
            guard (0..<1440).contains(from), (0...1440).contains(to) else {
                throw DetectionError(.invalidSchedule, "minutes \(from) to \(to): allowed are 0…1439 and 0…1440")
            }
            self.days = days
            self.from = from
            self.to = to
        }

        /// Length in minutes, 1…1440.
        var length: Int { to > from ? to - from : to + 1440 - from }

        func contains(minuteOfWeek minute: Int) -> Bool {
            days.contains { day in
                let begin = (day - 1) * 1440 + from
                let since = (minute - begin + Schedule.minutesInWeek) % Schedule.minutesInWeek
                return since < length
            }
        }
    }

    static let minutesInWeek = 7 * 1440

    /// The windows; the schedule is on in each of them.
    public var windows: [Window]

    /// Makes a schedule from its windows.
    public init(windows: [Window]) {
        self.windows = windows
    }

    /// Tells whether the schedule is on at `time`, microseconds since the Unix epoch (UTC).
    public func contains(_ time: MediaTime) -> Bool {
        let minute = Schedule.minuteOfWeek(time)
        return windows.contains { $0.contains(minuteOfWeek: minute) }
    }

    /// Minutes since Monday 00:00 in Shanghai, 0…10079.
    static func minuteOfWeek(_ time: MediaTime) -> Int {
        let local = time.microseconds + 8 * 3_600_000_000
        let minutes = Int((local - modulo(local, 60_000_000)) / 60_000_000)
        // 1 January 1970 was a Thursday: three days into the week.
        return Int(modulo(Int64(minutes) + 3 * 1440, Int64(minutesInWeek)))
    }

    private static func modulo(_ value: Int64, _ divisor: Int64) -> Int64 {
        let rest = value % divisor
        return rest < 0 ? rest + divisor : rest
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

extension Schedule.Window: Codable {
    private enum CodingKeys: String, CodingKey {
        case days
        case from
        case to
    }

    /// Reads `{"days": […], "from": "HH:mm", "to": "HH:mm"}`; without `days` it is every day.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let days = try values.decodeIfPresent([Int].self, forKey: .days) ?? [1, 2, 3, 4, 5, 6, 7]
        let from = try values.decode(String.self, forKey: .from)
        let to = try values.decode(String.self, forKey: .to)
        try self.init(days: Set(days), from: Self.minute(from), to: Self.minute(to))
    }

    /// Writes what `init(from:)` reads.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(days.sorted(), forKey: .days)
        try values.encode(Self.text(from), forKey: .from)
        try values.encode(Self.text(to), forKey: .to)
    }

    private static func minute(_ text: String) throws(DetectionError) -> Int {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy({ (48...57).contains($0) }) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
        else {
            throw DetectionError(.invalidSchedule, "time of day '\(text)': write HH:mm, 00:00 to 24:00")
        }
        return hour * 60 + minute
    }

    private static func text(_ minute: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return two(minute / 60) + ":" + two(minute % 60)
    }
}
