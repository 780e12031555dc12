import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The page of the watching itself.
struct OperationsPage: Sendable {
    let site: Site

    /// `GET /operations`.
    @Sendable func show(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = site.pages.strings(context.language)
        let account = try context.requireVisitor().account
        let mayAct = account.role == .admin || account.role == .operate
        var values = OperationsView.values(try await site.operations.report(), mayAct: mayAct, strings)
        values["may_act"] = mayAct
        if mayAct {
            let tags = try await site.cameras.tags(access: account.access)
            values["tags"] = Choices.labelled(tags, "tag", chosen: nil, strings)
        }
        return site.pages.page("operations", values, context)
    }
}
