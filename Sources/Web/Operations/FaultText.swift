import Foundation

/// Why a camera is out of service, in the language of the reader.
enum FaultText {
    /// What a fault case says: why, and what to do; nil when nothing is known.
    ///
    /// `reason`: a word, perhaps with seconds behind it; one that this version does not know says no more than the rest
    /// of the page.
    static func sentence(_ reason: String?, _ strings: Strings) -> String? {
        guard let word = word(reason) else { return nil }
        return strings.table["fault_\(word)"] ?? strings["fault_unknown"]
    }

    /// What the page of a camera says of its state now: how long, where that is known, and else what a case says; nil for
    /// a reason that this version does not know.
    static func state(_ reason: String?, _ strings: Strings) -> String? {
        guard let word = word(reason) else { return nil }
        guard let text = strings.table["why_\(word)"] else { return strings.table["fault_\(word)"] }
        let parts = (reason ?? "").split(separator: " ")
        return text.replacing("{n}", with: parts.count > 1 ? String(parts[1]) : "?")
    }

    private static func word(_ reason: String?) -> Substring? { reason?.split(separator: " ").first }
}
