import Flow
import HTTPTypes
import Hummingbird
import Logging
import Store

/// `/api/v1/session`: log in, who am I, log out, own password.
struct SessionAPI: Sendable {
    private let desk: AccountService
    private let cookies: SessionCookie
    private let right: Metric
    private let wrong: Metric
    private let slowed: Metric
    private let busy: Metric

    init(desk: AccountService, cookies: SessionCookie, meter: Meter) {
        func counter(_ outcome: String) -> Metric {
            meter.counter("gridwatch_web_logins_total", "Logins that were tried.", labels: [("outcome", outcome)])
        }
        self.desk = desk
        self.cookies = cookies
        self.right = counter("right")
        self.wrong = counter("wrong")
        self.slowed = counter("slowed")
        self.busy = counter("busy")
    }

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
        let entry = try await logIn(body, from: context.peer, device: cookies.device(of: request))
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

    /// Logs in, and counts what came of it.
    private func logIn(_ body: Login, from peer: String, device: DeviceMark?) async throws -> AccountService.LogIn {
        do {
            let entry = try await desk.logIn(login: body.login, password: body.password, peer: peer, device: device)
            right.add()
            return entry
        } catch let error as WebError {
            switch error.reason {
            case .wrongLogin: wrong.add()
            case .loginLocked: slowed.add()
            case .loginBusy: busy.add()
            default: break
            }
            throw error
        }
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
