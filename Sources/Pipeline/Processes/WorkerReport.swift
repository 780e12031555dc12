public import Flow
import Foundation

/// What an ingest process tells its parent about itself every second, over the pipe between them.
///
/// One line of JSON; also its sign of life.
public struct WorkerReport: Sendable, Codable {
    /// What is wrong, by part; see `HealthBoard`.
    public var problems: [String: String]
    /// Loops that give no sign of life; while there are any, the worker counts as hanging.
    public var silentLoops: [String]
    /// The metrics of the process.
    public var metrics: [MetricSample]

    /// Makes a report.
    public init(problems: [String: String], silentLoops: [String], metrics: [MetricSample]) {
        self.problems = problems
        self.silentLoops = silentLoops
        self.metrics = metrics
    }

    /// The report as one line, with its end.
    func line() throws -> Data {
        try JSONEncoder().encode(self) + Data("\n".utf8)
    }
}

/// Cuts what comes out of a worker's pipe into reports.
///
/// A line that is too long or no report is passed over: a worker that writes nonsense gives no sign of life.
struct WorkerReportReader {
    /// Longest line that is taken, bytes.
    static let limit = 1 << 20

    private var pending = Data()
    private var isSkipping = false

    /// Takes bytes and gives the reports that are complete now.
    mutating func take(_ bytes: Data) -> [WorkerReport] {
        var reports: [WorkerReport] = []
        pending.append(bytes)
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = pending[pending.startIndex..<end]
            if !isSkipping, let report = try? JSONDecoder().decode(WorkerReport.self, from: line) {
                reports.append(report)
            }
            isSkipping = false
            pending = Data(pending[pending.index(after: end)...])
        }
        if pending.count > Self.limit {
            pending = Data()
            isSkipping = true
        }
        return reports
    }
}
