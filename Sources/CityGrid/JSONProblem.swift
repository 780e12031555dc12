public import Foundation

/// Why a text is no JSON, or not the JSON that is needed, in words for a person.
public enum JSONProblem {
    /// What `error` says, with the place: of broken JSON by line and column, of a wrong value by its keys.
    ///
    /// - Parameters:
    ///   - error: What a decoder of JSON has thrown.
    ///   - data: What it was given; nil where that is known to be JSON.
    /// - Returns: a sentence without its full stop.
    public static func sentence(_ error: any Error, in data: Data? = nil) -> String {
        guard let error = error as? DecodingError else { return data.flatMap(breakage) ?? "\(error)" }
        switch error {
        case .typeMismatch(let type, let context):
            return "\(place(context)) is not \(name(type))"
        case .valueNotFound(let type, let context):
            return "\(place(context)) is null, it must be \(name(type))"
        case .keyNotFound(let key, let context):
            return "\(place(context)) has no '\(key.stringValue)'"
        case .dataCorrupted(let context):
            return data.flatMap(breakage) ?? "\(place(context)): \(context.debugDescription)"
        @unknown default:
            return "it cannot be read"
        }
    }

    /// Where the text breaks off being JSON; nil when it is JSON.
    private static func breakage(_ data: Data) -> String? {
        do {
            _ = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            return nil
        } catch {
            let said = (error as NSError).userInfo["NSDebugDescription"] as? String ?? ""
            guard let word = said.firstRange(of: "around character "),
                let offset = Int(said[word.upperBound...].prefix { $0.isNumber })
            else { return "the file is not valid JSON: it is empty, or ends too early" }
            let before = data.prefix(max(0, offset))
            let line = before.count { $0 == UInt8(ascii: "\n") } + 1
            let start = before.lastIndex(of: UInt8(ascii: "\n")).map { before.index(after: $0) } ?? before.startIndex
            let column = String(decoding: before[start...], as: UTF8.self).count + 1
            return "the file is not valid JSON at line \(line), column \(column): look there for a missing or surplus "
                + "comma, quote or bracket"
        }
    }

    /// The value by its keys, elements of lists counted from 1.
    private static func place(_ context: DecodingError.Context) -> String {
        let path = context.codingPath.map { key in
            key.intValue.map { "element \($0 + 1)" } ?? "'\(key.stringValue)'"
        }
        return path.isEmpty ? "it" : path.joined(separator: ", ")
    }

    private static func name(_ type: any Any.Type) -> String {
        let name = "\(type)"
        if name.hasPrefix("Array") || name.hasPrefix("[") && !name.contains(":") { return "a list" }
        if name.hasPrefix("Dictionary") || name.hasPrefix("[") { return "an object" }
        switch name {
        case "String": return "text"
        case "Bool": return "true or false"
        case "Int", "Int64", "Double", "Float": return "a number"
        default: return "an object"
        }
    }
}
