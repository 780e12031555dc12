public import Flow
import Foundation

/// What an ingest process tells its parent about itself every second, over the pipe between them.
///
/// One line of JSON; also its sign of life.
public struct ProcessReport: Sendable, Codable {
    /// What is wrong, by part; see `HealthBoard`.
    public var problems: [String: String]
    /// Loops that give no sign of life; while there are any, the worker counts as hanging.
    public var silentLoops: [String]
    /// The metrics of the process.
    public var metrics: [MetricSample]
    /// Why the process cannot start: its last words, and no sign of life; nil in all other reports.
    public var failure: String?

    /// Makes a report.
    public init(problems: [String: String], silentLoops: [String], metrics: [MetricSample]) {
        self.problems = problems
        self.silentLoops = silentLoops
        self.metrics = metrics
    }

    /// Tells the parent why this process ends before it has begun; call it from a worker only.
    ///
    /// The log has it too, but `/readyz` is the parent's: without this it would know that its child died, and not why.
    public static func tellFailure(_ error: any Error) {
        var report = ProcessReport(problems: [:], silentLoops: [], metrics: [])
        report.failure = String("\(error)".prefix(1000))
        guard let line = try? report.line() else { return }
        _ = line.withUnsafeBytes { write(ChildProcess.reportDescriptor, $0.baseAddress, $0.count) }
    }

    /// The report as one line, with its end.
    func line() throws -> Data {
        try JSONEncoder().encode(self) + Data("\n".utf8)
    }
}

/// Cuts what comes out of a worker's pipe into reports.
///
/// A line that is too long or no report is passed over: a worker that writes nonsense gives no sign of life.
struct ProcessReportReader {
    /// Longest line that is taken, bytes.
    static let limit = 1 << 20

    private var pending = Data()
    private var isSkipping = false

    /// Takes bytes and gives the reports that are complete now.
    mutating func take(_ bytes: Data) -> [ProcessReport] {
        var reports: [ProcessReport] = []
        pending.append(bytes)
        while let end = pending.firstIndex(of: UInt8(ascii: "\n")) {
            let line = pending[pending.startIndex..<end]
            if !isSkipping, let report = try? JSONDecoder().decode(ProcessReport.self, from: line) {
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
