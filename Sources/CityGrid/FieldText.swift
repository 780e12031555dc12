/// The text that a field of a table means: without blanks and invisible marks, and without what exports put around a
/// code so that a spreadsheet does not make a number of it.
///
/// Taken off are `="…"` and `=` before a number, an apostrophe or grave accent in front (or a pair around), zero-width
/// characters, direction marks and byte order marks. A joiner between two letters stays, since some scripts need it.
func plainText(ofField field: String) -> String {
    var text = field.withoutInvisibleMarks.trimmingBlanks
    if text.hasPrefix("=") { text = plainText(ofFormula: text) }
    while let first = text.unicodeScalars.first, apostrophes.contains(first), text.unicodeScalars.count > 1 {
        text.unicodeScalars.removeFirst()
        if let last = text.unicodeScalars.last, apostrophes.contains(last) { text.unicodeScalars.removeLast() }
        text = text.trimmingBlanks
    }
    return text
}

/// `'`, `‘`, `’`, `` ` ``, `´`, `ʼ`, `′` and the full-width `＇`: what keyboards and exports write for an apostrophe.
private let apostrophes: Set<Unicode.Scalar> = [
    "'", "\u{2018}", "\u{2019}", "`", "\u{B4}", "\u{2BC}", "\u{2032}", "\u{FF07}",
]

/// The text of `="text"`, and the number of `=12`; everything else as it is.
private func plainText(ofFormula formula: String) -> String {
    let body = formula.dropFirst().trimmingBlanks
    let pairs: [(Character, Character)] = [("\"", "\""), ("\u{201C}", "\u{201D}")]
    for (open, close) in pairs where body.count >= 2 && body.first == open && body.last == close {
        let doubled = "\(close)\(close)"
        return body.dropFirst().dropLast().split(separator: doubled, omittingEmptySubsequences: false)
            .joined(separator: "\(close)").trimmingBlanks
    }
    return Digits.areAll(body) ? body : formula
}

extension StringProtocol {
    /// Without characters that take no room: a code that carries one looks right and is another one.
    var withoutInvisibleMarks: String {
        guard unicodeScalars.contains(where: { $0.isInvisibleMark }) else { return String(self) }
        let visible = unicodeScalars.filter { !$0.isInvisibleMark }
        // Letters of some scripts and some pictures are joined by these.
        let joins = visible.contains { !$0.isASCII } ? Set<Unicode.Scalar>(["\u{200C}", "\u{200D}"]) : []
        var text = String.UnicodeScalarView(unicodeScalars.filter { !$0.isInvisibleMark || joins.contains($0) })
        while let first = text.first, joins.contains(first) { text.removeFirst() }
        while let last = text.last, joins.contains(last) { text.removeLast() }
        return String(text)
    }
}

extension Unicode.Scalar {
    /// Zero-width characters, direction marks, soft hyphen, byte order mark.
    fileprivate var isInvisibleMark: Bool {
        switch value {
        case 0xAD, 0x61C, 0x180E, 0x200B...0x200F, 0x202A...0x202E, 0x2060...0x2064, 0x2066...0x206F, 0xFEFF: true
        default: false
        }
    }

    /// The character with its number, for a report about something that may not be seen.
    var named: String {
        let digits = String(value, radix: 16, uppercase: true)
        let number = "U+" + String(repeating: "0", count: Swift.max(0, 4 - digits.count)) + digits
        return properties.isWhitespace || properties.generalCategory == .control ? number : "'\(self)' (\(number))"
    }
}
