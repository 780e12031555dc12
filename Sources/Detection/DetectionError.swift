/// Why a rule, a schedule or a setting was refused.
public struct DetectionError: Error, CustomStringConvertible, Hashable, Sendable {
    /// What kind of value was refused.
    public enum Code: String, Hashable, Sendable {
        /// A rule's kind, geometry, number or text is not usable.
        case invalidRule
        /// A weekly window has a bad day or time of day.
        case invalidSchedule
        /// The key of a setting is not known.
        case unknownSetting
        /// The value of a setting is not a number of its range.
        case invalidSetting
    }

    /// What kind of value was refused, for code that has to tell them apart.
    public let code: Code
    /// Where, why and what to do, for a person.
    public let message: String

    /// The message, so that a log or a terminal shows what to do and no type names.
    public var description: String { message }

    /// Makes an error from its kind and its message.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
