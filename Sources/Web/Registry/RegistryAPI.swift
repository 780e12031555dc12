import HTTPTypes
import Hummingbird
import Store

/// `/api/v1/cameras`, `/api/v1/grids` and the catalogues that forms choose from.
struct RegistryAPI: Sendable {
    let cameras: CameraReader
    let grids: GridReader
    let catalog: CatalogReader

    var routes: [Route] {
        [
            .get("/api/v1/cameras", .everyone, listCameras),
            .get("/api/v1/cameras/counts", .everyone, cameraCounts),
            .get("/api/v1/cameras/map", .everyone, cameraMap),
            .get("/api/v1/cameras/{id}", .everyone, camera),
            .get("/api/v1/grids", .everyone, listGrids),
            .get("/api/v1/grids/geojson", .everyone, gridMap),
            .get("/api/v1/grids/counts", .everyone, gridCounts),
            .get("/api/v1/grids/{id}/surroundings", .everyone, surroundings),
            .get("/api/v1/hazard-types", .everyone, hazardTypes),
            .get("/api/v1/posts", .operators, posts),
        ]
    }

    private struct Items<Item: Encodable>: Encodable {
        let items: [Item]
    }

    @Sendable private func listCameras(_ request: Request, _ context: WebContext) async throws -> Response {
        let page = try await cameras.list(
            try CameraFilter(request),
            access: try context.access(),
            after: try request.query("after"),
            limit: try request.queryNumber("limit", in: 1...200) ?? 50
        )
        return try Response.json(page)
    }

    @Sendable private func cameraCounts(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(try await cameras.counts(access: try context.access()))
    }

    @Sendable private func cameraMap(_ request: Request, _ context: WebContext) async throws -> Response {
        Response.json(text: try await cameras.mapPoints(access: try context.access()))
    }

    @Sendable private func camera(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let found = try await cameras.detail(id: try context.text("id"), access: try context.access()) else {
            throw WebError(.notFound)
        }
        return try Response.json(found)
    }

    @Sendable private func listGrids(_ request: Request, _ context: WebContext) async throws -> Response {
        let level = try request.queryNumber("level", in: 1...4)
        return try Response.json(Items(items: try await grids.list(level: level, access: try context.access())))
    }

    @Sendable private func gridMap(_ request: Request, _ context: WebContext) async throws -> Response {
        let level = try request.queryNumber("level", in: 1...4) ?? 4
        return Response.json(text: try await grids.geoJSON(level: level, access: try context.access()))
    }

    @Sendable private func gridCounts(_ request: Request, _ context: WebContext) async throws -> Response {
        let level = try request.queryNumber("level", in: 1...4) ?? 4
        return Response.json(text: try await grids.counts(level: level, access: try context.access()))
    }

    @Sendable private func surroundings(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.number("id")
        guard let found = try await grids.surroundings(of: id) else {
            throw WebError(.notFound)
        }
        return Response.json(text: found)
    }

    @Sendable private func hazardTypes(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(Items(items: try await catalog.hazardTypes(access: try context.access())))
    }

    @Sendable private func posts(_ request: Request, _ context: WebContext) async throws -> Response {
        let near = try request.queryNumber("near_grid", in: 1...Int(Int32.max))
        return try Response.json(Items(items: try await catalog.posts(text: try request.query("q"), nearGrid: near)))
    }
}

extension CameraFilter {
    /// States that a list may ask for.
    static let states = [
        "online", "connecting", "patrol", "blind", "stalled", "frozen", "offline", "refused", "quarantined",
        "unwatched",
    ]
    /// Ways of mapping that a list may ask for.
    static let methods = ["explicit", "point", "civil_code", "nearest", "unmapped"]

    /// Reads the filter of a list from the query.
    ///
    /// - Throws: `WebError` with `badRequest` for a value that no list offers.
    init(_ request: Request) throws {
        self.init()
        self.state = try request.queryWord("state", of: Self.states)
        self.gridID = try request.queryNumber("grid", in: 1...Int(Int32.max))
        self.tag = try request.query("tag")
        self.mappingMethod = try request.queryWord("mapping", of: Self.methods)
        self.text = try request.query("q")
    }
}
