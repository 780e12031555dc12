import Flow
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Logs
import Postgres
import Store

/// All parts of the site, put together once.
struct Site: Sendable {
    let desk: AccountService
    let cookies: SessionCookie
    let pages: PageRenderer
    let assets: AssetFiles
    let evidence: EvidenceFiles
    let feed: ChangeFeed
    let cases: CaseReader
    let tasks: TaskReader
    let cameras: CameraReader
    let grids: GridReader
    let catalog: CatalogReader
    let operations: OperationsService
    let caseDesk: CaseActions
    let photos: PhotoStore
    let healthAPI: HealthAPI
    let profiles: Profiles
    let scores: ScoreArchive
    let tuner: Tuner
    let settings: WebSettings
    let logger: Logger
    private let meter: Meter

    /// Loads the assets and makes the parts.
    ///
    /// - Throws: When templates, strings or scripts cannot be read.
    init(
        settings: WebSettings,
        pool: PostgresPool,
        evidenceDirectory: String,
        meter: Meter,
        health: @escaping @Sendable () async -> HealthReport,
        desk: AccountService,
        tuner: Tuner,
        logger: Logger
    ) async throws {
        let assetsURL = Self.assets(settings)
        let directory = URL(filePath: evidenceDirectory, directoryHint: .isDirectory)
        self.assets = try AssetFiles(assets: assetsURL, leafletDirectory: settings.leafletDirectory)
        self.pages = try await PageRenderer(assets: assetsURL, version: assets.version)
        self.desk = desk
        self.cookies = SessionCookie(isSecure: settings.isSecure)
        self.catalog = CatalogReader(pool: pool)
        self.evidence = EvidenceFiles(directory: directory, catalog: catalog, log: FloodGate(logger))
        self.photos = PhotoStore(directory: directory)
        self.feed = ChangeFeed(pool: pool, settings: settings, meter: meter, logger: logger)
        self.cases = CaseReader(pool: pool)
        self.tasks = TaskReader(pool: pool)
        self.cameras = CameraReader(pool: pool)
        self.grids = GridReader(pool: pool)
        self.operations = OperationsService(
            pool: pool,
            life: settings.reportLife,
            tasksPerGrid: settings.tasksPerGrid
        )
        self.caseDesk = CaseActions(pool: pool)
        self.healthAPI = HealthAPI(meter: meter, health: health, metricsArePublic: settings.metricsArePublic)
        self.profiles = Profiles(pool: pool)
        self.scores = ScoreArchive(pool: pool)
        self.tuner = tuner
        self.settings = settings
        self.logger = logger
        self.meter = meter
        desk.endings.listen { [feed] in feed.look(at: $0) }
        if !assets.hasMap {
            logger.warning(
                "no Leaflet: the map stays empty; install libjs-leaflet and libjs-leaflet.markercluster",
                metadata: ["folder": "\(settings.leafletDirectory)"]
            )
        }
    }

    /// The whole surface of the server.
    var routes: [Route] { routes(nil) }

    private func routes(_ door: ConnectionDoor?) -> [Route] {
        let banner = IncidentBanner(operations: operations, pages: pages)
        let stream = EventStream(feed: feed, desk: desk, cookies: cookies, door: door)
        let plain: [Route] = [
            .get("/api/v1/events", .everyone, stream.response),
            .get("/evidence/**", .everyone, evidence.response),
            .get("/assets/**", .open) { [assets] in try assets.response(to: $0, $1) },
        ]
        let parts: [[Route]] = [
            plain,
            healthAPI.routes,
            SessionAPI(desk: desk, cookies: cookies, meter: meter).routes,
            AccountAPI(desk: desk).routes,
            CaseAPI(reader: cases, desk: caseDesk).routes,
            TaskAPI(reader: tasks, desk: caseDesk, photos: photos).routes,
            RegistryAPI(cameras: cameras, grids: grids, catalog: catalog).routes,
            OperationsAPI(desk: operations).routes,
            TunerAPI(tuner: tuner, profiles: profiles).routes,
            ProfileAPI(profiles: profiles, detection: tuner.detection, trials: tuner.trials).routes,
            LearningAPI(profiles: profiles, scores: scores, detection: tuner.detection, pages: pages).routes,
            AccountPages(desk: desk, pages: pages, isSecure: settings.isSecure).routes,
            CasePages(cases: cases, grids: grids, catalog: catalog, banner: banner, pages: pages).routes,
            TaskPages(tasks: tasks, pages: pages).routes,
            CameraPages(cameras: cameras, grids: grids, banner: banner, pages: pages).routes,
            MapPage(hasMap: assets.hasMap, banner: banner, pages: pages).routes,
            OperationsPage(operations: operations, cameras: cameras, pages: pages).routes,
            TunerPage(catalog: catalog, pages: pages).routes,
        ]
        return parts.flatMap(\.self)
    }

    /// The router over `routes`.
    ///
    /// `door`: told who is logged in; nil for none.
    func router(_ door: ConnectionDoor? = nil) -> Router<WebContext> {
        let router = Router(context: WebContext.self, options: [.autoGenerateHeadEndpoints])
        let failures = FailurePages(pages: pages, logger: logger)
        router.add(middleware: SiteMiddleware(settings: settings, failures: failures))
        router.add(middleware: SessionMiddleware(desk: desk, cookies: cookies, door: door, turns: AccountTurns()))
        router.add(middleware: FailureMiddleware(failures: failures))
        for route in routes(door) {
            router.on(RouterPath(route.path), method: route.method, use: route.respond)
        }
        return router
    }

    private static func assets(_ settings: WebSettings) -> URL {
        if let folder = settings.assetsDirectory { return URL(filePath: folder, directoryHint: .isDirectory) }
        return Bundle.module.bundleURL.appending(path: "Assets", directoryHint: .isDirectory)
    }
}
