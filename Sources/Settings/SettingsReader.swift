internal import Foundation
internal import Yams

/// Reads settings and collects everything that is wrong with them.
struct SettingsReader {
    private(set) var settings = DaemonSettings()
    private(set) var problems: [SettingsProblem] = []
    /// Where each setting that was given was given last, by its name.
    private var given: [String: String] = [:]

    /// Takes the settings of a YAML text; `file` is its name for messages.
    ///
    /// - Throws: `malformed` when it is no YAML; what is wrong with keys and values goes to `problems`.
    mutating func read(yaml: String, file: String) throws(SettingsError) {
        guard let root = try Self.compose(yaml, file), !Self.isNull(root) else { return }
        guard case .mapping(let sections) = root else {
            return add(
                file,
                root.mark,
                "the file must hold sections, each with settings: 'web:' and below it 'listen: …'"
            )
        }
        for (sectionNode, content) in sections {
            let name = sectionNode.scalar?.string ?? ""
            guard SettingsTable.sections.contains(where: { $0.name == name }) else {
                add(file, sectionNode.mark, Self.unknownSection(name))
                continue
            }
            // A section whose settings are all commented out.
            if Self.isNull(content) { continue }
            guard case .mapping(let values) = content else {
                let advice = content.mark.flatMap { SettingsText.advice(yaml, line: $0.line)?.text }
                let more = advice.map { ": \($0)" } ?? ""
                add(file, content.mark, "section '\(name)' must hold settings, one 'key: value' a line" + more)
                continue
            }
            for (keyNode, value) in values { read(keyNode, value, section: name, file: file) }
        }
    }

    private mutating func read(_ keyNode: Node, _ value: Node, section: String, file: String) {
        let key = keyNode.scalar?.string ?? ""
        guard let setting = SettingsTable.settings.first(where: { $0.section == section && $0.key == key }) else {
            return add(file, keyNode.mark, Self.unknownKey(key, section: section))
        }
        if case .sequence(let items) = value, setting.takesList, items.allSatisfy({ $0.scalar != nil }) {
            let text = items.compactMap { $0.scalar?.string }.joined(separator: ", ")
            return take(setting, text, place: Self.place(file, value.mark ?? keyNode.mark))
        }
        guard let scalar = value.scalar else {
            return add(file, value.mark, "\(setting.name): needs one value, takes \(setting.range)")
        }
        if scalar.style != .plain, setting.takesNumberOrFlag {
            let message =
                "\(setting.name): '\(scalar.string)' is a text in quotes; takes \(setting.range) without quotes"
            return add(file, value.mark, message)
        }
        let text = Self.isNull(value) ? "" : scalar.string
        take(setting, text, place: Self.place(file, value.mark ?? keyNode.mark))
    }

    /// Takes overrides `GRIDWATCH_<SECTION>_<KEY>`; other variables are left alone.
    mutating func read(environment: [String: String]) {
        for (variable, value) in environment.sorted(by: { $0.key < $1.key }) where variable.hasPrefix("GRIDWATCH_") {
            if let setting = SettingsTable.settings.first(where: { $0.variable == variable }) {
                let before = given[setting.name] == nil ? nil : settings
                take(setting, value, place: Self.place(ofVariable: variable))
                if let before, before != settings { settings.overridden[setting.name] = variable }
            } else if let message = Self.unknownVariable(variable) {
                problems.append(SettingsProblem(place: Self.place(ofVariable: variable), message: message))
            }
        }
    }

    /// Fetches the connection string from a file or systemd credential, and checks what belongs together.
    ///
    /// `environment`: of the process; libpq takes from it what the connection string leaves out.
    mutating func finish(environment: [String: String]) {
        let credential = environment["CREDENTIALS_DIRECTORY"].map { $0 + "/database-url" }
        let isGiven = given["database.url"] != nil
        if isGiven, settings.database.urlFile != nil {
            let message = "database.url and database.url_file are both given: leave one out"
            problems.append(SettingsProblem(place: given["database.url_file"] ?? "settings", message: message))
        } else if let file = settings.database.urlFile {
            readSecret(file, "database.url_file")
        } else if !isGiven, let credential, FileManager.default.fileExists(atPath: credential) {
            readSecret(credential, "the systemd credential database-url")
        }
        checkConnection(environment)
        check(settings.ingest.reconnectBase, settings.ingest.reconnectCap, "ingest.reconnect")
        check(settings.delivery.retryBase, settings.delivery.retryCap, "delivery.retry")
        if settings.storage.labels != nil, settings.storage.clips == nil {
            let message = "storage.labels is given without storage.clips: name the folder of the clips, too"
            problems.append(SettingsProblem(place: given["storage.labels"] ?? "settings", message: message))
        }
    }

    private mutating func checkConnection(_ environment: [String: String]) {
        let text = settings.database.url.exposed
        for problem in ConnectionStringCheck.problems(text, environment: environment) {
            let place = problem.variable.map(Self.place(ofVariable:)) ?? given["database.url"] ?? "settings"
            problems.append(SettingsProblem(place: place, message: "database.url: \(problem.message)"))
        }
    }

    private mutating func readSecret(_ file: String, _ what: String) {
        do {
            let text = try String(contentsOfFile: file, encoding: .utf8)
            let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
            guard let url = SettingsTable.settings.first(where: { $0.key == "url" }) else { return }
            take(url, line.trimmingCharacters(in: .whitespaces), place: "\(file):1:1")
        } catch {
            let message = "\(what): the file cannot be read: \(error.localizedDescription)"
            problems.append(SettingsProblem(place: file, message: message))
        }
    }

    private mutating func check(_ base: Double, _ cap: Double, _ name: String) {
        guard base > cap else { return }
        let message =
            "\(name)_base_s is \(Setting.plain(base)) and \(name)_cap_s is \(Setting.plain(cap)): the first wait must not "
            + "be the longer one; takes a base up to the cap"
        let place = given["\(name)_base_s"] ?? given["\(name)_cap_s"] ?? "settings"
        problems.append(SettingsProblem(place: place, message: message))
    }

    private mutating func take(_ setting: Setting, _ text: String, place: String) {
        given[setting.name] = place
        do throws(ValueProblem) {
            try setting.set(text, in: &settings)
        } catch {
            problems.append(SettingsProblem(place: place, message: error.message))
        }
    }

    private mutating func add(_ file: String, _ mark: Mark?, _ message: String) {
        problems.append(SettingsProblem(place: Self.place(file, mark), message: message))
    }

    private static func place(_ file: String, _ mark: Mark?) -> String {
        mark.map { "\(file):\($0.line):\($0.column)" } ?? file
    }

    private static func place(ofVariable name: String) -> String { "environment variable \(name)" }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func compose(_ yaml: String, _ file: String) throws(SettingsError) -> Node? {
        do {
            return try Yams.compose(yaml: yaml)
        } catch {
            throw SettingsError(.malformed, [yamlProblem(error, yaml, file)])
        }
    }

    /// The message leaves out the line of the file that YAML errors quote: it may hold the password.
    private static func yamlProblem(_ error: any Error, _ yaml: String, _ file: String) -> SettingsProblem {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            if let advice = SettingsText.advice(yaml, line: mark.line) {
                return SettingsProblem(place: "\(file):\(advice.line):1", message: "this is not YAML: \(advice.text)")
            }
            return SettingsProblem(
                place: place(file, mark),
                message:
                    "this is not YAML: \(problem); look at indentation, colons and quotes of this line and the last"
            )
        case .duplicatedKeysInMapping(let duplicates, let context):
            let names = duplicates.sorted()
            let lines = names.first.flatMap {
                SettingsText.repetition(of: $0, in: yaml, from: context.mark.line)
            }
            return SettingsProblem(
                place: lines.map { "\(file):\($0.second):1" } ?? place(file, context.mark),
                message: "'\(names.joined(separator: "', '"))' is given twice"
                    + (lines.map { ", first on line \($0.first)" } ?? "") + ": leave one out"
            )
        default:
            return SettingsProblem(place: file, message: "the file cannot be read as YAML in UTF-8")
        }
    }
}

extension Setting {
    /// True when a text in quotes is a mistake.
    fileprivate var takesNumberOrFlag: Bool {
        switch kind {
        case .integer, .number, .flag, .detection: true
        case .text, .optionalText, .secret, .address, .choice: false
        }
    }

    /// True when several values may be given as a list, too.
    fileprivate var takesList: Bool {
        if case .optionalText(_, .addresses) = kind { true } else { false }
    }
}

extension SettingsReader {
    private static func unknownSection(_ name: String) -> String {
        let known = SettingsTable.sections.map(\.name)
        let hint = Nearest.word(to: name, in: known).map { "did you mean '\($0)'?" }
        return "unknown section '\(name)'; " + (hint ?? "known are " + known.joined(separator: ", "))
    }

    private static func unknownKey(_ key: String, section: String) -> String {
        let settings = SettingsTable.settings
        let own = settings.filter { $0.section == section }.map(\.key)
        let text = "unknown key '\(key)' in section '\(section)'; "
        if let near = Nearest.word(to: key, in: own) { return text + "did you mean '\(near)'?" }
        if let other = settings.first(where: { $0.key == key }) {
            return text + "it belongs to section '\(other.section)'"
        }
        return text + "known are " + own.joined(separator: ", ")
    }

    /// Nil when the variable does not look like a setting: other tools use the prefix too.
    private static func unknownVariable(_ variable: String) -> String? {
        let section = String(variable.dropFirst("GRIDWATCH_".count).prefix { $0 != "_" }).lowercased()
        guard Nearest.word(to: section, in: SettingsTable.sections.map(\.name)) != nil else { return nil }
        let near = Nearest.word(to: variable, in: SettingsTable.settings.map(\.variable))
        return "no setting has this name" + (near.map { "; did you mean \($0)?" } ?? "")
    }
}
