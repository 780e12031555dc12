import Foundation

/// A weekly window in which a sampling override holds, in the form of the schedule of a rule.
///
/// Times are those of Asia/Shanghai, `HH:mm`; an end at or before the start means the next day.
struct SamplingWindow: Codable, Sendable, Hashable {
    /// Windows of one override at most.
    static let maximumCount = 14

    /// Days on which the window begins, 1 (Monday) to 7 (Sunday); nil for every day.
    let days: [Int]?
    /// First minute, `00:00` to `23:59`.
    let from: String
    /// Minute before which it ends, `00:00` to `24:00`.
    let to: String

    /// The windows as the database keeps them; nil for no windows, which means always.
    ///
    /// - Throws: `WebError` with `invalid` for days or times that do not exist, or too many windows.
    static func text(_ windows: [SamplingWindow]?) throws -> String? {
        guard let windows, !windows.isEmpty else { return nil }
        guard windows.count <= maximumCount, windows.allSatisfy(\.isPossible) else {
            throw WebError(.invalid, .samplingWindow)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(windows.map(\.canonical)), as: UTF8.self)
    }

    /// Reads what the database keeps; nil for always or for what cannot be read.
    static func windows(_ text: String?) -> [SamplingWindow]? {
        guard let text else { return nil }
        return try? JSONDecoder().decode([SamplingWindow].self, from: Data(text.utf8))
    }

    /// Every day of the window, in order.
    var allDays: [Int] { Set(days ?? Array(1...7)).sorted() }

    /// The same windows are the same text, so that the database finds them again.
    private var canonical: SamplingWindow { SamplingWindow(days: allDays, from: from, to: to) }

    private var isPossible: Bool {
        guard let start = Self.minute(from), let end = Self.minute(to) else { return false }
        let known = days ?? [1]
        return start < 1440 && end <= 1440 && (1...7).contains(known.count) && known.allSatisfy { (1...7).contains($0) }
    }

    private static func minute(_ text: String) -> Int? {
        guard let match = text.wholeMatch(of: /([0-2][0-9]):([0-5][0-9])/),
            let hour = Int(match.output.1), let minute = Int(match.output.2)
        else { return nil }
        return hour * 60 + minute
    }
}
