import Cases
import Foundation
import HTTPTypes
import Store
import Testing

@testable import Web

/// Files that must agree with each other and with the code.
@Suite struct ContractTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()
    private static let assets = root.appending(path: "Sources/Web/Assets")

    private static func strings(_ language: Language) throws -> [String: String] {
        try Strings(language: language, assets: assets).table
    }

    private static func templates() throws -> [(name: String, text: String)] {
        let folder = assets.appending(path: "templates")
        return try FileManager.default.contentsOfDirectory(atPath: folder.path).map { name in
            (name, try String(contentsOf: folder.appending(path: name), encoding: .utf8))
        }
    }

    @Test("both languages have the same texts, none empty, with the same placeholders")
    func tables() throws {
        let (chinese, english) = (try Self.strings(.chinese), try Self.strings(.english))
        #expect(Set(chinese.keys) == Set(english.keys))
        for (key, text) in chinese {
            #expect(!text.isEmpty && english[key]?.isEmpty == false, "\(key)")
            let placeholders = [text, english[key] ?? ""].map { text in
                Set(text.matches(of: /\{[a-z]+\}/).map { String($0.output) })
            }
            #expect(placeholders[0] == placeholders[1], "\(key)")
        }
    }

    @Test("templates ask only for texts that exist, and never for raw values")
    func templateKeys() throws {
        let known = Set(try Self.strings(.chinese).keys)
        for (name, text) in try Self.templates() {
            for match in text.matches(of: /\{\{t\.([a-z0-9_]+)\}\}/) {
                #expect(known.contains(String(match.output.1)), "\(name): \(match.output.1)")
            }
            #expect(!text.contains("{{{") && !text.contains("{{&"), "\(name) writes a value without escaping")
        }
    }

    @Test("no script makes HTML out of text, and none runs text as a script")
    func scriptsWriteTexts() throws {
        let folder = Self.assets.appending(path: "static")
        let forbidden: [(String, Regex<Substring>)] = [
            ("innerHTML or outerHTML is written", /(?:inner|outer)HTML\s*\+?=(?!=)/),
            ("insertAdjacentHTML", /insertAdjacentHTML/),
            ("document.write", /document\.write/),
            ("a fragment of HTML", /createContextualFragment|setHTMLUnsafe|srcdoc/),
            ("text as a script", /\beval\s*\(|new Function|setTimeout\(\s*['"`]|javascript:/),
            // A text that Leaflet is given is HTML to it: an element, or a function that makes one, is not.
            (
                "a text for Leaflet",
                /\b(?:bindTooltip|bindPopup|setTooltipContent|setPopupContent)\((?!box,|name,|\(\) => \w+Popup\()/
            ),
            ("HTML for Leaflet", /\bhtml:(?!\s*String\(\w+\.length\))/),
        ]
        var scripts = 0
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) where name.hasSuffix(".js") {
            scripts += 1
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for (what, pattern) in forbidden {
                #expect(text.firstMatch(of: pattern) == nil, "\(name): \(what)")
            }
        }
        #expect(scripts > 10)
    }

    @Test("every failure and reason has its words")
    func failureWords() throws {
        let known = Set(try Self.strings(.chinese).keys)
        for code in WebError.Code.allCases {
            #expect(known.contains(code.titleKey) && known.contains(code.titleKey + "_hint"), "\(code)")
        }
        for reason in WebError.Reason.allCases { #expect(known.contains(reason.rawValue), "\(reason)") }
        for reason in FalseAlarm.codes { #expect(known.contains("reason_\(reason)"), "\(reason)") }
        for stage in CasePages.stages { #expect(known.contains("stage_\(stage)"), "\(stage)") }
        for state in CaseFilter.State.allCases { #expect(known.contains("casestate_\(state.rawValue)"), "\(state)") }
        for role in AccountRole.allCases { #expect(known.contains("role_\(role.rawValue)"), "\(role)") }
        for method in CameraFilter.methods { #expect(known.contains("mapping_\(method)"), "\(method)") }
        for kind in CaseEventKind.allCases { #expect(known.contains("event_\(kind.rawValue)"), "\(kind)") }
        for outcome in CaseOutcome.allCases { #expect(known.contains("outcome_\(outcome.rawValue)"), "\(outcome)") }
        for state in TaskState.allCases { #expect(known.contains("taskstate_\(state.rawValue)"), "\(state)") }
        for state in CameraFilter.states { #expect(known.contains("state_\(state)"), "\(state)") }
        for kind in Incident.Kind.allCases {
            #expect(known.contains("incident_\(kind.rawValue)"), "\(kind)")
            #expect(known.contains("incident_hint_\(kind.rawValue)"), "\(kind)")
        }
        for day in 1...7 { #expect(known.contains("day_\(day)")) }
        #expect(known.contains("kind_\(CameraFault.kind)"))
    }

    @Test("every state of a camera can be asked for, has its colour on map and page, and stands in the OpenAPI file")
    func cameraStates() throws {
        #expect(Set(CameraFilter.states) == Set(CameraStates.states + ["unwatched"]))
        let styles = try String(contentsOf: Self.assets.appending(path: "static/app.css"), encoding: .utf8)
        let colors = try String(contentsOf: Self.assets.appending(path: "static/colors.js"), encoding: .utf8)
        let contract = try String(contentsOf: Self.root.appending(path: "docs/openapi.yaml"), encoding: .utf8)
        for state in CameraFilter.states {
            #expect(styles.contains(".state-\(state) {"), "\(state)")
            #expect(colors.contains("\(state): '#"), "\(state)")
        }
        let list = "enum: [\(CameraFilter.states.joined(separator: ", "))]"
        #expect(contract.ranges(of: list).count == 2, "filter and schema: \(list)")
    }

    @Test("scripts and styles load nothing from elsewhere")
    func noInternet() throws {
        let folder = Self.assets.appending(path: "static")
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            let others = text.replacing("http://www.w3.org/2000/svg", with: "")
            #expect(!others.contains("http://") && !others.contains("https://"), "\(name)")
        }
    }

    /// `METHOD /path` of every operation, read by indentation: paths have two blanks, methods four.
    static func documented() throws -> Set<String> {
        let text = try String(contentsOf: root.appending(path: "docs/openapi.yaml"), encoding: .utf8)
        var operations: Set<String> = []
        var path: Substring?
        for line in text.split(separator: "\n") {
            if let match = line.wholeMatch(of: /\s{2}(\/[^ :]*):/) { path = match.output.1 }
            if !line.hasPrefix(" ") { path = nil }
            if let path, let match = line.wholeMatch(of: /\s{4}(get|post|put|delete):/) {
                operations.insert("\(match.output.1.uppercased()) \(path)")
            }
        }
        return operations
    }
}

extension LiveSite {
    @Suite struct OpenAPITests {
        @Test("every route of the API stands in the OpenAPI file, and every operation there is a route")
        func routes() async throws {
            let routes = try await AccessTests.routes(TestSite.current)
            let own = Set(routes.filter { $0.path.hasPrefix("/api/") }.map { "\($0.method.rawValue) \($0.path)" })
            let documented = try ContractTests.documented()
            #expect(own.subtracting(documented).isEmpty, "missing in docs/openapi.yaml")
            #expect(documented.subtracting(own).isEmpty, "no such route")
            #expect(own.count > 30)
        }
    }
}
