internal import Foundation

extension DaemonSettings {
    /// Reads the settings of the daemon.
    ///
    /// The file comes first, environment variables `GRIDWATCH_<SECTION>_<KEY>` override it. What a connection string leaves
    /// out libpq takes from its own variables (`PGPORT`, …), which are checked like the string. The connection string may
    /// lie in `database.url_file` or in a systemd credential `database-url` (`CREDENTIALS_DIRECTORY`).
    ///
    /// - Parameters:
    ///   - file: Path of a YAML file; nil for none.
    ///   - environment: The environment variables of the process.
    /// - Returns: Settings that are complete and checked.
    /// - Throws: `SettingsError` with every problem and its place, without secrets.
    public static func load(file: String?, environment: [String: String]) throws(SettingsError) -> DaemonSettings {
        guard let file else { return try parse("", file: "", environment: environment) }
        guard let data = FileManager.default.contents(atPath: file) else {
            let message = "the configuration file cannot be read: check that it exists and who may read it"
            throw SettingsError(.unreadable, [SettingsProblem(place: file, message: message)])
        }
        return try parse(SettingsText.read(data, file: file), file: file, environment: environment)
    }

    /// Reads settings from a YAML text; `file` is its name for messages.
    ///
    /// - Throws: As `load`.
    static func parse(
        _ yaml: String,
        file: String,
        environment: [String: String] = [:]
    ) throws(SettingsError) -> DaemonSettings {
        var reader = SettingsReader()
        try reader.read(yaml: yaml, file: file)
        reader.read(environment: environment)
        reader.finish(environment: environment)
        guard reader.problems.isEmpty else { throw SettingsError(.invalid, reader.problems) }
        return reader.settings
    }
}
