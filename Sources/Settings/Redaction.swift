/// Hides what must not be printed.
enum Redaction {
    private static let secretKeys: Set<String> = ["password", "passfile", "sslpassword", "sslkey"]

    /// A libpq connection string with its passwords replaced by `***`.
    ///
    /// What cannot be taken apart is hidden whole: better to show too little.
    static func connectionString(_ text: String) -> String {
        if let scheme = text.firstRange(of: "://") {
            return text[..<scheme.upperBound] + uri(text[scheme.upperBound...])
        }
        guard let pairs = pairs(text) else { return "***" }
        return pairs.map { $0.key + "=" + (secretKeys.contains($0.key.lowercased()) ? "***" : $0.value) }
            .joined(separator: " ")
    }

    /// `rest` is what follows `postgresql://`.
    private static func uri(_ rest: Substring) -> String {
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var shown = String(parts[0])
        // The last `@`: a password may hold one that is not escaped.
        if let at = parts[0].lastIndex(of: "@") {
            let user = parts[0][..<at]
            let name = user.firstIndex(of: ":").map { user[..<$0] + ":***" } ?? String(user)
            shown = name + parts[0][at...]
        }
        guard parts.count == 2 else { return shown }
        let query = parts[1].split(separator: "&", omittingEmptySubsequences: false).map { pair -> String in
            let key = pair.prefix { $0 != "=" }
            return secretKeys.contains(key.lowercased()) ? key + "=***" : String(pair)
        }
        return shown + "?" + query.joined(separator: "&")
    }

    /// The `key=value` pairs, values as written; nil when the text is not made of pairs.
    private static func pairs(_ text: String) -> [(key: String, value: String)]? {
        var rest = text[...]
        var found: [(key: String, value: String)] = []
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { return found }
            guard let equals = rest.firstIndex(of: "=") else { return nil }
            let key = rest[..<equals].filter { !$0.isWhitespace }
            rest = rest[rest.index(after: equals)...].drop { $0.isWhitespace }
            guard let value = takeValue(&rest) else { return nil }
            found.append((key, value))
        }
    }

    /// Takes a value in libpq's form: plain up to a blank, or in single quotes; a backslash escapes.
    private static func takeValue(_ rest: inout Substring) -> String? {
        let isQuoted = rest.first == "'"
        var index = isQuoted ? rest.index(after: rest.startIndex) : rest.startIndex
        while index < rest.endIndex {
            let character = rest[index]
            if character == "\\" {
                index = rest.index(after: index)
                guard index < rest.endIndex else { return nil }
            } else if isQuoted ? character == "'" : character.isWhitespace {
                break
            }
            index = rest.index(after: index)
        }
        if isQuoted {
            guard index < rest.endIndex else { return nil }
            index = rest.index(after: index)
        }
        defer { rest = rest[index...] }
        return String(rest[..<index])
    }
}
