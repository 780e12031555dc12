import Foundation
import Hummingbird

/// Language of pages and messages; one string table each.
enum Language: String, Sendable, Hashable, CaseIterable {
    case chinese = "zh"
    case english = "en"

    /// Name of the cookie that keeps a choice.
    static let cookie = "gw_language"

    /// What the person chose; Chinese until then, whatever the browser's own language is.
    init(of request: Request) {
        self = request.cookies[Self.cookie].flatMap { Language(rawValue: $0.value) } ?? .chinese
    }

    /// The other one.
    var other: Language { self == .chinese ? .english : .chinese }

    /// Value of the `lang` attribute.
    var tag: String { self == .chinese ? "zh-CN" : "en" }
}

/// The string table of one language: flat, one key per text.
struct Strings: Sendable {
    let language: Language
    let table: [String: String]

    /// Reads `strings/<language>.json` of the assets.
    init(language: Language, assets: URL) throws {
        self.language = language
        let file = assets.appending(path: "strings/\(language.rawValue).json")
        self.table = try JSONDecoder().decode([String: String].self, from: Data(contentsOf: file))
    }

    /// The text of a key; the key itself when the table has none, so that a gap is seen and hurts nobody.
    subscript(key: String) -> String { table[key] ?? key }

    /// The text of `prefix_code`, or the code when the table does not know it.
    func label(_ prefix: String, _ code: String) -> String {
        table["\(prefix)_\(code)"] ?? code
    }
}
