import ArgumentParser
import Flow
import Foundation
import Logging
import Pipeline
import Postgres
import Replay
import ServiceLifecycle
import Settings
import Store
import UnixSignals
import Web

struct ServeCommand: AsyncParsableCommand {
    /// What a machine does.
    enum Role: String, ExpressibleByArgument, CaseIterable {
        case all, web, ingest
    }

    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "The daemon: watches the registry's cameras, opens cases, serves the web pages.",
        discussion: """
            Starts its ingest processes (ingest.processes) and starts them again when they die or hang. Stops in order on
            SIGTERM and SIGINT. The first start prints the administrator's password once.

            A further machine joins with --role ingest and a node name of its own: the machines that reach the same
            database share the cameras, and take over those of a machine that is gone.

            Examples:
              gridwatch serve --config /etc/gridwatch/gridwatch.yaml
              GRIDWATCH_DATABASE_URL='host=/run/postgresql dbname=gridwatch' gridwatch serve
              GRIDWATCH_INGEST_NODE=node-2 gridwatch serve --role ingest --config /etc/gridwatch/gridwatch.yaml
            """
    )

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "all: everything; ingest: watch cameras only; web: pages and API only.") var role = Role.all

    func run() async throws {
        let daemon = Daemon(settings: try configuration.load(), label: "gridwatch")
        let limit = OpenFiles.raise()
        daemon.logger.info(
            "starting",
            metadata: ["version": "\(Version.text)", "role": "\(role.rawValue)", "open_files": "\(limit)"]
        )
        tell(daemon)
        let health = HealthBoard()
        var services: [any Service] = []
        if role != .ingest { services += web(daemon, health) }
        var supervisor: IngestSupervisor?
        if role != .web {
            let made = try ingest(daemon, health, openFiles: Int(clamping: limit))
            supervisor = made
            services.append(made)
            services.append(
                EvidenceSweeper(
                    daemon.settings.storage,
                    database: daemon.database,
                    meter: daemon.meter,
                    health: health,
                    logger: daemon.logger
                )
            )
        }
        services.append(Watchdog(health: health, supervisor: supervisor, logger: daemon.logger))
        if role == .ingest { ServiceManager().ready() }
        let group = ServiceGroup(
            services: services,
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: daemon.logger
        )
        try await group.run()
        await daemon.database.close()
    }

    /// Says at the start what may surprise later: which settings the environment replaced, and whose addresses are read.
    private func tell(_ daemon: Daemon) {
        for (setting, variable) in daemon.settings.overridden.sorted(by: { $0.key < $1.key }) {
            daemon.logger.notice(
                "the environment replaces a setting of the file",
                metadata: ["setting": "\(setting)", "variable": "\(variable)"]
            )
        }
        guard role != .web else { return }
        let local = daemon.settings.ingest.localAddresses
        daemon.logger.log(
            level: local == .refuse ? .info : .notice,
            "ingest.local_addresses is \(local.rawValue): \(local.meaning)"
        )
    }

    private func web(_ daemon: Daemon, _ health: HealthBoard) -> [any Service] {
        var settings = WebSettings(daemon.settings.web)
        settings.tasksPerGrid = daemon.settings.cases.tasksPerGrid
        let database = daemon.database
        let server = WebServer(
            settings: settings,
            pool: database,
            evidenceDirectory: daemon.settings.storage.evidenceDirectory,
            tuner: Tuner(daemon.settings),
            meter: daemon.meter,
            health: { await Readiness.report(health, database) },
            logger: daemon.logger,
            onListening: { _ in ServiceManager().ready() }
        )
        let storage = daemon.settings.storage
        let labeller = FootageLabeller(
            pool: database,
            clips: storage.alertClipsDirectory,
            recordings: storage.recordingsDirectory,
            logger: daemon.logger
        )
        return [server, FirstStart(database: database, web: settings, health: health, logger: daemon.logger), labeller]
    }

    private func ingest(_ daemon: Daemon, _ health: HealthBoard, openFiles: Int) throws -> IngestSupervisor {
        let settings = daemon.settings
        let place = WorkerPlace(node: settings.ingest.nodeName, slot: 0, version: Version.text)
        try place.check(settings, openFiles: openFiles)
        return IngestSupervisor(
            settings: settings,
            executable: CommandLine.executable,
            arguments: { ["worker", "--slot", "\($0)"] + configuration.arguments },
            node: settings.ingest.nodeName,
            database: daemon.database,
            meter: daemon.meter,
            health: health,
            logger: daemon.logger
        )
    }
}

extension CommandLine {
    /// The file that this program runs from.
    static var executable: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? arguments[0]
    }
}

/// What `/readyz` says.
enum Readiness {
    /// Asks the database, and lists what the pipeline has noted.
    static func report(_ board: HealthBoard, _ database: PostgresPool) async -> HealthReport {
        var problems = board.current
        do {
            _ = try await database.query("SELECT 1")
        } catch {
            problems["database"] = "\(error)"
        }
        let parts = Set(["database", "registry", "spool", "evidence", "delivery", "pictures", "alerts"]).union(
            problems.keys
        )
        return HealthReport(
            checks: parts.sorted().map {
                HealthReport.Check(name: $0, isReady: problems[$0] == nil, detail: problems[$0])
            }
        )
    }
}

/// Waits for the database, checks its schema, makes the first administrator and prints the password once.
struct FirstStart: Service {
    /// Seconds between tries while the database is away.
    private static let retryInterval = 2.0

    let database: PostgresPool
    let web: WebSettings
    let health: HealthBoard
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Migrations(pool: database).requireUpToDate()
                    if let made = try await AccountDesk(pool: database, settings: web).ensureAdministrator() {
                        show(made)
                    }
                    health.report("schema", problem: nil)
                    break
                } catch is CancellationError {
                    // Asked to end before it had begun: no failure.
                    break
                } catch let error as PostgresError where error.isRetriable || error.isServerFault {
                    // What is wrong with the database ends no process that watches cameras.
                    health.report("schema", problem: "the database cannot be used yet: \(error)")
                    logger.warning("waiting for the database", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(Self.retryInterval))
                }
            }
            // A service that returns would end the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }

    /// Prints the password, which stands nowhere else.
    private func show(_ made: AccountDesk.FirstAdministrator) {
        let text = "first administrator: \(made.login)\npassword: \(made.password)\n"
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
        } catch {
            logger.error(
                "the first administrator's password could not be written to standard output",
                metadata: ["why": "\(error)", "todo": "gridwatch account reset \(made.login)"]
            )
        }
    }
}

/// Tells systemd that the daemon works, as long as its core loops do.
struct Watchdog: Service {
    let health: HealthBoard
    let supervisor: IngestSupervisor?
    let logger: Logger

    func run() async {
        let manager = ServiceManager()
        let interval = min(manager.watchdogInterval ?? 10, 10)
        await cancelWhenGracefulShutdown {
            var wasSilent = false
            while !Task.isCancelled {
                // Workers that hang are the supervisor's affair; systemd restarts a supervisor that hangs. After a pause
                // of the whole process this loop may be the first to wake, so that one look alone says nothing.
                let isSilent = supervisor?.isSilent == true
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

extension Tuner {
    /// Bytes of small pictures that are kept for trials: some 18,000 of them.
    private static let memory = 256 << 20

    init(_ settings: DaemonSettings) {
        let storage = settings.storage
        let footage = TrialFootage(
            clips: storage.clips,
            labels: storage.labels,
            recordings: storage.recordingsDirectory
        )
        self.init(
            trials: TrialDesk(footage: footage, memoryLimit: Self.memory),
            recorder: FootageRecorder(
                directory: storage.recordingsDirectory,
                limit: storage.recordingsMaxMB << 20,
                taker: StreamTaker(settings)
            ),
            detection: settings.detection
        )
    }
}

extension WebSettings {
    init(_ settings: DaemonSettings.Web) {
        self.init(
            host: settings.listen.host,
            port: settings.listen.port,
            publicURL: settings.publicURL,
            trustedProxies: AddressRange.list(settings.trustedProxies ?? "") ?? [],
            officeSession: SessionLife(idleSeconds: settings.sessionIdleMinutes * 60, absoluteSeconds: 12 * 3600),
            workerSession: SessionLife(idleSeconds: 12 * 3600, absoluteSeconds: settings.sessionDays * 86_400),
            metricsArePublic: settings.metricsOpen
        )
    }
}
