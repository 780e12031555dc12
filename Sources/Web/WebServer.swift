public import Flow
import Glibc
import HTTPTypes
import Hummingbird
import HummingbirdCore
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
    private let desk: AccountService
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
            desk: AccountService(pool: pool, settings: settings),
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
        desk: AccountService,
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
    /// - Throws: `ListenError` when the address cannot be had; other errors when the assets cannot be read.
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
        let door = ConnectionDoor(
            Self.limits(settings.connections),
            proxies: settings.trustedProxies,
            refusals: ConnectionRefusals(Language.allCases.map(site.pages.strings)),
            meter: meter
        )
        let application = application(site, door)
        try await withGracefulShutdownHandler {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { [settings] in
                    do {
                        try await application.run()
                    } catch let error as IOError {
                        throw ListenError(address: "\(settings.host):\(settings.port)", number: error.errnoCode)
                    }
                }
                group.addTask { await cancelWhenGracefulShutdown { await site.feed.run() } }
                // The first failure ends both: `waitForAll` would wait for the feed, which ends with the daemon only.
                while try await group.next() != nil {}
            }
        } onGracefulShutdown: {
            site.feed.close()
        }
    }

    private func application(_ site: Site, _ door: ConnectionDoor) -> some ApplicationProtocol {
        // Deadlines are the door's: those of the library end no request that comes byte by byte.
        let http = HTTP1Channel.Configuration(
            idleTimeout: nil,
            httpDecoderConfiguration: .init(
                maxHeaderFieldSize: 16 * 1024,
                maxHeaderListSize: 32 * 1024,
                maxHeaderFieldCount: 100
            )
        )
        return Application(
            router: site.router(door),
            server: HTTPServerBuilder { responder in
                GuardedChannel(http: HTTP1Channel(responder: responder, configuration: http), door: door)
            },
            configuration: .init(
                address: .hostname(settings.host, port: settings.port),
                // The door closes connections to make room; only while that is under way are there more than it takes.
                availableConnectionsDelegate: .maximum(door.limits.total + 256, logger: logger)
            ),
            onServerRunning: { [onListening, logger] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("web server listens", metadata: ["address": "\(channel.localAddress?.description ?? "")"])
                onListening(port)
            },
            logger: logger
        )
    }

    /// The limits, as far as the files go that this process may open: half of them are for sockets of browsers.
    private static func limits(_ wanted: ConnectionLimits) -> ConnectionLimits {
        var files = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
        var limits = wanted
        limits.total = min(wanted.total, max(64, Int(clamping: files.rlim_cur) / 2))
        limits.perAddress = min(wanted.perAddress, max(16, limits.total / 4))
        return limits
    }
}
