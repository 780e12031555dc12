import ArgumentParser
import Daemon
import Flow
import Foundation
import Live
import Logging
import Postgres
import ServiceLifecycle
import Settings
import UnixSignals

/// One ingest process; started by `serve`, which it reports to.
struct WorkerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "One ingest process; serve starts these.",
        shouldDisplay: false
    )

    @OptionGroup var configuration: ConfigurationOptions
    @Option(help: "Number of the process on this machine, from 0.") var slot: Int

    func run() async throws {
        do {
            try await work()
        } catch {
            ProcessReport.tellFailure(error)
            throw error
        }
    }

    private func work() async throws {
        let settings = try configuration.load()
        var daemon = DaemonContext(settings: settings, label: "gridwatch.worker-\(slot)")
        daemon.logger[metadataKey: "worker"] = "\(settings.ingest.nodeName)-\(slot)"
        let limit = OpenFiles.raise()
        let place = ProcessPlace(node: settings.ingest.nodeName, slot: slot, version: Version.text, isSupervised: true)
        try place.check(settings, openFiles: Int(clamping: limit))
        let pipeline = try StartReporter.during {
            try Pipeline(
                settings: settings,
                place: place,
                database: daemon.database,
                meter: daemon.meter,
                logger: daemon.logger
            )
        }
        let group = ServiceGroup(
            configuration: .init(
                services: [
                    .init(service: pipeline),
                    .init(
                        service: ProcessReporter(pipeline: pipeline, meter: daemon.meter, logger: daemon.logger),
                        failureTerminationBehavior: .gracefullyShutdownGroup
                    ),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: daemon.logger
            )
        )
        try await group.run()
        await daemon.database.close()
    }
}
