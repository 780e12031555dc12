public import Live
public import Logging
public import ServiceLifecycle

/// Tells systemd that the daemon works, as long as its core loops do.
public struct Watchdog: Service {
    private let health: HealthBoard
    private let isSilent: @Sendable () -> Bool
    private let manager: ServiceManager
    private let logger: Logger

    /// Makes it.
    ///
    /// - Parameters:
    ///   - health: What is wrong, for the line that systemd shows.
    ///   - isSilent: Whether the loop of the supervisor gives no sign of life; false where none runs.
    ///   - logger: For the operator.
    public init(health: HealthBoard, isSilent: @escaping @Sendable () -> Bool, logger: Logger) {
        self.init(health: health, isSilent: isSilent, manager: ServiceManager(), logger: logger)
    }

    init(health: HealthBoard, isSilent: @escaping @Sendable () -> Bool, manager: ServiceManager, logger: Logger) {
        self.health = health
        self.isSilent = isSilent
        self.manager = manager
        self.logger = logger
    }

    /// Tells until the service group stops it.
    public func run() async {
        let interval = min(manager.watchdogInterval ?? 10, 10)
        await cancelWhenGracefulShutdown {
            var wasSilent = false
            while !Task.isCancelled {
                // Workers that hang are the supervisor's affair; systemd restarts a supervisor that hangs. After a pause
                // of the whole process this loop may be the first to wake, so that one look alone says nothing.
                let isSilent = isSilent()
                if isSilent, wasSilent {
                    logger.critical("the supervisor of the ingest processes gives no sign of life")
                } else {
                    manager.alive()
                }
                wasSilent = isSilent
                let problems = health.current
                manager.status(problems.isEmpty ? "all well" : problems.values.sorted().joined(separator: "; "))
                try? await Task.sleep(for: .seconds(interval))
            }
        }
        manager.stopping()
    }
}
