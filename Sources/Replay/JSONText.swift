internal import Foundation

/// JSON with keys in a given order and numbers with given digits: the same values give the same bytes.
public indirect enum JSONText {
    /// No value.
    case null
    /// True or false.
    case bool(Bool)
    /// A whole number.
    case integer(Int)
    /// A number with that many digits behind the point.
    case number(Double, digits: Int)
    /// Text, escaped where it must be.
    case text(String)
    /// A list.
    case list([JSONText])
    /// Members in the order in which they are written.
    case object([(String, JSONText)])

    /// A number, or null when there is none.
    public static func optional(_ value: Double?, digits: Int) -> JSONText {
        value.map { .number($0, digits: digits) } ?? .null
    }

    /// The document, ending in a newline: `levels` levels are broken into lines, what lies deeper stays on one line.
    public func document(levels: Int) -> String {
        render(indent: "", levels: levels) + "\n"
    }

    private func render(indent: String, levels: Int) -> String {
        switch self {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value, let digits): Self.fixed(value, digits)
        case .text(let text): Self.quoted(text)
        case .list(let items):
            Self.block("[", "]", items.map { ("", $0) }, indent, levels)
        case .object(let members):
            Self.block("{", "}", members.map { (Self.quoted($0.0) + ":", $0.1) }, indent, levels)
        }
    }

    private static func block(
        _ open: String,
        _ close: String,
        _ items: [(prefix: String, value: JSONText)],
        _ indent: String,
        _ levels: Int
    ) -> String {
        guard levels > 0, !items.isEmpty else {
            return open + items.map { $0.prefix + $0.value.render(indent: "", levels: 0) }.joined(separator: ",")
                + close
        }
        let inner = indent + " "
        let lines = items.map { inner + $0.prefix + $0.value.render(indent: inner, levels: levels - 1) }
        return open + "\n" + lines.joined(separator: ",\n") + "\n" + indent + close
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return "null" }
        let text = String(format: "%.\(digits)f", value)
        // A negative number that rounds to zero.
        return text.hasPrefix("-") && !text.contains { "123456789".contains($0) } ? String(text.dropFirst()) : text
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case let control where control.value < 0x20:
                result += String(format: "\\u%04x", control.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
