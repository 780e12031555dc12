/// Instants as PostgreSQL writes them in a session with `TIME ZONE 'UTC'` and `DateStyle 'ISO'`.
enum Timestamp {
    private static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Writes microseconds since the Unix epoch as `yyyy-MM-dd HH:mm:ss.ffffff+00`.
    static func text(_ microseconds: Int64) -> String {
        let (days, rest) = floorDivide(microseconds, by: microsecondsPerDay)
        let date = civil(fromDays: days)
        let seconds = rest / 1_000_000
        let time = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { pad($0, 2) }.joined(separator: ":")
        let year = date.year > 0 ? pad(date.year, 4) : pad(1 - date.year, 4)
        let era = date.year > 0 ? "" : " BC"
        return "\(year)-\(pad(date.month, 2))-\(pad(date.day, 2)) \(time).\(pad(rest % 1_000_000, 6))+00\(era)"
    }

    /// Reads `yyyy-MM-dd[ HH:mm:ss[.ffffff]][±HH[:mm[:ss]]]`, a zone that is missing counts as UTC.
    ///
    /// - Returns: Microseconds since the Unix epoch; nil when the text is something else (`infinity` too).
    static func parse(_ text: String) -> Int64? {
        var reader = Reader(text)
        guard let year = reader.number(), reader.skip("-"), let month = reader.number(), reader.skip("-"),
            let day = reader.number(), (1...12).contains(month), (1...31).contains(day)
        else { return nil }
        var microseconds: Int64 = 0
        if reader.skip(" ") || reader.skip("T") {
            guard let time = reader.time() else { return nil }
            microseconds = time
        }
        guard let offset = reader.offset() else { return nil }
        let isBeforeChrist = reader.skip(" ") && reader.skip("B") && reader.skip("C")
        guard reader.isAtEnd else { return nil }
        let days = self.days(year: isBeforeChrist ? 1 - year : year, month: month, day: day)
        return days * microsecondsPerDay + microseconds - offset
    }

    private struct Reader {
        private var bytes: Substring.UTF8View

        init(_ text: String) {
            self.bytes = text[...].utf8
        }

        var isAtEnd: Bool { bytes.isEmpty }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard let first = bytes.first, UInt32(first) == character.value else { return false }
            bytes.removeFirst()
            return true
        }

        mutating func number() -> Int64? {
            var value: Int64 = 0
            var digits = 0
            while let byte = bytes.first, (48...57).contains(byte), digits < 9 {
                value = value * 10 + Int64(byte - 48)
                digits += 1
                bytes.removeFirst()
            }
            return digits > 0 ? value : nil
        }

        mutating func time() -> Int64? {
            guard let hour = number(), skip(":"), let minute = number(), skip(":"), let second = number() else {
                return nil
            }
            var fraction: Int64 = 0
            if skip(".") {
                var scale: Int64 = 100_000
                while let byte = bytes.first, (48...57).contains(byte) {
                    fraction += Int64(byte - 48) * scale
                    scale /= 10
                    bytes.removeFirst()
                }
            }
            return (hour * 3600 + minute * 60 + second) * 1_000_000 + fraction
        }

        mutating func offset() -> Int64? {
            let sign: Int64
            if skip("+") {
                sign = 1
            } else if skip("-") {
                sign = -1
            } else {
                _ = skip("Z")
                return 0
            }
            guard let hours = number() else { return nil }
            let minutes = skip(":") ? number() ?? 0 : 0
            let seconds = skip(":") ? number() ?? 0 : 0
            return sign * (hours * 3600 + minutes * 60 + seconds) * 1_000_000
        }
    }

    private static func pad(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ value: Int64, by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let remainder = value % divisor
        return remainder < 0 ? (value / divisor - 1, remainder + divisor) : (value / divisor, remainder)
    }

    /// Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that start on 1 March so that the
    /// leap day is the last one.
    private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let (era, yearOfEra) = floorDivide(shifted, by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(days + 719_468, by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}
