import Foundation

/// Times as people in the county read them: Asia/Shanghai, which has no summer time.
enum LocalTime {
    /// Seconds east of Greenwich.
    static let offset = 8 * 3600

    /// `yyyy-MM-dd HH:mm`.
    static func minute(_ date: Date) -> String {
        let parts = civil(date)
        return "\(parts.day) \(parts.time.prefix(5))"
    }

    /// `yyyy-MM-dd HH:mm:ss`.
    static func second(_ date: Date) -> String {
        let parts = civil(date)
        return "\(parts.day) \(parts.time)"
    }

    /// `MM-dd HH:mm`.
    static func short(_ date: Date) -> String { String(minute(date).dropFirst(5)) }

    /// Time of the day, `HH:mm`.
    static func clock(_ date: Date) -> String { String(civil(date).time.prefix(5)) }

    /// RFC 3339 in UTC, for scripts.
    static func machine(_ date: Date) -> String { date.formatted(.iso8601) }

    private static func civil(_ date: Date) -> (day: String, time: String) {
        // The ISO form in UTC of the shifted instant reads like the local clock.
        let text = date.addingTimeInterval(TimeInterval(offset)).formatted(.iso8601)
        return (String(text.prefix(10)), String(text.dropFirst(11).prefix(8)))
    }
}
