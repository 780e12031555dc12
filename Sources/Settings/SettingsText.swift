internal import Foundation

/// The configuration file as text: what its bytes say about the program that saved it, and what a line that is no YAML
/// most likely should have been.
enum SettingsText {
    /// The text of the file, without a byte order mark.
    ///
    /// - Throws: `malformed` with the line that is not UTF-8, and the encoding that it looks like.
    static func read(_ data: Data, file: String) throws(SettingsError) -> String {
        if data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff]) || data.prefix(4096).contains(0) {
            throw malformed(file, "the file is saved as UTF-16 ('Unicode' in Windows): save it as UTF-8")
        }
        if let text = String(bytes: data, encoding: .utf8) {
            return text.unicodeScalars.first == "\u{feff}" ? String(text.unicodeScalars.dropFirst()) : text
        }
        for (index, line) in data.split(separator: 0x0a, omittingEmptySubsequences: false).enumerated()
        where String(bytes: line, encoding: .utf8) == nil {
            let guess = isGB18030(line) ? "; it looks like GB18030, the encoding of Chinese Windows" : ""
            throw malformed("\(file):\(index + 1):1", "this line is not UTF-8\(guess): save the file as UTF-8")
        }
        throw malformed(file, "the file is not UTF-8: save it as UTF-8")
    }

    private static func malformed(_ place: String, _ message: String) -> SettingsError {
        SettingsError(.malformed, [SettingsProblem(place: place, message: message)])
    }

    /// Whether bytes are text of two or four bytes a character.
    private static func isGB18030(_ line: Data) -> Bool {
        var rest = line[...]
        while let first = rest.popFirst() {
            if first < 0x80 { continue }
            guard (0x81...0xfe).contains(first), let second = rest.popFirst() else { return false }
            if (0x40...0xfe).contains(second), second != 0x7f { continue }
            guard (0x30...0x39).contains(second), let third = rest.popFirst(), (0x81...0xfe).contains(third),
                let fourth = rest.popFirst(), (0x30...0x39).contains(fourth)
            else { return false }
        }
        return true
    }

    /// What to do about a place that is no YAML, with the number of the line at fault; nil when nothing can be said.
    ///
    /// That line is this one or the one before, where a colon or a quote is often missing. Nothing of it is repeated: it may
    /// hold the password.
    static func advice(_ yaml: String, line number: Int) -> (line: Int, text: String)? {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for number in [number, number - 1] where lines.indices.contains(number - 1) {
            if let text = advice(lines[number - 1]) { return (number, text) }
        }
        return nil
    }

    private static func advice(_ line: Substring) -> String? {
        let line = line.prefix { $0 != "#" }
        let content = line.drop { $0.isWhitespace }
        if line.prefix(line.count - content.count).contains("\t") { return "indent with blanks, not with tabs" }
        if line.contains("\u{ff1a}") { return "write ':' and a blank instead of the full-width '\u{ff1a}'" }
        if line.contains("\u{3000}") { return "write plain blanks instead of full-width ones" }
        if line.contains(where: { "\u{201c}\u{201d}\u{2018}\u{2019}".contains($0) }) {
            return "write plain quotes \" instead of curly ones"
        }
        if content.firstMatch(of: /^[a-z0-9_]+:[^ \t]/) != nil { return "put a blank behind the colon" }
        return nil
    }

    /// The line on which a key stands for the second time with the same indentation, and the first, counted from 1; nil
    /// when they share a line.
    static func repetition(of key: String, in yaml: String, from start: Int) -> (first: Int, second: Int)? {
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        var first: (line: Int, indent: Int)?
        for index in lines.indices where index + 1 >= start {
            let content = lines[index].drop { $0 == " " }
            let indent = lines[index].count - content.count
            guard content.hasPrefix(key), content.dropFirst(key.count).drop(while: { $0 == " " }).first == ":" else {
                continue
            }
            guard let known = first else {
                first = (index + 1, indent)
                continue
            }
            if known.indent == indent { return (known.line, index + 1) }
        }
        return nil
    }
}
