import Foundation
import HTTPTypes
import Hummingbird
import Store

/// Logging in, one's own account, and those of all.
struct AccountPages: Sendable {
    let desk: AccountService
    let pages: PageRenderer
    let isSecure: Bool

    var routes: [Route] {
        [
            .get("/", .anySession, home),
            .get("/login", .open, login),
            .get("/language/{code}", .open, chooseLanguage),
            .get("/account", .anySession, account),
            .get("/accounts", .admins, accounts),
        ]
    }

    @Sendable private func home(_ request: Request, _ context: WebContext) async throws -> Response {
        let isWorker = try context.requireVisitor().account.role == .worker
        return .redirect(to: isWorker ? "/tasks" : "/cases", type: .normal)
    }

    @Sendable private func login(_ request: Request, _ context: WebContext) async throws -> Response {
        if let visitor = context.visitor, !visitor.account.mustChange { return .redirect(to: "/", type: .normal) }
        let back = try? request.query("back")
        return pages.page(
            "login",
            ["back": Self.localPath(back) ?? "/", "is_return": Self.localPath(back).map { $0 != "/" } ?? false],
            context
        )
    }

    /// Keeps the choice in a cookie and goes back to where the person was.
    @Sendable private func chooseLanguage(_ request: Request, _ context: WebContext) async throws -> Response {
        guard let language = Language(rawValue: try context.text("code")) else { throw WebError(.notFound) }
        let back = try? request.query("back")
        var response = Response.redirect(to: Self.localPath(back) ?? "/", type: .normal)
        let secure = isSecure ? "; Secure" : ""
        response.headers[.setCookie] =
            "\(Language.cookie)=\(language.rawValue); Path=/; SameSite=Lax; Max-Age=31536000\(secure)"
        return response
    }

    @Sendable private func account(_ request: Request, _ context: WebContext) async throws -> Response {
        let account = try context.requireVisitor().account
        let rule = pages.strings(context.language)["pw_rule"]
        let values: [String: Any] = [
            "login": account.login, "must_change": account.mustChange, "minimum": PasswordRule.minimum,
            "pw_rule": rule.replacing("{n}", with: String(PasswordRule.minimum)),
        ]
        return pages.page("account", values, context)
    }

    @Sendable private func accounts(_ request: Request, _ context: WebContext) async throws -> Response {
        let strings = pages.strings(context.language)
        let own = try context.requireVisitor().account.id
        let rows = try await desk.accounts().map { account -> [String: Any] in
            [
                "id": account.id, "login": account.login, "name": account.displayName,
                "role": strings.label("role", account.role.rawValue), "post": account.post ?? "",
                "disabled": account.disabled, "must_change": account.mustChange, "is_own": account.id == own,
                "disable_ask": strings["ac_disable_ask"].replacing("{name}", with: account.displayName),
                "reset_ask": strings["ac_reset_ask"].replacing("{name}", with: account.displayName),
            ]
        }
        let roles = AccountRole.allCases.reversed().map { role -> [String: Any] in
            ["code": role.rawValue, "label": strings.label("role", role.rawValue)]
        }
        return pages.page("accounts", ["rows": rows, "roles": roles, "count": rows.count], context)
    }

    /// A path of this site; nil for anything that a browser could take for another one.
    static func localPath(_ text: String?) -> String? {
        guard let text, text.hasPrefix("/"), !text.hasPrefix("//"), !text.contains("\\"),
            text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f })
        else { return nil }
        return text
    }
}
