public import Flow
import Foundation
public import Logging
public import ServiceLifecycle

/// The child's end of the pipe to its parent: tells every second how the worker does, and notices that the parent died.
public struct WorkerReporter: Service {
    /// Seconds between reports.
    private static let interval = 1.0

    private let pipeline: Pipeline
    private let meter: Meter
    private let logger: Logger

    /// Makes a reporter of `pipeline`.
    public init(pipeline: Pipeline, meter: Meter, logger: Logger) {
        self.pipeline = pipeline
        self.meter = meter
        self.logger = logger
    }

    /// Reports until the service group stops, or stops the group when nobody reads any more.
    ///
    /// A worker without its parent would go on with cameras that its successor reads too, and nobody could stop it.
    ///
    /// - Throws: `POSIXError` when the parent has gone.
    public func run() async throws {
        let descriptor = ChildProcess.reportDescriptor
        signal(SIGPIPE, SIG_IGN)
        // A parent that hangs must not hang its worker: what does not fit is left out.
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let report = WorkerReport(
                    problems: pipeline.health.current,
                    silentLoops: pipeline.silentLoops(),
                    metrics: meter.samples()
                )
                try send(report.line(), to: descriptor)
                try? await Task.sleep(for: .seconds(Self.interval))
            }
        }
    }

    private func send(_ line: Data, to descriptor: Int32) throws {
        var rest = line
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                // Half a line stays half a line: the reader passes over what is no report.
                if errno == EAGAIN { return }
                logger.critical("the parent process has gone: this worker stops")
                throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPIPE)
            }
            rest = rest.dropFirst(count)
        }
    }
}
