public import Flow
import Foundation
import Ingest
public import Logging
public import Postgres
public import ServiceLifecycle
public import Settings
import Store
import Synchronization

/// Runs the ingest processes of this machine: starts them, watches their signs of life, starts them again when they die
/// or hang, and finds out whose stream a process died on.
///
/// A trap in Swift or a crash in FFmpeg ends a process, not the daemon; its cameras go on in the other processes within
/// the lease's time, and here as soon as the process is back. A camera that ends processes again and again goes to
/// quarantine (`Store.Quarantine`).
public final class IngestSupervisor: Service {
    /// Seconds between two looks at the processes.
    private static let interval = 0.25
    /// Longest silence of this supervisor's own loop, seconds.
    private static let longestSilence = 20.0
    /// Strikes that wait for the database at most.
    private static let strikeLimit = 256

    private struct Strike: Sendable {
        var camera: String
        var reason: String
        var at: MediaTime
    }

    private struct Slot {
        var life = WorkerLife()
        var process: ChildProcess?
        var parts: Set<String> = []
    }

    private struct State {
        var slots: [Slot]
        var strikes: [Strike] = []
    }

    private let settings: DaemonSettings
    private let executable: String
    private let arguments: @Sendable (Int) -> [String]
    private let node: String
    private let quarantine: Quarantine
    private let meter: Meter
    private let health: HealthBoard
    private let logger: Logger
    private let clocks: Clocks
    private let beat: Heartbeat
    private let state: Mutex<State>
    private let deaths: Metric
    private let running: Metric

    /// Makes a supervisor; `run` starts the processes.
    ///
    /// - Parameters:
    ///   - settings: How many processes, and where they keep their files.
    ///   - executable: The program.
    ///   - arguments: Its words for the process in a slot.
    ///   - node: Name of this machine among those that share the cameras.
    ///   - database: Where strikes go.
    ///   - meter: Gets the metrics of the processes.
    ///   - health: Gets what is wrong in them.
    ///   - logger: For the operator.
    ///   - clocks: Time.
    public init(
        settings: DaemonSettings,
        executable: String,
        arguments: @escaping @Sendable (Int) -> [String],
        node: String,
        database: PostgresPool,
        meter: Meter,
        health: HealthBoard,
        logger: Logger,
        clocks: Clocks = .system
    ) {
        self.settings = settings
        self.executable = executable
        self.arguments = arguments
        self.node = node
        self.quarantine = Quarantine(pool: database)
        self.meter = meter
        self.health = health
        self.logger = logger
        self.clocks = clocks
        self.beat = Heartbeat(name: "supervisor", limit: Self.longestSilence, now: clocks.monotonic())
        self.state = Mutex(State(slots: (0..<settings.ingest.processes).map { _ in Slot() }))
        self.deaths = meter.counter(
            "gridwatch_worker_deaths_total",
            "Ingest processes that ended without being asked to."
        )
        self.running = meter.gauge("gridwatch_workers_running", "Ingest processes that give signs of life.")
    }

    /// Whether the supervisor itself gives no sign of life.
    public var isSilent: Bool { beat.isSilent(now: clocks.monotonic()) }

    /// Supervises until the service group stops it, then stops the processes in order.
    public func run() async {
        for slot in 0..<settings.ingest.processes { handle(.wanted, slot) }
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                turn()
                await tellStrikes()
                try? await Task.sleep(for: .seconds(Self.interval))
            }
        }
        for slot in 0..<settings.ingest.processes { handle(.unwanted, slot) }
        while state.withLock({ $0.slots.contains { $0.life.state != .stopped } }) {
            turn()
            // Cancelled or not, the children end first.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + Self.interval) { continuation.resume() }
            }
        }
        await tellStrikes()
    }

    private func turn() {
        beat.touch(now: clocks.monotonic())
        for slot in 0..<settings.ingest.processes { handle(.timePassed, slot) }
        running.set(state.withLock { $0.slots.count { $0.life.state == .running } })
    }

    /// Gives the life of a process an event and does what it says.
    private func handle(_ event: WorkerLife.Event, _ slot: Int) {
        let now = clocks.monotonic()
        let (actions, process) = state.withLock { state in
            let actions = state.slots[slot].life.handle(event, now: now, random: Double.random(in: 0..<1))
            return (actions, state.slots[slot].process)
        }
        for action in actions {
            switch action {
            case .launch: launch(slot)
            case .terminate: process?.signal(SIGTERM)
            case .kill:
                logger.error("an ingest process gives no sign of life: it is killed", metadata: ["slot": "\(slot)"])
                process?.signal(SIGKILL)
            case .died(let exit, let wasHung): died(slot, exit, wasHung: wasHung)
            }
        }
    }

    /// What a process inherits.
    private static var environment: [String: String] {
        var environment = ProcessInfo.processInfo.environment
        environment["NOTIFY_SOCKET"] = nil
        // Units are made on one thread and freed on another: with an arena per thread each would keep the other's holes.
        environment["MALLOC_ARENA_MAX"] = environment["MALLOC_ARENA_MAX"] ?? "2"
        return environment
    }

    private func launch(_ slot: Int) {
        do {
            let process = try ChildProcess.start(
                executable: executable,
                arguments: arguments(slot),
                environment: Self.environment
            )
            state.withLock { $0.slots[slot].process = process }
            NamedThread.start("worker-\(slot)-pipe") { [self] in
                let ending = process.follow { report in take(report, slot) }
                state.withLock { $0.slots[slot].process = nil }
                handle(.exited(ending), slot)
            }
        } catch {
            logger.error("an ingest process cannot be started", metadata: ["slot": "\(slot)", "error": "\(error)"])
            handle(.launchFailed, slot)
        }
    }

    private func take(_ report: WorkerReport, _ slot: Int) {
        if report.silentLoops.isEmpty { handle(.alive, slot) }
        meter.keep(report.metrics, of: ("worker", "\(slot)"))
        let before = state.withLock { state in
            defer { state.slots[slot].parts = Set(report.problems.keys) }
            return state.slots[slot].parts
        }
        for part in before where report.problems[part] == nil { health.report(name(part, slot), problem: nil) }
        for (part, problem) in report.problems { health.report(name(part, slot), problem: problem) }
    }

    /// With one process its parts are those of the daemon.
    private func name(_ part: String, _ slot: Int) -> String {
        settings.ingest.processes == 1 ? part : "\(part) \(slot)"
    }

    private func died(_ slot: Int, _ exit: WorkerExit?, wasHung: Bool) {
        deaths.add()
        let how = exit.map { "\($0)" } ?? "could not be launched"
        logger.error("an ingest process died", metadata: ["slot": "\(slot)", "how": "\(how)", "hung": "\(wasHung)"])
        // Who was killed from outside, or ended by itself, died on nobody's stream.
        let path = WorkerPlace.breadcrumbs(settings.storage, slot: slot)
        guard let report = try? BreadcrumbReport(path: path), report.crash != nil || wasHung else { return }
        for work in report.suspects {
            let signal = report.crash.map { "signal \($0.signal), " } ?? ""
            let reason = "an ingest process \(wasHung ? "hung" : "crashed") on its stream (\(signal)\(work.activity))"
            logger.error("strike", metadata: ["camera": "\(work.camera)", "reason": "\(reason)"])
            state.withLock { state in
                guard state.strikes.count < Self.strikeLimit else { return }
                state.strikes.append(Strike(camera: work.camera, reason: reason, at: clocks.wall()))
            }
        }
    }

    /// Brings strikes into the database, where every process sees the quarantine; they wait while it is away.
    private func tellStrikes() async {
        while let strike = state.withLock(\.strikes.first) {
            do {
                let standing = try await quarantine.strike(strike.camera, reason: strike.reason, at: strike.at)
                if standing.until != nil {
                    logger.error("camera in quarantine", metadata: ["camera": "\(strike.camera)"])
                }
            } catch let error as StoreError where error.code == .notFound {
                // Removed from the registry meanwhile.
            } catch {
                return
            }
            state.withLock { _ = $0.strikes.removeFirst() }
        }
    }
}
