import ArgumentParser
import Flow
import Foundation
import Logging
import Pipeline
import Postgres
import ServiceLifecycle
import Settings
import Store
import UnixSignals
import Web

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "The daemon: watches the registry's cameras, opens cases, serves the web pages.",
        discussion: """
            Stops in order on SIGTERM and SIGINT. The first start prints the administrator's password once.

            Examples:
              gridwatch serve --config /etc/gridwatch/gridwatch.yaml
              GRIDWATCH_DATABASE_URL='host=/run/postgresql dbname=gridwatch' gridwatch serve
            """
    )

    @OptionGroup var configuration: ConfigurationOptions

    func run() async throws {
        let settings = try configuration.load()
        var logger = Logger(label: "gridwatch", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = Logger.Level(rawValue: settings.log.level.rawValue) ?? .info
        let limit = OpenFiles.raise()
        logger.info("starting", metadata: ["version": "\(Version.text)", "open_files": "\(limit)"])
        let database = PostgresPool(
            conninfo: settings.database.url.exposed,
            size: settings.database.poolSize,
            statementTimeout: .seconds(settings.database.statementTimeout)
        )
        let meter = Meter()
        let pipeline = try Pipeline(settings: settings, database: database, meter: meter, logger: logger)
        let web = WebServer(
            settings: WebSettings(settings.web),
            pool: database,
            evidenceDirectory: settings.storage.evidenceDirectory,
            meter: meter,
            health: { await Readiness.report(pipeline.health, database) },
            logger: logger,
            onListening: { _ in ServiceManager().ready() }
        )
        let group = ServiceGroup(
            services: [
                web, pipeline,
                FirstStart(database: database, web: WebSettings(settings.web), logger: logger),
                Watchdog(pipeline: pipeline, logger: logger),
            ],
            gracefulShutdownSignals: [.sigterm, .sigint],
            logger: logger
        )
        try await group.run()
        await database.close()
    }
}

/// The limit of open files of the process.
enum OpenFiles {
    /// Raises the soft limit to the hard one and returns it.
    static func raise() -> UInt64 {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return UInt64(limit.rlim_cur)
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
        let parts = Set(["database", "registry", "spool", "evidence", "delivery"]).union(problems.keys)
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
    let logger: Logger

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await Migrations(pool: database).requireUpToDate()
                    if let made = try await AccountDesk(pool: database, settings: web).ensureAdministrator() {
                        Console.out("first administrator: \(made.login)\npassword: \(made.password)")
                    }
                    break
                } catch let error as PostgresError where error.isRetriable {
                    logger.warning("waiting for the database", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(Self.retryInterval))
                }
            }
            // A service that returns would end the group.
            while !Task.isCancelled { try? await Task.sleep(for: .seconds(3600)) }
        }
    }
}

/// Tells systemd that the daemon works, as long as its core loops do.
struct Watchdog: Service {
    let pipeline: Pipeline
    let logger: Logger

    func run() async {
        let manager = ServiceManager()
        let interval = min(manager.watchdogInterval ?? 10, 10)
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let silent = pipeline.silentLoops()
                if silent.isEmpty {
                    manager.alive()
                } else {
                    logger.critical("no sign of life", metadata: ["loops": "\(silent)"])
                }
                let problems = pipeline.health.current
                manager.status(problems.isEmpty ? "all well" : problems.values.sorted().joined(separator: "; "))
                try? await Task.sleep(for: .seconds(interval))
            }
        }
        manager.stopping()
    }
}

extension WebSettings {
    init(_ settings: DaemonSettings.Web) {
        self.init(
            host: settings.listen.host,
            port: settings.listen.port,
            publicURL: settings.publicURL,
            officeSession: SessionLife(idleSeconds: settings.sessionIdleMinutes * 60, absoluteSeconds: 12 * 3600),
            workerSession: SessionLife(idleSeconds: 12 * 3600, absoluteSeconds: settings.sessionDays * 86_400),
            metricsArePublic: settings.metricsOpen
        )
    }
}
