extension Schedule.Window: Codable {
    private enum CodingKeys: String, CodingKey {
        case days
        case on
        case from
        case to
    }

    /// Reads `{"days": […], "from": "HH:mm", "to": "HH:mm"}`; without `days` and `on` it is every day.
    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        let from = try values.decode(String.self, forKey: .from)
        let to = try values.decode(String.self, forKey: .to)
        try self.init(days: Self.days(values), from: Schedule.Edge(from), to: Schedule.Edge(to))
    }

    private static func days(_ values: KeyedDecodingContainer<CodingKeys>) throws -> Schedule.Days {
        let days = try values.decodeIfPresent([Int].self, forKey: .days)
        guard let name = try values.decodeIfPresent(String.self, forKey: .on) else {
            return .week(Set(days ?? [1, 2, 3, 4, 5, 6, 7]))
        }
        guard days == nil else {
            throw DetectionError(.invalidSchedule, "a window has either 'days' or 'on', not both")
        }
        switch name {
        case "workdays": return .workdays
        case "rest_days": return .restDays
        default: throw DetectionError(.invalidSchedule, "on '\(name)': known are workdays and rest_days")
        }
    }

    /// Writes what `init(from:)` reads; every day is written as seven `days`.
    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        switch days {
        case .week(let days): try values.encode(days.sorted(), forKey: .days)
        case .workdays: try values.encode("workdays", forKey: .on)
        case .restDays: try values.encode("rest_days", forKey: .on)
        }
        try values.encode(from.text, forKey: .from)
        try values.encode(to.text, forKey: .to)
    }
}

extension Schedule.Edge {
    /// Reads a time of day: `22:00`, `sunrise`, `sunset-00:30`.
    init(_ text: String) throws(DetectionError) {
        for (name, make) in [("sunrise", Schedule.Edge.sunrise), ("sunset", Schedule.Edge.sunset)]
        where text.hasPrefix(name) {
            let rest = text.dropFirst(name.count)
            if rest.isEmpty {
                self = make(0)
                return
            }
            if let sign = rest.first, sign == "+" || sign == "-", let minutes = Self.minutes(rest.dropFirst()) {
                self = make(sign == "-" ? -minutes : minutes)
                return
            }
        }
        guard let minute = Self.minutes(text[...]) else {
            throw DetectionError(
                .invalidSchedule,
                "time of day '\(text)': write HH:mm, 00:00 to 24:00, or sunrise, sunset, sunset-00:30"
            )
        }
        self = .clock(minute)
    }

    /// The form that `init(_:)` reads.
    var text: String {
        switch self {
        case .clock(let minute): Self.text(minute)
        case .sunrise(let offset): "sunrise" + Self.signed(offset)
        case .sunset(let offset): "sunset" + Self.signed(offset)
        }
    }

    private static func minutes(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2,
            parts.allSatisfy({ $0.utf8.count == 2 && $0.utf8.allSatisfy({ (48...57).contains($0) }) }),
            let hour = Int(parts[0]), let minute = Int(parts[1]), minute < 60, hour * 60 + minute <= 1440
        else { return nil }
        return hour * 60 + minute
    }

    private static func signed(_ offset: Int) -> String {
        offset == 0 ? "" : (offset < 0 ? "-" : "+") + text(abs(offset))
    }

    private static func text(_ minute: Int) -> String {
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return two(minute / 60) + ":" + two(minute % 60)
    }
}
