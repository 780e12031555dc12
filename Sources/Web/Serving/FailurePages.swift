import Detection
import Flow
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Logs
import Media
import Postgres
import Replay
import Store

/// Turns errors into answers: problem documents (RFC 9457) for programs, a page for people.
struct FailurePages: Sendable {
    let pages: PageRenderer
    private let flood: FloodGate

    /// Lines of a kind in the log before they are only counted: strangers can make as many as they like.
    private static let linesAtOnce = 30

    init(pages: PageRenderer, logger: Logger) {
        self.pages = pages
        self.flood = FloodGate(logger, burst: Self.linesAtOnce)
    }

    /// The answer to `error`; whatever nobody thought of becomes `failed` with nothing of its text.
    func response(to error: any Error, _ request: Request, _ context: WebContext) -> Response {
        let failure = translate(error)
        log(error, failure, request, context)
        let isPage =
            !request.uri.path.hasPrefix("/api/") && request.headers[.accept]?.contains("text/html") ?? false
        if isPage {
            if failure.code == .unauthenticated { return Self.redirectToLogin(request) }
            if failure.code == .passwordChangeRequired { return .redirect(to: "/account", type: .normal) }
        }
        var response = isPage ? page(failure, context) : problem(failure, context)
        if let seconds = failure.retryAfter { response.headers[.retryAfter] = String(seconds) }
        return response
    }

    private func translate(_ error: any Error) -> WebError {
        switch error {
        case let error as WebError: error
        case let error as StoreError: WebError(Self.code(of: error), refusal: error)
        case let error as DetectionError: WebError(.invalid, detail: error.message)
        case let error as ReplayError: WebError(.invalid, detail: error.message)
        case let error as MediaError: WebError(.invalid, detail: error.message)
        // Both of these are worth another try as well, but the database is not away.
        case let error as PostgresError where error.isReadOnly:
            WebError(.unavailable, .databaseReadOnly, retryAfter: 10)
        case let error as PostgresError where error.isStatementTimeout:
            WebError(.unavailable, .busy, retryAfter: 5)
        case let error as PostgresError where error.isRetriable || error.code == .poolClosed:
            WebError(.unavailable, .databaseAway, retryAfter: 5)
        case let error as PostgresError where error.isServerFault:
            WebError(.unavailable, .databaseFault, retryAfter: 30)
        case let error as PostgresError where error.isRefusedValue: WebError(.badRequest, .queryValue)
        case is WorkThreads.Full: WebError(.unavailable, .busy, retryAfter: 5)
        case let error as any HTTPResponseError: Self.failure(of: error.status)
        default: WebError(.failed)
        }
    }

    private static func code(of error: StoreError) -> WebError.Code {
        switch error.code {
        case .notFound: .notFound
        case .forbidden: .forbidden
        case .conflict: .conflict
        case .invalid: .invalid
        case .incompatible: .unavailable
        }
    }

    private static func failure(of status: HTTPResponse.Status) -> WebError {
        switch status.code {
        case 404, 405: WebError(.notFound)
        case 413: WebError(.tooLarge)
        case 415: WebError(.unsupportedType)
        case 400..<500: WebError(.badRequest, .body)
        default: WebError(.failed)
        }
    }

    private func log(_ error: any Error, _ failure: WebError, _ request: Request, _ context: WebContext) {
        let metadata: Logger.Metadata = [
            "request": "\(context.requestID)", "method": "\(request.method.rawValue)", "peer": "\(context.peer)",
            "path": "\(request.uri.path.prefix(200))", "account": "\(context.visitor?.account.login ?? "-")",
            "code": "\(failure.code.rawValue)", "error": "\(String(describing: error).prefix(500))",
        ]
        switch failure.code {
        case .failed, .unavailable: flood.log(.error, "request failed", metadata: metadata)
        case .forbidden, .crossSite, .tooMany: flood.log(.warning, "request refused", metadata: metadata)
        default: flood.log(.debug, "request not understood", metadata: metadata)
        }
    }

    private static func redirectToLogin(_ request: Request) -> Response {
        guard request.method == .get, request.uri.path != "/" else { return .redirect(to: "/login", type: .normal) }
        let back = request.uri.string.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        return .redirect(to: "/login?back=\(back)", type: .normal)
    }

    private func problem(_ failure: WebError, _ context: WebContext) -> Response {
        struct Problem: Encodable {
            let type: String
            let title: String
            let status: Int
            let code: String
            let detail: String?
            let request: String
        }
        let strings = pages.strings(context.language)
        let body = Problem(
            type: "urn:gridwatch:problem:\(failure.code.rawValue)",
            title: strings[failure.code.titleKey],
            status: failure.code.status.code,
            code: failure.code.rawValue,
            detail: Self.detail(of: failure, reader: context.visitor?.account.id, strings),
            request: context.requestID
        )
        var response = (try? Response.json(body, status: failure.code.status)) ?? Response(status: failure.code.status)
        response.headers[.contentType] = "application/problem+json"
        return response
    }

    /// What exactly was wrong, in the language of the reader; nil when the title says it all.
    ///
    /// What lower layers say is English, made for who wrote the rule or the file: other readers get it after the
    /// sentence of the code.
    static func detail(of failure: WebError, reader: Int?, _ strings: Strings) -> String? {
        if let reason = failure.reason { return strings[reason.rawValue] }
        let hint = strings[failure.code.titleKey + "_hint"]
        if let refusal = failure.refusal {
            guard let reason = refusal.reason else { return hint }
            return RefusalText.sentence(reason, after: refusal.act, reader: reader, strings)
        }
        guard let detail = failure.detail, strings.language != .english else { return failure.detail }
        return strings["error_detail"].replacing("{hint}", with: hint).replacing("{detail}", with: detail)
    }

    private func page(_ failure: WebError, _ context: WebContext) -> Response {
        let strings = pages.strings(context.language)
        let values: [String: Any] = [
            "title": strings[failure.code.titleKey],
            "status": failure.code.status.code,
            "detail": Self.detail(of: failure, reader: context.visitor?.account.id, strings)
                ?? strings[failure.code.titleKey + "_hint"],
            "request": context.requestID,
        ]
        return pages.page("error", values, context, status: failure.code.status)
    }
}

extension PostgresError {
    /// True when a value of the request is none that the database can hold: class 22 of SQLSTATE, data exceptions.
    var isRefusedValue: Bool { code == .queryFailed && sqlState?.hasPrefix("22") ?? false }
}
