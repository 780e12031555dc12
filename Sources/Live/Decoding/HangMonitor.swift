import Flow
import Logging
import Synchronization

/// Ends this process when one of its threads stands in one piece of work for good, so that its parent starts a new one and
/// the camera gets the strike; see docs/adr/0039-a-hang-is-a-crash.md.
final class HangMonitor: Sendable {
    private let crumbs: Breadcrumbs
    private let clocks: Clocks
    private let logger: Logger
    private let watch = Mutex(HangDetector())

    init(crumbs: Breadcrumbs, logger: Logger, clocks: Clocks = .system) {
        self.crumbs = crumbs
        self.clocks = clocks
        self.logger = logger
    }

    /// Looks once; call it once a second.
    ///
    /// - Parameter workers: Whose threads are excused while they are slow only.
    func look(_ workers: DecodeWorkers) {
        guard let report = crumbs.report() else { return }
        let found = watch.withLock { watch in
            watch.look(report.working, now: clocks.monotonic()) { KernelUsage(thread: $0) }
        }
        workers.excuse(found.busy)
        guard let hung = found.hung else { return }
        logger.critical(
            "a thread does not come back from one piece of work: this process ends, its parent starts another one",
            metadata: ["camera": "\(hung.camera)", "activity": "\(hung.activity)"]
        )
        crumbs.accuse(hung.thread)
    }
}
