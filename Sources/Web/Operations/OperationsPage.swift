import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The page of the watching itself.
struct OperationsPage: Sendable {
    let operations: OperationsService
    let cameras: CameraReader
    let pages: PageRenderer

    var routes: [Route] {
        [
            .get("/operations", .office, show)
        ]
    }

    /// `GET /operations`.
    @Sendable func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let account = try context.requireVisitor().account
        let mayAct = account.role == .admin || account.role == .operate
        var values = OperationsView.values(try await operations.report(), mayAct: mayAct, strings)
        values["may_act"] = mayAct
        if mayAct {
            let tags = try await cameras.tags(access: account.access)
            values["tags"] = Choices.labelled(tags, "tag", chosen: nil, strings)
        }
        return pages.page("operations", values, context)
    }
}
