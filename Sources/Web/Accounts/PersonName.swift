import Foundation

/// The name of a person as pages show it.
enum PersonName {
    /// Characters at most.
    static let maximum = 64
    /// Scalars at most: a character may be made of thousands of them.
    private static let maximumScalars = 256

    /// The name without blanks around it.
    ///
    /// Signs that cannot be seen are refused: with them two people look alike, and what stands behind a name on a page
    /// runs the wrong way.
    /// - Throws: `WebError` with `invalid`: empty, too long, or with such signs.
    static func check(_ name: String) throws -> String {
        let text = name.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.count <= maximum, text.unicodeScalars.count <= maximumScalars else {
            throw WebError(.invalid, .textLength)
        }
        guard !text.unicodeScalars.contains(where: isInvisible) else { throw WebError(.invalid, .nameSigns) }
        return text
    }

    private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        // Characters for private use are how names are written for which Unicode was too late.
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned: true
        default: false
        }
    }
}
