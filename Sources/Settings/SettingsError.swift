/// One thing that is wrong with the settings.
public struct SettingsProblem: Sendable, Hashable, CustomStringConvertible {
    /// Where: `file:line:column`, or the name of the environment variable.
    public let place: String
    /// What is wrong and what would be right, without secrets.
    public let message: String

    /// Makes a problem; the message must hold no secret, it is shown and logged.
    public init(place: String, message: String) {
        self.place = place
        self.message = message
    }

    /// Place and message in one line.
    public var description: String { "\(place): \(message)" }
}

/// Why the settings cannot be used: all problems at once.
public struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of failure it is, for code that has to tell them apart.
    public enum Code: String, Hashable, Sendable, Codable {
        /// A file could not be read.
        case unreadable
        /// The file is not YAML.
        case malformed
        /// Keys or values are wrong.
        case invalid
    }

    /// What kind of failure it is; the problems say where and what.
    public let code: Code
    /// All that is wrong, in the order of the file, then the environment.
    public let problems: [SettingsProblem]

    /// Makes an error; `problems` holds at least one.
    public init(_ code: Code, _ problems: [SettingsProblem]) {
        self.code = code
        self.problems = problems
    }

    /// All problems, one line each, ready to be shown.
    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
