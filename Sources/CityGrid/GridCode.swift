/// How large a grid is: the four levels of the tree.
public enum GridLevel: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// 大网格: a street or town, the largest level.
    case large = 1
    /// 中网格: a community or village, a part of a large grid.
    case medium
    /// 小网格: the national unit grid.
    case small
    /// 微网格: what one micro-grid leader walks.
    case micro

    /// Digits of a code of this level: 9, 12, 15 or 18.
    public var digits: Int { 6 + 3 * rawValue }

    /// Orders from large to micro.
    public static func < (left: GridLevel, right: GridLevel) -> Bool { left.rawValue < right.rawValue }
}

/// The code of a grid: 9, 12, 15 or 18 digits for large, medium, small and micro.
///
/// The first six digits are the county (GB/T 2260), then three digits per level. The prefix is only what the code
/// suggests as the parent; authority follows the parent that the data names.
public struct GridCode: Sendable, Hashable, CustomStringConvertible {
    /// The digits, as sheets and the database have them.
    public let text: String
    /// The level that the length tells.
    public let level: GridLevel

    /// The same as `text`.
    public var description: String { text }

    /// The first six digits: the county.
    public var county: String { String(text.prefix(6)) }

    /// The code without its last three digits; nil for a large grid.
    public var prefixParent: GridCode? {
        GridLevel(rawValue: level.rawValue - 1).map { GridCode(text: String(text.dropLast(3)), level: $0) }
    }

    private init(text: String, level: GridLevel) {
        self.text = text
        self.level = level
    }

    /// Reads a code, with blanks around it removed.
    ///
    /// - Throws: `CityGridError` with `invalidGridCode` or `codeEatenBySpreadsheet`; the message tells what to write.
    public init(_ raw: some StringProtocol) throws(CityGridError) {
        let text = Digits.plain(raw)
        if Digits.looksEatenBySpreadsheet(text) { throw Digits.eaten(text, digits: "9, 12, 15 or 18") }
        guard Digits.areAll(text) else {
            throw CityGridError(
                .invalidGridCode,
                "grid code '\(text)' has other characters than digits\(Digits.others(text)); "
                    + "write 9, 12, 15 or 18 digits"
            )
        }
        guard let level = GridLevel.allCases.first(where: { $0.digits == text.utf8.count }) else {
            let old = "; 14 digits look like CJ/T 213: write the last part with three digits"
            throw CityGridError(
                .invalidGridCode,
                "grid code '\(text)' has \(text.utf8.count) digits; 9 are a street, 12 a community, 15 a small grid, "
                    + "18 a micro-grid" + (text.utf8.count == 14 ? old : "")
            )
        }
        guard !text.hasPrefix("0") else {
            throw CityGridError(.invalidGridCode, "grid code '\(text)' begins with 0, no province does")
        }
        self.init(text: text, level: level)
    }
}

/// Checks that every code of digits needs.
enum Digits {
    static func areAll(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
    }

    /// The code that `raw` means: without blanks and invisible marks, full-width digits as digits.
    static func plain(_ raw: some StringProtocol) -> String {
        let text = raw.withoutInvisibleMarks.trimmingBlanks
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        return String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    guard (0xFF10...0xFF19).contains(scalar.value) else { return scalar }
                    return Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 48))
                }
            )
        )
    }

    /// The characters of a code that are no digits, by name and number, for a report: `: 'x' (U+0078)`.
    static func others(_ text: String) -> String {
        var seen: [Unicode.Scalar] = []
        for scalar in text.unicodeScalars where !("0"..."9").contains(scalar) && !seen.contains(scalar) {
            seen.append(scalar)
        }
        guard !seen.isEmpty else { return "" }
        return ": " + seen.prefix(3).map(\.named).joined(separator: ", ") + (seen.count > 3 ? " and others" : "")
    }

    /// True for `4.30581E+19`, `430581E14` and the like.
    static func looksEatenBySpreadsheet(_ text: String) -> Bool {
        let parts = text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
        guard parts.count == 2 else { return false }
        let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
        let exponent = parts[1].hasPrefix("+") ? parts[1].dropFirst() : parts[1]
        return (1...2).contains(mantissa.count) && mantissa.allSatisfy { areAll(String($0)) }
            && areAll(String(exponent))
    }

    static func eaten(_ text: String, digits: String) -> CityGridError {
        CityGridError(
            .codeEatenBySpreadsheet,
            "'\(text)' is a code that a spreadsheet rounded to a number, its digits are lost; take the code from the "
                + "source again, set the column's format to text before pasting (\(digits) digits), and export anew"
        )
    }
}

extension StringProtocol {
    /// Without blanks, tabs, full-width and no-break spaces at both ends.
    var trimmingBlanks: String {
        func isBlank(_ scalar: Unicode.Scalar) -> Bool {
            switch scalar {
            case " ", "\t", "\r", "\n", "\u{A0}", "\u{3000}": true
            default: false
            }
        }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !isBlank($0) }),
            let last = scalars.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(self[first..<scalars.index(after: last)])
    }
}
