import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Postgres
import Store

/// First thing that sees a request and last that sees its answer: peer, language, limits, errors, headers.
struct SiteMiddleware: RouterMiddleware {
    let settings: WebSettings
    let failures: FailurePages

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        identify(request, &context)
        context.language = Language(of: request)
        var response: Response
        do {
            try checkSize(of: request)
            try checkOrigin(of: request)
            response = try await next(request, context)
        } catch {
            response = failures.response(to: error, request, context)
        }
        addHeaders(to: &response)
        return response
    }

    /// Believes `X-Forwarded-For` of the proxies that the settings name, and nobody else's.
    private func identify(_ request: Request, _ context: inout WebContext) {
        let forwarded = request.headers[.forwardedFor]
        // Whoever passes a request on says so in one of these.
        let isPassedOn = HTTPField.Name.signsOfProxies.contains { request.headers[$0] != nil }
        context.isLocal = !isPassedOn && ["127.0.0.1", "::1", "local"].contains(context.peer)
        context.peer = settings.visitor(connected: context.peer, forwarded: forwarded)
    }

    private func checkSize(of request: Request) throws {
        guard request.head.path?.utf8.count ?? 0 <= 2048 else { throw WebError(.badRequest, .queryValue) }
    }

    /// Refuses changes that another site makes a browser send.
    ///
    /// Browsers say where a request comes from in `Sec-Fetch-Site`; older ones and those inside other apps say at least
    /// `Origin`, which must be this host when it is there. Who sends neither is no browser and holds no cookie of one.
    private func checkOrigin(of request: Request) throws {
        guard ![.get, .head, .options].contains(request.method) else { return }
        if let site = request.headers[.secFetchSite], site != "same-origin", site != "none" {
            throw WebError(.crossSite)
        }
        guard let origin = request.headers[.origin]?.lowercased() else { return }
        let authority = origin.range(of: "://").map { String(origin[$0.upperBound...]) }
        let own = [request.head.authority?.lowercased(), settings.publicAuthority]
        guard let authority, own.contains(authority) else { throw WebError(.crossSite) }
    }

    private func addHeaders(to response: inout Response) {
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.referrerPolicy] = "no-referrer"
        response.headers[.openerPolicy] = "same-origin"
        response.headers[.resourcePolicy] = "same-origin"
        response.headers[.permissionsPolicy] = "geolocation=(self), camera=(self), microphone=()"
        if settings.isSecure { response.headers[.strictTransportSecurity] = "max-age=31536000" }
        if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    }

    /// No inline script or style anywhere, nothing from elsewhere, in nobody's frame.
    static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
        "connect-src 'self'", "font-src 'self'", "manifest-src 'self'", "form-action 'self'", "base-uri 'none'",
        "frame-ancestors 'none'",
    ].joined(separator: "; ")
}

/// Turns errors of routes into answers that know who asked.
struct FailureMiddleware: RouterMiddleware {
    let failures: FailurePages

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            return failures.response(to: error, request, context)
        }
    }
}

/// Finds out who asks, by the session cookie.
struct SessionMiddleware: RouterMiddleware {
    let desk: AccountService
    let cookies: SessionCookie
    let door: ConnectionDoor?
    let turns: AccountTurns

    func handle(
        _ request: Request,
        context: WebContext,
        next: (Request, WebContext) async throws -> Response
    ) async throws -> Response {
        guard let token = cookies.token(of: request) else { return try await next(request, context) }
        var context = context
        let isAutomatic = request.headers[.live] != nil || request.uri.path == "/api/v1/events"
        context.visitor = try await desk.visitor(token, counts: !isAutomatic)
        guard let account = context.visitor?.account.id else { return try await next(request, context) }
        door?.know(context.connection, account: account)
        return try await turns.entering(account: account) { try await next(request, context) }
    }
}

extension HTTPField.Name {
    /// Names that the compiler can check here once.
    private static func known(_ name: String) -> HTTPField.Name {
        HTTPField.Name(name) ?? .init(parsed: "x-unknown") ?? .accept
    }

    static let forwardedFor = known("X-Forwarded-For")
    static let signsOfProxies = [
        forwardedFor, known("Forwarded"), known("Via"), known("X-Real-IP"), known("X-Forwarded-Host"),
        known("X-Forwarded-Proto"),
    ]
    static let secFetchSite = known("Sec-Fetch-Site")
    static let referrerPolicy = known("Referrer-Policy")
    static let openerPolicy = known("Cross-Origin-Opener-Policy")
    static let resourcePolicy = known("Cross-Origin-Resource-Policy")
    static let permissionsPolicy = known("Permissions-Policy")
    /// Tells proxies to pass a stream on at once.
    static let accelBuffering = known("X-Accel-Buffering")
    /// Set by pages that update themselves.
    static let live = known("X-Gridwatch-Live")
}
