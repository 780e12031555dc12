import HTTPTypes
import Hummingbird
import Logging
import Store

/// `/api/v1/session`: log in, who am I, log out, own password.
struct SessionAPI: Sendable {
    let desk: AccountDesk
    let cookies: SessionCookie

    var routes: [Route] {
        [
            .post("/api/v1/session", .open, logIn),
            .get("/api/v1/session", .anySession, show),
            .delete("/api/v1/session", .anySession, logOut),
            .put("/api/v1/session/password", .anySession, changePassword),
        ]
    }

    private struct Login: Decodable {
        let login: String
        let password: String
    }

    private struct PasswordChange: Decodable {
        let current: String
        let new: String
    }

    @Sendable private func logIn(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(Login.self)
        let entry = try await desk.logIn(
            login: body.login,
            password: body.password,
            peer: context.peer,
            device: cookies.device(of: request)
        )
        // A login on top of another one ends that: a browser holds one session.
        if let visitor = context.visitor { try await desk.logOut(visitor) }
        let account = entry.account
        var response = try Response.json(account, status: .created)
        response.headers.append(HTTPField(name: .setCookie, value: cookies.set(entry.device)))
        let life = desk.life(of: account.role).absoluteSeconds
        response.headers.append(HTTPField(name: .setCookie, value: cookies.set(entry.token, lifeSeconds: life)))
        context.logger.notice("logged in", metadata: ["account": "\(account.login)", "peer": "\(context.peer)"])
        return response
    }

    @Sendable private func show(_ request: Request, _ context: WebContext) async throws -> Response {
        try Response.json(context.requireVisitor().account)
    }

    @Sendable private func logOut(_ request: Request, _ context: WebContext) async throws -> Response {
        try await desk.logOut(context.requireVisitor())
        var response = Response.done
        response.headers[.setCookie] = cookies.clear
        return response
    }

    @Sendable private func changePassword(_ request: Request, _ context: WebContext) async throws -> Response {
        let body = try await request.json(PasswordChange.self)
        let visitor = try context.requireVisitor()
        try await desk.changePassword(of: visitor, from: body.current, to: body.new)
        context.logger.notice("password changed", metadata: ["account": "\(visitor.account.login)"])
        return .done
    }
}
