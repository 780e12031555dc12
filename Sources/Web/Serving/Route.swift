import HTTPTypes
import Hummingbird
import Store

/// Who may call a route.
enum RouteAccess: Sendable, Hashable {
    /// Everybody, logged in or not.
    case open
    /// Everybody who is logged in, also with a password that must be replaced.
    case anySession
    /// These roles.
    case roles(Set<AccountRole>)

    /// Every role.
    static let everyone = RouteAccess.roles(Set(AccountRole.allCases))
    /// Those who run the command centre.
    static let operators = RouteAccess.roles([.admin, .operate])
    /// Those who see the whole county.
    static let office = RouteAccess.roles([.admin, .operate, .viewer])
    /// Those who run the accounts.
    static let admins = RouteAccess.roles([.admin])
}

/// One route: the table of these is the whole surface of the server.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// Path with parameters in braces, as in the OpenAPI file.
    let path: String
    let access: RouteAccess
    let handler: @Sendable (Request, WebContext) async throws -> Response

    static func get(
        _ path: String,
        _ access: RouteAccess,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) -> Route {
        Route(method: .get, path: path, access: access, handler: handler)
    }

    static func post(
        _ path: String,
        _ access: RouteAccess,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) -> Route {
        Route(method: .post, path: path, access: access, handler: handler)
    }

    static func put(
        _ path: String,
        _ access: RouteAccess,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) -> Route {
        Route(method: .put, path: path, access: access, handler: handler)
    }

    static func delete(
        _ path: String,
        _ access: RouteAccess,
        _ handler: @escaping @Sendable (Request, WebContext) async throws -> Response
    ) -> Route {
        Route(method: .delete, path: path, access: access, handler: handler)
    }

    /// Runs the handler for those who may.
    ///
    /// - Throws: `WebError`: `unauthenticated`, `passwordChangeRequired`, `forbidden`.
    @Sendable func respond(to request: Request, _ context: WebContext) async throws -> Response {
        switch access {
        case .open: break
        case .anySession:
            guard context.visitor != nil else { throw WebError(.unauthenticated) }
        case .roles(let roles):
            guard let account = context.visitor?.account else { throw WebError(.unauthenticated) }
            guard !account.mustChange else { throw WebError(.passwordChangeRequired) }
            guard roles.contains(account.role) else { throw WebError(.forbidden) }
        }
        return try await handler(request, context)
    }
}
