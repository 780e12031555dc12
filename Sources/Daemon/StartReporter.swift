import Flow
import Foundation

/// Gives signs of life while an ingest process starts, before its `ProcessReporter` does.
///
/// A spool of some million alerts takes a minute to check, a damaged one some minutes to save. Without a sign the parent
/// would end the process as one that hangs, and the next one, too: for ever, with its cameras unwatched.
public enum StartReporter {
    /// Seconds between signs.
    private static let interval = 1.0
    /// Seconds for which a start may take; longer than that it hangs.
    private static let limit = 3600.0
    /// Seconds after which the parent is told what takes so long.
    private static let patience = 5.0

    /// Gives signs until `body` has returned or thrown; then the pipe is free for others.
    ///
    /// `descriptor`: the pipe to the parent.
    ///
    /// - Throws: What `body` throws.
    public static func during<R>(_ body: () throws -> R) rethrows -> R {
        try during(descriptor: ChildProcess.reportDescriptor, clocks: .system, body)
    }

    static func during<R>(descriptor: Int32, clocks: Clocks, _ body: () throws -> R) rethrows -> R {
        let (isOver, finished) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let began = clocks.monotonic()
        NamedThread.start("start-reporter") {
            repeat {
                let time = clocks.monotonic() - began
                guard time < limit, tell(after: time, descriptor) else { break }
            } while isOver.wait(timeout: .now() + interval) == .timedOut
            finished.signal()
        }
        defer {
            isOver.signal()
            finished.wait()
        }
        return try body()
    }

    /// False when nobody reads any more.
    private static func tell(after seconds: Double, _ descriptor: Int32) -> Bool {
        let problem =
            "this ingest process has been starting for \(Int(seconds)) s: it checks the alerts that wait on its disk; its "
            + "cameras are not watched yet"
        let report = ProcessReport(
            problems: seconds < patience ? [:] : ["start": problem],
            silentLoops: [],
            metrics: []
        )
        guard let line = try? report.line() else { return true }
        return ProcessReporter.send(line, to: descriptor)
    }
}
