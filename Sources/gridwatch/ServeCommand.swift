import ArgumentParser
import Daemon
import Flow
import Foundation
import Live
import Logging
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
        let daemon = DaemonContext(settings: try configuration.load(), label: "gridwatch")
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
        services.append(
            Watchdog(health: health, isSilent: { [supervisor] in supervisor?.isSilent == true }, logger: daemon.logger)
        )
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
    private func tell(_ daemon: DaemonContext) {
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

    private func web(_ daemon: DaemonContext, _ health: HealthBoard) -> [any Service] {
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

    private func ingest(_ daemon: DaemonContext, _ health: HealthBoard, openFiles: Int) throws -> IngestSupervisor {
        let settings = daemon.settings
        let place = ProcessPlace(node: settings.ingest.nodeName, slot: 0, version: Version.text)
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
