public import Flow
import Foundation
public import Live
public import Logging
public import ServiceLifecycle
import Synchronization

/// The child's end of the pipe to its parent: tells every second how the worker does, and notices that the parent died.
///
/// It has a thread of its own: a sign of life must not wait behind the reading of a registry. That tasks get their turn
/// is one of the things that it tells.
public final class ProcessReporter: Service {
    /// Seconds between reports.
    private static let interval = 1.0
    /// Longest time for which the process's tasks may not get a turn, seconds; reading a large registry takes one core
    /// seconds, and on a busy machine a minute.
    private static let longestSilence = 180.0

    private let pipeline: Pipeline
    private let meter: Meter
    private let logger: Logger
    private let clocks = Clocks.system
    private let tasks: Heartbeat
    private let isOver = Atomic<Bool>(false)
    private let hasLostParent = Atomic<Bool>(false)

    /// Makes a reporter of `pipeline`.
    public init(pipeline: Pipeline, meter: Meter, logger: Logger) {
        self.pipeline = pipeline
        self.meter = meter
        self.logger = logger
        self.tasks = Heartbeat(name: "tasks", limit: Self.longestSilence, now: clocks.monotonic())
    }

    /// Reports until the service group stops, or stops the group when nobody reads any more.
    ///
    /// A worker without its parent would go on with cameras that its successor reads too, and nobody could stop it.
    ///
    /// - Throws: `POSIXError` when the parent has gone.
    public func run() async throws {
        let descriptor = ChildProcess.reportDescriptor
        NamedThread.start("reporter") { [self] in report(to: descriptor) }
        defer { isOver.store(true, ordering: .relaxed) }
        try await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                tasks.touch(now: clocks.monotonic())
                guard !hasLostParent.load(ordering: .relaxed) else { throw POSIXError(.EPIPE) }
                try? await Task.sleep(for: .seconds(Self.interval))
            }
        }
    }

    private func report(to descriptor: Int32) {
        while !isOver.load(ordering: .relaxed) {
            pipeline.lookForHangs()
            pipeline.lookForStandstill()
            let silent = pipeline.silentLoops() + (tasks.isSilent(now: clocks.monotonic()) ? [tasks.name] : [])
            let report = ProcessReport(
                problems: pipeline.health.current,
                silentLoops: silent,
                metrics: meter.samples()
            )
            guard let line = try? report.line(), Self.send(line, to: descriptor) else {
                logger.critical("the parent process has gone: this worker stops")
                hasLostParent.store(true, ordering: .relaxed)
                return
            }
            Thread.sleep(forTimeInterval: Self.interval)
        }
    }

    /// Writes what fits; false when nobody is there to read it.
    static func send(_ line: Data, to descriptor: Int32) -> Bool {
        signal(SIGPIPE, SIG_IGN)
        // A parent that hangs must not hang its worker: what does not fit is left out.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        var rest = line
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Half a line stays half a line: the reader passes over what is no report.
                return errno == EAGAIN
            }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
