import HTTPTypes
import Hummingbird
import Logging
import Store

/// `/api/v1/accounts`: administrators make, disable and reset accounts.
struct AccountAPI: Sendable {
    let desk: AccountService

    var routes: [Route] {
        [
            .get("/api/v1/accounts", .admins, list),
            .post("/api/v1/accounts", .admins, create),
            .post("/api/v1/accounts/{id}/disable", .admins) { try await setDisabled(true, $0, $1) },
            .post("/api/v1/accounts/{id}/enable", .admins) { try await setDisabled(false, $0, $1) },
            .post("/api/v1/accounts/{id}/reset-password", .admins, resetPassword),
        ]
    }

    private struct Draft: Decodable {
        let login: String
        let displayName: String
        let role: AccountRole
        let postId: Int?
    }

    /// An account with the password that is shown once.
    private struct Issued: Encodable {
        let account: Account
        let password: String
    }

    private struct AccountList: Encodable {
        let items: [Account]
    }

    @Sendable private func list(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(AccountList(items: try await desk.accounts()))
    }

    @Sendable private func create(_ request: Request, _ context: WebContext) async throws -> Response {
        let draft = try await request.json(Draft.self)
        let (account, password) = try await desk.create(
            login: draft.login,
            displayName: draft.displayName,
            role: draft.role,
            postID: draft.postId
        )
        log("account made", account, context)
        return try Response.json(Issued(account: account, password: password), status: .created)
    }

    private func setDisabled(_ disabled: Bool, _ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.number("id")
        let account = try await desk.setDisabled(disabled, account: id, by: try context.requireVisitor())
        log(disabled ? "account disabled" : "account enabled", account, context)
        return try Response.json(account)
    }

    @Sendable private func resetPassword(_ request: Request, _ context: WebContext) async throws -> Response {
        let id = try context.number("id")
        let (account, password) = try await desk.resetPassword(account: id, by: try context.requireVisitor())
        log("password reset", account, context)
        return try Response.json(Issued(account: account, password: password))
    }

    private func log(_ message: String, _ account: Account, _ context: WebContext) {
        let by = context.visitor?.account.login ?? "-"
        context.logger.notice("\(message)", metadata: ["account": "\(account.login)", "by": "\(by)"])
    }
}
