import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The map of grids and cameras.
struct MapPage: Sendable {
    let hasMap: Bool
    let banner: IncidentBanner
    let pages: PageRenderer

    var routes: [Route] { [.get("/map", .everyone, map)] }

    @Sendable private func map(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let isWorker = try context.requireVisitor().account.role == .worker
        let level = try request.queryNumber("level", in: 1...4) ?? (isWorker ? 4 : 3)
        let levels = (1...4).map { number -> [String: Any] in
            ["number": number, "label": strings.label("level", String(number)), "is_current": number == level]
        }
        let states = (["unwatched"] + CameraFilter.states.filter { $0 != "unwatched" }).map { state in
            ["code": state, "label": strings.label("state", state)]
        }
        var values: [String: Any] = ["levels": levels, "states": states, "has_map": hasMap, "level": level]
        values.merge(try await banner.values(context)) { $1 }
        return pages.page("map", values, context)
    }
}
