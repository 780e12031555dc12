extension StringProtocol {
    /// The text without blanks and tabs around it.
    var trimmed: String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) }) else {
            return ""
        }
        return String(self[first...last])
    }

    /// The parts between `separator`s that stand outside double quotes, trimmed; empty parts are left out.
    func splitOutsideQuotes(_ separator: Character) -> [String] {
        var parts: [String] = []
        var part = ""
        var quoted = false
        var escaped = false
        for character in self {
            if escaped {
                escaped = false
            } else if quoted, character == "\\" {
                escaped = true
            } else if character == "\"" {
                quoted.toggle()
            } else if character == separator, !quoted {
                parts.append(part.trimmed)
                part = ""
                continue
            }
            part.append(character)
        }
        parts.append(part.trimmed)
        return parts.filter { !$0.isEmpty }
    }

    /// The name before `=` in lower case and the value behind it without quotes; the value is empty without `=`.
    var nameAndValue: (name: String, value: String) {
        guard let equals = firstIndex(of: "=") else { return (trimmed.lowercased(), "") }
        return (self[..<equals].trimmed.lowercased(), self[index(after: equals)...].trimmed.unquoted)
    }

    /// The text inside double quotes, with `\"` and `\\` resolved; the text itself when it is not quoted.
    var unquoted: String {
        guard count >= 2, first == "\"", last == "\"" else { return String(self) }
        var text = ""
        var escaped = false
        for character in dropFirst().dropLast() {
            if character == "\\", !escaped {
                escaped = true
            } else {
                text.append(character)
                escaped = false
            }
        }
        return text
    }

    /// The text in double quotes, as a quoted-string of RFC 2616.
    var quoted: String {
        var text = "\""
        for character in self {
            if character == "\"" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text + "\""
    }
}
