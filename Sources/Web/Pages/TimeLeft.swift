import Cases
import Foundation

/// How much time is left until a deadline, as lamp and words.
struct TimeLeft {
    /// `green`, `blue`, `yellow`, `red`, or `none` without a deadline.
    let lamp: String
    /// For example `剩余 1 小时 20 分`.
    let text: String

    init(deadline: Date?, from start: Date, now: Date = Date(), _ strings: Strings) {
        guard let deadline else {
            self.lamp = "none"
            self.text = strings["no_deadline"]
            return
        }
        let left = deadline.timeIntervalSince(now)
        let due = Deadline(dispatchedAt: Self.microseconds(start), dueAt: Self.microseconds(deadline))
        self.lamp = due.lamp(at: Self.microseconds(now)).rawValue
        let words = Self.words(seconds: abs(left), strings)
        self.text = (left < 0 ? strings["time_over"] : strings["time_left"]).replacing("{time}", with: words)
    }

    private static func microseconds(_ date: Date) -> Int64 { Int64(date.timeIntervalSince1970 * 1_000_000) }

    /// The two largest units, for example `2 天 3 小时`.
    static func words(seconds: Double, _ strings: Strings) -> String {
        let minutes = Int(min(seconds, 1e9) / 60)
        let (days, hours) = (minutes / 1440, minutes / 60 % 24)
        let units = [
            (days, strings["unit_day"]), (hours, strings["unit_hour"]), (minutes % 60, strings["unit_minute"]),
        ]
        let shown = units.drop { $0.0 == 0 }.prefix(2).filter { $0.0 > 0 }
        return shown.isEmpty ? "0 \(strings["unit_minute"])" : shown.map { "\($0.0) \($0.1)" }.joined(separator: " ")
    }
}
