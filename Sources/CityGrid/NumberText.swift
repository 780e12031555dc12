/// Numbers as tables hold them.
public enum NumberText {
    /// Digits that every program keeps of a number.
    private static let exactDigits = 15

    /// The number that a field means: full-width characters as ASCII, and without `.0` behind a whole number, which
    /// programs add that keep all numbers as fractions.
    ///
    /// - Returns: The text as it is where it is no number, or has so many digits that a fraction has lost some.
    public static func plain(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 && $0 != UInt8(ascii: ".") }) else { return text }
        let narrow = String(String.UnicodeScalarView(text.unicodeScalars.map(narrowed)))
        let parts = narrow.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, Digits.areAll(String(parts[0])), !parts[1].isEmpty, parts[1].allSatisfy({ $0 == "0" }),
            parts[0].utf8.count <= exactDigits
        else { return narrow }
        return String(parts[0])
    }

    private static func narrowed(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        switch scalar.value {
        case 0xFF10...0xFF19: Unicode.Scalar(UInt8(scalar.value - 0xFF10 + 48))
        case 0xFF0E: "."
        case 0xFF0D, 0x2212: "-"
        case 0xFF0B: "+"
        default: scalar
        }
    }
}
