internal import Foundation

/// The documentation of the settings, made from the table that reads them.
public enum SettingsReference {
    /// The example file: every setting commented out with its default, so that a copy follows later defaults.
    public static let exampleFile: String = {
        var text = """
            # Settings of the Gridwatch daemon: all of them, each with its default.
            # Uncomment what you change. The environment variable named with a setting overrides this file.
            # Read at the start of the daemon: a change needs a restart. Unknown keys and values out of range are refused
            # then. Made by `gridwatch config example`.

            """
        for section in SettingsTable.sections {
            text += "\n# \(section.note)\n\(section.name):\n"
            let settings = SettingsTable.settings.filter { $0.section == section.name }
            text += settings.map(\.example).joined(separator: "\n")
        }
        return text
    }()

    /// A page in Markdown with one table per section.
    public static let markdown: String = {
        var text = """
            # Settings

            One YAML file, `gridwatch serve --config FILE`; `GRIDWATCH_<SECTION>_<KEY>` in the environment overrides it.
            Read at the start of the daemon: a change needs a restart. Unknown keys, wrong types and values out of range are
            refused then, all at once, each with its place and the range; nothing is moved to the nearest bound. The options of
            `database.url`, and the variables that libpq takes what it leaves out from (`PGPORT`, …), are checked, too.

            """
        for section in SettingsTable.sections {
            text += "\n## \(section.name)\n\n\(section.note)\n\n"
            text += "| key | default | range | unit | meaning |\n|---|---|---|---|---|\n"
            for setting in SettingsTable.settings where setting.section == section.name {
                let value = setting.text(in: DaemonSettings())
                let shown = value.isEmpty ? "(empty)" : "`\(value)`"
                let unit = setting.unit.isEmpty ? "–" : setting.unit
                text += "| `\(setting.key)` | \(shown) | \(setting.range) | \(unit) | \(setting.note) |\n"
            }
        }
        return text
    }()
}

extension Setting {
    /// The lines of the example file.
    fileprivate var example: String {
        let value = text(in: DaemonSettings())
        let measure = unit.isEmpty ? "" : " \(unit)"
        let facts = "Takes \(range)\(measure). Default \(value.isEmpty ? "empty" : value). \(variable)"
        let comments = Self.wrap(note, width: 114) + [facts]
        return comments.map { "  # \($0)\n" }.joined() + "  #\(key): \(yamlDefault)\n"
    }

    private static func wrap(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= width {
                lines[lines.count - 1] = last + " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines
    }

    /// The default as a YAML scalar.
    fileprivate var yamlDefault: String {
        let value = text(in: DaemonSettings())
        return value.isEmpty ? "\"\"" : value
    }
}
