public import Settings

extension DaemonSettings {
    /// The defaults, but for settings that are given by name, as a person gives them.
    public static func with(_ values: [String: String]) throws -> DaemonSettings {
        let variables = values.map { ("GRIDWATCH_" + $0.key.replacing(".", with: "_").uppercased(), $0.value) }
        return try load(file: nil, environment: Dictionary(uniqueKeysWithValues: variables))
    }
}
