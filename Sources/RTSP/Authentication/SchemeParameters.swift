/// A challenge or proof as it stands in a header: a scheme and its parameters.
///
/// Read as leniently as cameras need: blanks or semicolons instead of commas, values without quotation marks, blanks
/// in such values, a last quotation mark that is missing.
struct SchemeParameters: Hashable, Sendable {
    /// For example `Digest`, as written.
    var scheme: String
    /// The values by name in lower case; the first of equals counts.
    var parameters: [String: String] = [:]

    /// The challenges of a header value, in order.
    static func read(_ value: String) -> [SchemeParameters] {
        var reader = Reader(rest: value[...])
        var found: [SchemeParameters] = []
        while let word = reader.word() {
            if let text = reader.value() {
                guard !found.isEmpty else { continue }
                let known = found[found.count - 1].parameters[word.lowercased()]
                if known == nil { found[found.count - 1].parameters[word.lowercased()] = text }
            } else {
                found.append(SchemeParameters(scheme: word))
            }
        }
        return found
    }

    private struct Reader {
        var rest: Substring

        private static func isBlank(_ character: Character) -> Bool { character == " " || character == "\t" }
        private static func isName(_ character: Character) -> Bool {
            character.isLetter || character.isNumber || character == "-" || character == "_"
        }

        /// The next name; nil at the end.
        mutating func word() -> String? {
            rest = rest.drop { Self.isBlank($0) || ",;=\"".contains($0) }
            guard !rest.isEmpty else { return nil }
            let word = rest.prefix { !Self.isBlank($0) && !",;=\"".contains($0) }
            rest = rest[word.endIndex...]
            return String(word)
        }

        /// The value behind `=`; nil when there is none.
        mutating func value() -> String? {
            let after = rest.drop(while: Self.isBlank)
            guard after.first == "=" else { return nil }
            rest = after.dropFirst().drop(while: Self.isBlank)
            return rest.first == "\"" ? quoted() : bare()
        }

        private mutating func quoted() -> String {
            var text = ""
            var escaped = false
            rest = rest.dropFirst()
            while let character = rest.popFirst() {
                if escaped || character != "\\" && character != "\"" {
                    text.append(character)
                    escaped = false
                } else if character == "\\" {
                    escaped = true
                } else {
                    break
                }
            }
            return text
        }

        /// Up to the next separator, or to a blank behind which the next parameter begins.
        private mutating func bare() -> String {
            let whole = rest.prefix { !",;".contains($0) }
            var end = whole.endIndex
            var index = whole.startIndex
            while index < whole.endIndex {
                if Self.isBlank(whole[index]) {
                    let next = whole[index...].drop(while: Self.isBlank)
                    let behind = next.drop(while: Self.isName)
                    if behind.startIndex > next.startIndex, behind.drop(while: Self.isBlank).first == "=" {
                        end = index
                        break
                    }
                }
                index = whole.index(after: index)
            }
            rest = rest[end...]
            return whole[..<end].trimmed
        }
    }
}
