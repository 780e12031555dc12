public import Flow
import HTTPTypes
import Hummingbird
public import Logging
import NIOCore
public import Postgres
public import ServiceLifecycle

/// The web server: pages, API, live stream and health, as one service.
///
/// On graceful shutdown it ends the live streams, finishes what it answers and returns.
public final class WebServer: Service {
    private let settings: WebSettings
    private let pool: PostgresPool
    private let evidenceDirectory: String
    private let meter: Meter
    private let health: @Sendable () async -> HealthReport
    private let logger: Logger
    private let desk: AccountDesk
    private let tuner: Tuner
    private let onListening: @Sendable (Int) -> Void

    /// Makes a server; `run()` starts it.
    ///
    /// - Parameters:
    ///   - settings: How it listens and how long sessions live.
    ///   - pool: The database; pages need about 8 sessions, one more listens for changes.
    ///   - evidenceDirectory: Folder of the pictures; what workers send goes to `tasks/` in it.
    ///   - tuner: What operators try rules and thresholds with.
    ///   - meter: Metrics for `/metrics`.
    ///   - health: Asked for every `/readyz`.
    ///   - logger: Gets refused and failed requests.
    ///   - onListening: Called with the port once connections are taken.
    public convenience init(
        settings: WebSettings,
        pool: PostgresPool,
        evidenceDirectory: String,
        tuner: Tuner,
        meter: Meter,
        health: @escaping @Sendable () async -> HealthReport,
        logger: Logger,
        onListening: @escaping @Sendable (Int) -> Void = { _ in }
    ) {
        self.init(
            settings: settings,
            pool: pool,
            evidenceDirectory: evidenceDirectory,
            tuner: tuner,
            meter: meter,
            health: health,
            logger: logger,
            desk: AccountDesk(pool: pool, settings: settings),
            onListening: onListening
        )
    }

    init(
        settings: WebSettings,
        pool: PostgresPool,
        evidenceDirectory: String,
        tuner: Tuner,
        meter: Meter,
        health: @escaping @Sendable () async -> HealthReport,
        logger: Logger,
        desk: AccountDesk,
        onListening: @escaping @Sendable (Int) -> Void
    ) {
        self.settings = settings
        self.pool = pool
        self.evidenceDirectory = evidenceDirectory
        self.tuner = tuner
        self.meter = meter
        self.health = health
        self.logger = logger
        self.desk = desk
        self.onListening = onListening
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: When the assets cannot be read or the address cannot be bound.
    public func run() async throws {
        let site = try await Site(
            settings: settings,
            pool: pool,
            evidenceDirectory: evidenceDirectory,
            meter: meter,
            health: health,
            desk: desk,
            tuner: tuner,
            logger: logger
        )
        let application = application(site)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await application.run() }
                group.addTask { await cancelWhenGracefulShutdown { await site.feed.run() } }
                try await group.waitForAll()
            }
        } onGracefulShutdown: {
            site.feed.close()
        }
    }

    private func application(_ site: Site) -> some ApplicationProtocol {
        Application(
            router: site.router(),
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16 * 1024,
                        maxHeaderListSize: 32 * 1024,
                        maxHeaderFieldCount: 100
                    )
                )
            ),
            configuration: .init(
                address: .hostname(settings.host, port: settings.port),
                availableConnectionsDelegate: .maximum(settings.maximumConnections, logger: logger)
            ),
            onServerRunning: { [onListening, logger] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("web server listens", metadata: ["address": "\(channel.localAddress?.description ?? "")"])
                onListening(port)
            },
            logger: logger
        )
    }
}
