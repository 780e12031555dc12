public import Flow
import Foundation
public import Live
public import Logging
import Logs
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
///
/// The looks at the processes have a thread of their own: neither the database nor whatever else runs in the daemon's
/// tasks makes them late, and when they are late all the same, the processes are not charged with it.
public final class IngestSupervisor: Service {
    /// The part of the daemon that an ingest process as a whole is, where problems are told.
    static let part = "process"
    /// Seconds between two looks at the processes.
    private static let interval = 0.25
    /// Most seconds between two looks that count for the processes.
    private static let longestStep = 1.0
    /// Seconds between two tries to tell strikes.
    private static let strikeInterval = 1.0
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
        var life = ProcessLife()
        var process: ChildProcess?
        var parts: Set<String> = []
        /// Its number, also when it has ended.
        var identifier: pid_t = 0
        /// Loops of the process that gave no sign of life in its last report.
        var silentLoops: [String] = []
        /// Why the newest process could not start, in its own words.
        var failure: String?
    }

    private struct State {
        var slots: [Slot]
        var strikes: [Strike] = []
        var attention = PatientClock(longestStep: IngestSupervisor.longestStep)
        var isOver = false
    }

    private let settings: DaemonSettings
    private let executable: String
    private let arguments: @Sendable (Int) -> [String]
    private let node: String
    private let quarantine: Quarantine
    private let meter: Meter
    private let health: HealthBoard
    private let logger: Logger
    private let flood: FloodGate
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
        self.flood = FloodGate(logger, clocks: clocks)
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
        for slot in 0..<settings.ingest.processes {
            health.report(name(Self.part, slot), problem: "it starts; until it does, nobody watches its cameras")
            handle(.wanted, slot)
        }
        NamedThread.start("supervisor") { [self] in
            while !state.withLock(\.isOver) {
                turn()
                Thread.sleep(forTimeInterval: Self.interval)
            }
        }
        await cancelWhenGracefulShutdown { [self] in
            while !Task.isCancelled {
                await tellStrikes()
                try? await Task.sleep(for: .seconds(Self.strikeInterval))
            }
        }
        for slot in 0..<settings.ingest.processes { handle(.unwanted, slot) }
        while state.withLock({ $0.slots.contains { $0.life.state != .stopped } }) {
            // Cancelled or not, the children end first.
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + Self.interval) { continuation.resume() }
            }
        }
        state.withLock { $0.isOver = true }
        await tellStrikes()
    }

    private func turn() {
        let now = clocks.monotonic()
        beat.touch(now: now)
        _ = state.withLock { $0.attention.look(now) }
        for slot in 0..<settings.ingest.processes {
            let (process, isUnread) = state.withLock { state in
                let process = state.slots[slot].process
                return (process, process?.hasUnreadReports == true)
            }
            if let work = process?.workSeconds { handle(.worked(work), slot) }
            // What lies in the pipe may be a sign of life: nobody is judged before it is read.
            if !isUnread { handle(.timePassed, slot) }
        }
        running.set(state.withLock { $0.slots.count { $0.life.state == .running } })
    }

    /// Gives the life of a process an event and does what it says.
    private func handle(_ event: ProcessLife.Event, _ slot: Int) {
        let (actions, process, silent) = state.withLock { state in
            let actions = state.slots[slot].life.handle(
                event,
                now: state.attention.now,
                random: Double.random(in: 0..<1)
            )
            return (actions, state.slots[slot].process, state.slots[slot].silentLoops)
        }
        for action in actions {
            switch action {
            case .launch: launch(slot)
            case .terminate: process?.signal(SIGTERM)
            case .kill:
                let working = breadcrumbs(slot)?.working.map { "\($0.camera) (\($0.activity))" } ?? []
                logger.error(
                    "an ingest process gives no sign of life: it is killed",
                    metadata: [
                        "slot": "\(slot)", "silent_loops": "\(silent.joined(separator: ", "))",
                        "at_work_on": "\(working.joined(separator: ", "))",
                    ]
                )
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
            state.withLock { state in
                state.slots[slot].process = process
                state.slots[slot].identifier = process.identifier
                state.slots[slot].failure = nil
            }
            NamedThread.start("worker-\(slot)-pipe") { [self] in
                let ending = process.follow { report in take(report, slot) }
                state.withLock { state in
                    state.slots[slot].process = nil
                    state.slots[slot].silentLoops = []
                }
                process.release()
                handle(.exited(ending), slot)
            }
        } catch {
            logger.error("an ingest process cannot be started", metadata: ["slot": "\(slot)", "error": "\(error)"])
            handle(.launchFailed, slot)
        }
    }

    private func take(_ report: ProcessReport, _ slot: Int) {
        if let failure = report.failure {
            state.withLock { $0.slots[slot].failure = failure }
            return
        }
        if report.silentLoops.isEmpty {
            handle(.alive, slot)
            health.report(name(Self.part, slot), problem: nil)
        }
        meter.keep(report.metrics, of: ("worker", "\(slot)"))
        let before = state.withLock { state in
            state.slots[slot].silentLoops = report.silentLoops
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

    private func died(_ slot: Int, _ exit: ProcessExit?, wasHung: Bool) {
        deaths.add()
        let how = exit.map { "\($0)" } ?? "could not be launched"
        logger.error("an ingest process died", metadata: ["slot": "\(slot)", "how": "\(how)", "hung": "\(wasHung)"])
        meter.forgetGauges(of: ("worker", "\(slot)"))
        health.report(name(Self.part, slot), problem: problem(slot, exit, wasHung: wasHung))
        if let exit { strike(slot, exit) }
    }

    /// What `/readyz` says of a process that has ended, until the next one gives its first sign of life.
    private func problem(_ slot: Int, _ exit: ProcessExit?, wasHung: Bool) -> String {
        let how =
            switch exit {
            case nil: "it could not be started (see the log)"
            case .signal? where wasHung: "it gave no sign of life and was ended"
            case .signal(let number)?: "it was ended by signal \(number)"
            case .code(let code)?:
                state.withLock { $0.slots[slot].failure } ?? "it ended with code \(code) (see the log)"
            }
        return "\(how); it is started again, and until it runs nobody here watches its cameras"
    }

    /// Gives the camera a strike on whose stream a process crashed, or ended itself because it hung there.
    ///
    /// Nobody gets one for a process that was killed, from outside or because it gave no sign of life, or that ended by
    /// itself: on a machine with too much to do that would be whoever happened to be at work.
    private func strike(_ slot: Int, _ exit: ProcessExit) {
        guard case .signal(let number) = exit, let report = breadcrumbs(slot), report.crash?.signal == number else {
            return
        }
        for work in report.suspects {
            let reason =
                report.crash?.wasHung == true
                ? "an ingest process hung on its stream (\(work.activity))"
                : "an ingest process crashed on its stream (signal \(number), \(work.activity))"
            logger.error("strike", metadata: ["camera": "\(work.camera)", "reason": "\(reason)"])
            state.withLock { state in
                guard state.strikes.count < Self.strikeLimit else { return }
                state.strikes.append(Strike(camera: work.camera, reason: reason, at: clocks.wall()))
            }
        }
    }

    /// What the newest process of a slot was doing; nil when it left nothing.
    private func breadcrumbs(_ slot: Int) -> BreadcrumbReport? {
        let path = ProcessPlace.breadcrumbs(settings.storage, slot: slot)
        guard let report = try? BreadcrumbReport(path: path) else { return nil }
        return report.process == state.withLock { $0.slots[slot].identifier } ? report : nil
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
            } catch let error as PostgresError where error.fault == .data {
                // Never to be written: it must not stand before the others for good.
                logger.error("strike not told", metadata: ["camera": "\(strike.camera)", "error": "\(error)"])
            } catch {
                flood.log(.warning, "strikes wait for the database", metadata: ["error": "\(error)"])
                return
            }
            state.withLock { _ = $0.strikes.removeFirst() }
        }
    }
}
