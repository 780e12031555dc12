import Foundation

/// What a running farm tells a file or its parent process, a line of JSON each: where it listens, then its numbers once
/// a second, and when it ends the last ones.
public struct FarmReport: Hashable, Sendable, Codable {
    /// Seconds since the Unix epoch.
    public var time: Double
    /// True for the last one.
    public var final: Bool
    /// Where it listens; only in the first line of a process that serves a share.
    public var listening: [FarmEndpoint]?
    /// What the farm has done until then, written beside the other keys.
    public var statistics: FarmStatistics

    /// Makes a report of this moment.
    public init(_ statistics: FarmStatistics, listening: [FarmEndpoint]? = nil, final: Bool = false) {
        self.time = (Date().timeIntervalSince1970 * 1000).rounded() / 1000
        self.final = final
        self.listening = listening
        self.statistics = statistics
    }

    private enum Keys: String, CodingKey {
        case time, final, listening
    }

    /// Reads a line that `encode(to:)` wrote, in this process or another.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Keys.self)
        time = try values.decode(Double.self, forKey: .time)
        final = try values.decode(Bool.self, forKey: .final)
        listening = try values.decodeIfPresent([FarmEndpoint].self, forKey: .listening)
        statistics = try FarmStatistics(from: decoder)
    }

    /// Writes the numbers beside the time, in one flat object.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: Keys.self)
        try values.encode(time, forKey: .time)
        try values.encode(final, forKey: .final)
        try values.encodeIfPresent(listening, forKey: .listening)
        try statistics.encode(to: encoder)
    }

    /// The report as one line, with its end; names in snake case, always in the same order.
    public var line: String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return ((try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}") + "\n"
    }

    /// Reads a line; nil when it is none of ours.
    public init?(line: some StringProtocol) {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let report = try? decoder.decode(FarmReport.self, from: Data(line.utf8)) else { return nil }
        self = report
    }
}
