import Foundation
import Hummingbird
import Store

/// Values of select boxes, with the chosen one marked.
enum Choices {
    /// One option per code, labelled from the string table as `prefix_code`.
    static func labelled(
        _ codes: some Sequence<String>,
        _ prefix: String,
        chosen: String?,
        _ strings: Strings
    ) -> [[String: Any]] {
        codes.map { ["code": $0, "label": strings.label(prefix, $0), "is_chosen": $0 == chosen] }
    }

    /// Large, medium and small grids, indented by level; micro-grids too when only few are seen.
    static func grids(_ grids: [GridChoice], chosen: Int?) -> [[String: Any]] {
        let top = grids.map(\.level).min() ?? 1
        let shown = grids.filter { $0.level < 4 || grids.count <= 60 || $0.id == chosen }
        return shown.map { grid in
            let indent = String(repeating: "\u{3000}", count: grid.level - top)
            return ["code": grid.id, "label": indent + grid.name, "is_chosen": grid.id == chosen]
        }
    }

    /// Hazard types in the language of the page.
    static func hazards(_ types: [HazardTypeLine], chosen: String?, _ language: Language) -> [[String: Any]] {
        types.map { type in
            ["code": type.code, "label": type.name.text(language), "is_chosen": type.code == chosen]
        }
    }

    /// The query of a list with one value replaced; empty values are left out.
    static func query(_ request: Request, replacing name: String, with value: String?) -> String {
        query(request, replacing: [name: value])
    }

    /// The query of a list with some values replaced; empty values are left out.
    static func query(_ request: Request, replacing values: [String: String?]) -> String {
        let pairs = (request.uri.query ?? "").split(separator: "&").filter { pair in
            let name = String(pair.prefix { $0 != "=" })
            return !values.keys.contains(name) && name != "after" && !pair.hasSuffix("=") && pair.contains("=")
        }
        let added = values.sorted { $0.key < $1.key }.compactMap { name, value in
            value.map { "\(name)=\($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "")" }
        }
        return (pairs.map(String.init) + added).joined(separator: "&")
    }
}

extension LocalName {
    /// The name in a language.
    func text(_ language: Language) -> String { language == .chinese ? zh : en }
}
