import Foundation
import HTTPTypes
import Hummingbird
import Mustache
import NIOCore
import Store

/// Renders pages from the templates and string tables.
struct PageRenderer: Sendable {
    private let library: MustacheLibrary
    private let tables: [Language: Strings]
    private let version: String

    /// Loads all templates and strings.
    ///
    /// `version`: changes with the assets, so that browsers fetch new ones.
    /// - Throws: When a template or table cannot be read: the daemon must not start half-blind.
    init(assets: URL, version: String) async throws {
        self.library = try await MustacheLibrary(directory: assets.appending(path: "templates").path)
        self.version = version
        var tables: [Language: Strings] = [:]
        for language in Language.allCases {
            tables[language] = try Strings(language: language, assets: assets)
        }
        self.tables = tables
    }

    /// The string table of a language.
    func strings(_ language: Language) -> Strings {
        tables[language] ?? Strings(language: language, table: [:])
    }

    /// A whole page.
    ///
    /// `values`: what the template needs beside the frame: navigation, visitor, language, strings `t`.
    func page(
        _ template: String,
        _ values: [String: Any],
        _ context: WebContext,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        let strings = strings(context.language)
        var all = values
        all["t"] = strings.table
        all["lang"] = context.language.tag
        all["other_language"] = context.language.other.rawValue
        all["version"] = version
        all["page_\(template)"] = true
        all["now"] = LocalTime.second(Date())
        all["now_machine"] = LocalTime.machine(Date())
        if let account = context.visitor?.account {
            all["visitor"] =
                [
                    "name": account.displayName, "role": strings.label("role", account.role.rawValue),
                    "post": account.post ?? "", "id": account.id, "must_change": account.mustChange,
                    "may_enter": !account.mustChange, "is_admin": account.role == .admin,
                    "is_worker": account.role == .worker, "is_operator": [.admin, .operate].contains(account.role),
                    "is_office": account.role != .worker,
                ] as [String: Any]
        }
        let text = library.render(all, withTemplate: template) ?? ""
        return Response(
            status: text.isEmpty ? .internalServerError : status,
            headers: [.contentType: "text/html; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}

extension Strings {
    /// A table from memory.
    init(language: Language, table: [String: String]) {
        self.language = language
        self.table = table
    }
}
