/// The `Range` header in normal play time (RFC 2326, 3.6 and 12.29).
public struct RangeHeader: Hashable, Sendable {
    /// Where playing starts.
    public enum Start: Hashable, Sendable {
        /// At the live edge.
        case now
        /// So many seconds after the beginning.
        case seconds(Double)
    }

    /// Where playing starts.
    public var start: Start
    /// Where it ends, in seconds after the beginning; nil for never.
    public var end: Double?

    /// From the live edge on.
    public static let live = RangeHeader(start: .now)

    /// Makes a range.
    public init(start: Start, end: Double? = nil) {
        self.start = start
        self.end = end
    }

    /// Reads a header value; nil when it is not a range in normal play time.
    public init?(_ value: String) {
        guard let unit = value.splitOutsideQuotes(";").first?.nameAndValue, unit.name == "npt" else { return nil }
        guard let dash = unit.value.firstIndex(of: "-") else { return nil }
        let from = unit.value[..<dash].trimmed
        let to = unit.value[unit.value.index(after: dash)...].trimmed
        if from == "now" {
            self.start = .now
        } else if let seconds = Self.seconds(from.isEmpty ? "0" : from) {
            self.start = .seconds(seconds)
        } else {
            return nil
        }
        guard !to.isEmpty else { return }
        guard let end = Self.seconds(to) else { return nil }
        self.end = end
    }

    /// `12.5` or `1:02:03.5`.
    private static func seconds(_ text: String) -> Double? {
        var total = 0.0
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 1 || parts.count == 3 else { return nil }
        for part in parts {
            guard let value = Double(part), value >= 0, value.isFinite else { return nil }
            total = total * 60 + value
        }
        return total
    }

    /// The range as it stands in a header.
    public var headerValue: String {
        let to = end.map { String($0) } ?? ""
        switch start {
        case .now: return "npt=now-\(to)"
        case .seconds(let seconds): return "npt=\(seconds)-\(to)"
        }
    }
}
